"""Point neurons against the firing patterns of their papers, and against an independent integration."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from neurodepth.cells import definition
from neurodepth.cells.point_models import MODELS
from neurodepth.validation import InvalidFileError

# Naud et al. 2008, Table 1: the current that shows each pattern, pA; Brette & Gerstner 2005 show theirs at about 1 nA.
CURRENT_PA = {"tonic": 500, "adapting": 500, "initial_bursting": 400, "regular_bursting": 210}


@pytest.fixture
def model(project):
    def make(cell, variant, **settings):
        values = definition.read(project / "models" / "cells" / cell, variant).values["neuron"]
        return MODELS[values["model"]](values | settings)

    return make


@pytest.fixture
def intervals_ms(model):
    """Intervals between spikes under a constant current, from rest."""

    def measure(cell, variant, duration_ms=1500):
        key, value = (
            ("current_mv_per_ms", 10) if cell == "izhikevich" else ("current_pa", CURRENT_PA.get(variant, 1000))
        )
        return np.diff(model(cell, variant, **{key: value}).run(np.zeros(duration_ms))[0])

    return measure


def reference_spikes(model, drive_mv):
    """The same equations by SciPy, with an event at the peak, from one input to the next."""

    def at_peak(_, state):
        return state[0] - model.peak_mv

    def slopes(_, state):  # SciPy tries steps far beyond the peak, where the exponential overflows
        return model.slopes(min(state[0], model.peak_mv), state[1])

    at_peak.terminal, at_peak.direction = True, 1
    state, spikes, now = np.array(model.start), [], 0.0
    for end in [*np.flatnonzero(drive_mv), len(drive_mv)]:
        while now < end:
            found = solve_ivp(slopes, (now, end), state, method="DOP853", events=at_peak, rtol=1e-8, atol=1e-8)
            now, state = found.t[-1], found.y[:, -1]
            if found.status == 1:
                spikes.append(now)
                state = np.array([model.reset_mv, state[1] + model.jump])
        if end < len(drive_mv):
            state[0] += drive_mv[end]
    return np.array(spikes)


@pytest.mark.parametrize(
    ("cell", "variant", "settings"),
    [
        ("izhikevich", "regular_spiking", {}),
        ("izhikevich", "intrinsically_bursting", {}),
        # Above this the voltage runs away within less than SciPy's smallest step.
        ("adaptive_exponential", "regular_spiking", {"peak_mv": -20}),
        ("adaptive_exponential", "initial_bursting", {"peak_mv": -20}),
    ],
)
def test_spikes_under_random_input_are_those_of_an_independent_integration(model, cell, variant, settings):
    one = model(cell, variant, **settings)
    drive_mv = 2.0 * np.random.default_rng(0).poisson(4, 200)  # far above threshold
    ours, expected = one.run(drive_mv)[0], reference_spikes(one, drive_mv)
    assert len(expected) > 4
    np.testing.assert_allclose(ours, expected, atol=0.01)  # ms: a hundredth of a bin; 0.004 is found


def test_an_input_beyond_the_peak_is_a_spike_at_once(model):
    drive_mv = np.zeros(20)
    drive_mv[[0, 10]] = 120
    assert model("izhikevich", "regular_spiking").run(drive_mv)[0].tolist() == [0, 10]


def test_regular_spiking_adapts(intervals_ms):
    found = intervals_ms("izhikevich", "regular_spiking")
    assert found[0] < 0.7 * found[-1]
    assert found[-1] == pytest.approx(found[-2], rel=0.01)


def test_fast_spiking_does_not_adapt_and_is_faster(intervals_ms):
    found = intervals_ms("izhikevich", "fast_spiking")
    assert found[-1] == pytest.approx(found[2], rel=0.05)
    assert found[-1] < 0.6 * intervals_ms("izhikevich", "regular_spiking")[-1]


def test_intrinsically_bursting_begins_with_a_burst_and_goes_on_with_single_spikes(intervals_ms):
    found = intervals_ms("izhikevich", "intrinsically_bursting")
    assert found[0] < 6
    assert found[5:].min() > 20


@pytest.mark.parametrize(
    ("cell", "variant"), [("izhikevich", "chattering"), ("adaptive_exponential", "regular_bursting")]
)
def test_bursts_come_again_and_again(intervals_ms, cell, variant):
    found = intervals_ms(cell, variant)
    pauses = found > 4 * found.min()
    assert pauses.sum() > 5
    assert (~pauses).sum() > pauses.sum()  # two spikes a burst at least


def test_a_thalamocortical_neuron_spikes_when_inhibition_ends(model):
    pulse = np.where(np.arange(600) < 200, -1.0, 0.0)  # mV each ms, then nothing
    spikes_ms = model("izhikevich", "thalamocortical").run(pulse)[0]
    assert len(spikes_ms) > 0
    assert 200 < spikes_ms.min() < 260


def test_tonic_spiking_is_regular(intervals_ms):
    found = intervals_ms("adaptive_exponential", "tonic")
    assert len(found) > 20
    assert np.ptp(found[10:]) < 0.1


@pytest.mark.parametrize("variant", ["regular_spiking", "adapting"])
def test_adaptation_lengthens_the_intervals(intervals_ms, variant):
    found = intervals_ms("adaptive_exponential", variant)
    assert (np.diff(found[:4]) > 0).all()
    assert found[-1] > 1.5 * found[0]


def test_initial_bursting_begins_with_short_intervals(intervals_ms):
    found = intervals_ms("adaptive_exponential", "initial_bursting")
    assert found[0] < 0.25 * np.median(found)
    assert np.median(found[3:]) > 4 * found[0]


def test_a_subthreshold_voltage_rests_where_the_currents_cancel(model):
    quiet = model("adaptive_exponential", "regular_spiking").run(np.zeros(1000))[1]
    assert quiet[-1] == pytest.approx(-70.6, abs=0.01)  # slope exp((E - threshold) / slope) = 0.00008 mV


def test_a_reset_above_the_peak_is_refused(model):
    with pytest.raises(InvalidFileError, match="expected a reset below peak_mv, 20 mV, found 25 mV"):
        model("adaptive_exponential", "regular_spiking", reset_mv=25)
