"""Vesicles against the expectations of Tsodyks & Markram, and what stays as it was."""

import dataclasses

import numpy as np
import pytest

from neurodepth import stimulus
from neurodepth.cells import build, definition
from neurodepth.cells.trial import Events
from neurodepth.stimulus.release import release
from neurodepth.validation import InvalidFileError, check, overlay

CERTAIN = {"probability": 1.0, "sites": 1, "recovery_ms": 0, "facilitation_ms": 0, "vesicle_weight": 1}
N_SYNAPSES = 4000


def regular(interval_ms, n_spikes):
    """All synapses spike together, at equal intervals."""
    time_ms = np.repeat(np.arange(n_spikes) * interval_ms, N_SYNAPSES).astype(np.uint16)
    return Events(time_ms, np.tile(np.arange(N_SYNAPSES), n_spikes).astype(np.uint16))


def mean_released(interval_ms, n_spikes, **settings):
    """Mean vesicles of a site at each spike, shape (spikes,)."""
    chosen = CERTAIN | settings
    kinds = np.full(N_SYNAPSES, "excitatory")
    found = release(
        regular(interval_ms, n_spikes), kinds, {"excitatory": {"release": chosen}}, np.random.default_rng(1)
    )
    count = np.bincount(found.time_ms // interval_ms, minlength=n_spikes)
    return count / N_SYNAPSES / chosen["sites"]


def expected_released(interval_ms, n_spikes, use, recovery_ms, facilitation_ms):
    """The equations of Tsodyks, Pawelzik & Markram 1998 from spike to spike: the mean of each site."""
    present, full, released = use, 1.0, []
    for _ in range(n_spikes):
        released.append(present * full)
        full -= released[-1]
        full = 1 - (1 - full) * (np.exp(-interval_ms / recovery_ms) if recovery_ms else 0)
        present = use + (1 - use) * present * (np.exp(-interval_ms / facilitation_ms) if facilitation_ms else 0)
    return np.array(released)


@pytest.mark.parametrize(
    ("use", "recovery_ms", "facilitation_ms"),
    [(0.2, 0, 0), (0.67, 800, 0), (0.1, 0, 530), (0.05, 130, 530)],
)
def test_the_mean_of_many_synapses_follows_the_deterministic_equations(use, recovery_ms, facilitation_ms):
    settings = {"probability": use, "recovery_ms": recovery_ms, "facilitation_ms": facilitation_ms, "sites": 3}
    expected = expected_released(50, 10, use, recovery_ms, facilitation_ms)
    error = np.sqrt(expected * (1 - expected) / (3 * N_SYNAPSES))
    assert (np.abs(mean_released(50, 10, **settings) - expected) < 4 * error).all()


def test_depression_ends_where_the_published_equation_says():
    use, tau_ms, interval_ms = 0.5, 800, 50
    left = np.exp(-interval_ms / tau_ms)
    expected = use * (1 - left) / (1 - (1 - use) * left)  # the fixed point of the recursion
    found = mean_released(interval_ms, 60, probability=use, recovery_ms=tau_ms, sites=5)[-20:].mean()
    assert found == pytest.approx(expected, rel=0.01)


def test_certain_release_is_the_spikes_themselves():
    events = regular(7, 20)
    found = release(
        events, np.full(N_SYNAPSES, "excitatory"), {"excitatory": {"release": CERTAIN}}, np.random.default_rng(0)
    )
    np.testing.assert_array_equal(found.time_ms, events.time_ms)
    np.testing.assert_array_equal(found.synapse, events.synapse)


def test_without_settings_nothing_is_drawn():
    events = regular(7, 20)
    found = release(
        events, np.full(N_SYNAPSES, "excitatory"), {"excitatory": {"mechanism": "AmpaNmda"}}, np.random.default_rng(0)
    )
    np.testing.assert_array_equal(found.synapse, events.synapse)


def test_the_other_kind_keeps_its_spikes():
    kinds = np.where(np.arange(N_SYNAPSES) % 2, "excitatory", "inhibitory")
    events = regular(20, 5)
    settings = {"excitatory": {"release": CERTAIN | {"probability": 0.1}}}
    found = release(events, kinds, settings, np.random.default_rng(0))
    is_inhibitory = found.synapse % 2 == 0
    assert is_inhibitory.sum() == 5 * N_SYNAPSES / 2
    assert 0.08 < (~is_inhibitory).sum() / (5 * N_SYNAPSES / 2) < 0.12


def test_a_repeat_has_the_same_spikes_and_other_vesicles():
    first, again, other = (stimulus.release_rng(1, "test", 3, repeat).random(4) for repeat in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.isin(first, other).any()


def test_no_other_generator_of_a_trial_is_that_of_its_vesicles():
    vesicles = stimulus.release_rng(1, "test", 3, 0).random(4)
    for child in [stimulus.trial_rng(1, "test", 3), *stimulus.trial_rng(1, "test", 3).spawn(8)]:
        assert not np.isin(vesicles, child.random(8)).any()


@pytest.fixture
def unreliable(project):
    found = definition.read(project / "models" / "cells" / "lif")
    settings = CERTAIN | {"probability": 0.5, "vesicle_weight": 2}
    return dataclasses.replace(found, values=overlay(found.values, {"synapses": {"excitatory": {"release": settings}}}))


def test_a_vesicle_weighs_as_much_as_the_definition_says(unreliable):
    cell = build(unreliable)
    trial = cell.run(Events(np.array([10, 10, 20], np.uint16), np.array([3, 3, 99], np.uint16)), 30)
    assert trial.soma_voltage_mv[10] == pytest.approx(-75 + 2 * 2 * 2)  # two vesicles of two gains
    step_mv = trial.soma_voltage_mv[20] - (-75 + 8 * np.exp(-10 / 20))
    assert step_mv == pytest.approx(-2, abs=1e-4)  # inhibition as before


def test_release_without_its_sites_is_refused(unreliable):
    values = overlay(unreliable.values, {})
    del values["synapses"]["excitatory"]["release"]["sites"]
    with pytest.raises(InvalidFileError, match=r"synapses\.excitatory\.release: expected the key 'sites'"):
        check(values, "cell", "cell.yaml")
