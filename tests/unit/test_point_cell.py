import numpy as np
import pytest

from neurodepth import stimulus
from neurodepth.cells import build, definition
from neurodepth.cells.trial import Events


@pytest.fixture(scope="module")
def lif(project):
    return build(definition.read(project / "models" / "cells" / "lif"))


def step_by_step(cell, events, duration_ms):
    """The same neuron, one millisecond after the other."""
    neuron = cell.definition.values["neuron"]
    drive = np.zeros(duration_ms)
    for time, synapse in zip(events.time_ms, events.synapse, strict=True):
        drive[time] += neuron["gain_mv"] * (1 if synapse < neuron["excitatory_synapses"] else -1)
    voltage, spikes, state = [], [], 0.0
    for time in range(duration_ms):
        state = state * np.exp(-1 / neuron["membrane_time_constant_ms"]) + drive[time]
        voltage.append(neuron["reset_mv"] + state)
        if voltage[-1] > neuron["threshold_mv"]:
            spikes.append(time)
            state = 0.0
    return np.array(voltage), spikes


def test_vectors_give_what_stepping_through_time_gives(lif):
    for index in range(5):
        rng = stimulus.trial_rng(1, "train", index)
        events = stimulus.draw_events(lif.synapses, lif.definition.values["input"], 3000, rng)
        trial = lif.run(events, 3000)
        voltage, spikes = step_by_step(lif, events, 3000)
        assert trial.spike_time_ms.tolist() == spikes
        np.testing.assert_allclose(trial.soma_voltage_mv, voltage, atol=1e-3)


def test_a_single_input_decays_with_the_membrane_time_constant(lif):
    trial = lif.run(Events(np.array([10], np.uint16), np.array([0], np.uint16)), 100)
    expected = -75 + 2 * np.exp(-(np.arange(10, 100) - 10) / 20)
    np.testing.assert_allclose(trial.soma_voltage_mv[10:], expected, atol=1e-4)
    np.testing.assert_allclose(trial.soma_voltage_mv[:10], -75)


def test_an_inhibitory_input_lowers_the_voltage(lif):
    trial = lif.run(Events(np.array([10], np.uint16), np.array([99], np.uint16)), 50)
    assert trial.soma_voltage_mv[10] == pytest.approx(-77)
