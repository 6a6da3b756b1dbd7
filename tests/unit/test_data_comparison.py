import numpy as np
import pytest

from neurodepth import data_comparison

STATISTICS = {
    "split_names": np.array(["train", "test"]),
    "hours": np.array([0.5, 0.25], np.float32),
    "n_spikes": np.array([100, 0]),
    "interval_coefficient_of_variation": np.array([1.5, np.nan], np.float32),
    "interval_edges_ms": np.array([1.0, 10, 100, 1000], np.float32),
    "interval_count": np.array([[0, 100, 0], [0, 0, 0]]),
    "voltage_edges_mv": np.array([-80.0, -70, -60, -50], np.float32),
    "voltage_count": np.array([[50, 0, 50], [0, 10, 0]]),
    "trial_split": np.array([0, 0, 0, 1]),
    "output_rate_hz": np.array([1.0, 2.0, 6.0, 0.0], np.float32),
}


@pytest.fixture
def table():
    return data_comparison.tabulate({("l5pc", "nmda"): STATISTICS, ("lif", "default"): STATISTICS})


def test_a_row_is_a_split_of_a_neuron(table):
    assert list(table.columns) == list(data_comparison.COLUMNS)
    expected = [("l5pc", "train"), ("l5pc", "test"), ("lif", "train"), ("lif", "test")]
    assert list(zip(table.cell, table.split, strict=True)) == expected
    assert table.trials.tolist() == [3, 1, 3, 1]
    assert table.output_rate_hz.tolist() == [3, 0, 3, 0]


def test_percentiles_lie_within_the_bins_of_the_histograms(table):
    row = table.iloc[0]
    assert row.interval_ms_p50 == pytest.approx(np.sqrt(1000))  # the geometric middle of 10 to 100 ms
    assert [row.soma_voltage_mv_p25, row.soma_voltage_mv_p75] == pytest.approx([-75, -55])
    assert [row.output_rate_hz_p50, row.output_rate_hz_p5] == pytest.approx([2, 1.1])


def test_a_split_without_spikes_has_no_intervals(table):
    assert np.isnan(table.iloc[1].interval_ms_p50)
    assert table.iloc[1].soma_voltage_mv_p50 == pytest.approx(-65)
