import numpy as np
import pytest

from neurodepth import data_statistics
from neurodepth.cells.trial import Events
from neurodepth.synapse_types import SynapseTypes
from neurodepth.trials import Trials
from tests import documented

TYPES = SynapseTypes(("basal excitatory", "basal inhibitory"), np.array([0, 0, 1]))


def make_trials(spike_times_ms, synapses=((),), duration_ms=2000, voltage_mv=-70.25):
    events = [Events(np.zeros(len(one), np.uint16), np.array(one, np.uint16)) for one in synapses]
    spikes = [np.array(one, float) for one in spike_times_ms]
    voltage = np.full((len(spikes), duration_ms), voltage_mv, np.float32)
    return Trials(3, 2, np.arange(len(spikes)), events, spikes, voltage)


def describe(*parts, types=TYPES):
    return data_statistics.describe({"test": iter(parts)}, types)


def test_output_rates_are_spikes_by_time_without_the_start_of_a_trial():
    found = describe(make_trials([[499, 500, 900], []], synapses=[(), ()]))
    np.testing.assert_allclose(found["output_rate_hz"], [2 / 1.5, 0])
    assert found["n_spikes"] == [3]


def test_intervals_are_counted_within_trials_and_not_across_them():
    found = describe(make_trials([[100, 112], [1000, 1500]], synapses=[(), ()]))
    expected = np.histogram([12, 500], found["interval_edges_ms"])[0]
    np.testing.assert_array_equal(found["interval_count"][0], expected)


def test_the_coefficient_of_variation_is_that_of_the_intervals():
    found = describe(make_trials([[0, 10, 40]]))  # intervals of 10 and 30 ms: mean 20, deviation 10
    assert found["interval_coefficient_of_variation"] == pytest.approx([0.5])


def test_voltages_outside_the_histogram_are_in_its_last_bins():
    found = describe(make_trials([[]], voltage_mv=-70.25), make_trials([[]], voltage_mv=-500.0))
    at = np.flatnonzero(found["voltage_count"][0])
    assert found["voltage_edges_mv"][at].tolist() == [-100, -71]
    assert found["voltage_count"][0, at].tolist() == [2000, 2000]


def test_input_rates_are_those_of_a_synapse_of_the_type():
    found = describe(make_trials([[]], synapses=[(0, 0, 1, 1, 2)]))
    np.testing.assert_allclose(found["input_rate_hz"], [[1.0, 0.5]])


def test_the_rate_of_a_synapse_is_its_events_by_time():
    rates_hz = data_statistics.synapse_rates_hz(make_trials([[], []], synapses=[(0, 2), (2,)]))
    np.testing.assert_allclose(rates_hz, [0.25, 0, 0.5])


def test_each_split_has_its_own_trials():
    found = data_statistics.describe({"train": [make_trials([[1], [2]], [(), ()])], "test": [make_trials([[]])]}, TYPES)
    assert found["split_names"].tolist() == ["train", "test"]
    assert found["trial_split"].tolist() == [0, 0, 1]
    assert found["n_spikes"].tolist() == [2, 0]
    assert found["hours"] == pytest.approx([4 / 3600, 2 / 3600])


def test_the_documentation_names_every_array_of_the_file():
    assert set(describe(make_trials([[]]))) == documented.arrays("statistics.npz")
