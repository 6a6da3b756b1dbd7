import numpy as np
import pandas as pd
import pytest

from neurodepth import neurons


def tree(lengths_um, diameter_um=2.0):
    """A soma of 20 by 20 um, an axon and two dendritic branches, the second of two segments."""
    length_um = np.array([20.0, 50.0, *lengths_um])
    diameter_um = np.array([20.0, 1.0, *[diameter_um] * len(lengths_um)])
    return {
        "segment_region": np.array(["soma", "axon", *["basal"] * len(lengths_um)]),
        "segment_section": np.array([0, 1, 2, 3, 3]),
        "segment_diameter_um": diameter_um,
        "segment_area_um2": np.pi * diameter_um * length_um,
        "synapse_segment": np.arange(4),
    }


def verdict(cell, required, interval):
    return {
        **{"cell": cell, "variant": "nmda", "required_depth": required, "interval": interval, "status": "reached"},
        **{"best_depth": 3, "best_auc": 0.99, "training_h": 1.0, "output_rate_hz": 1.0, "reason": "", "gap": {}},
    }


def accuracy(cell, index):
    """The index of depth 3 on a part of the data, which does not count, and on all of them."""
    rows = [(cell, "nmda", depth, trials, np.nan, np.nan, np.nan) for depth in (1, 3) for trials in (10, 20)]
    table = pd.DataFrame(rows, columns=["cell", "variant", "depth", "training_trials", *neurons.COMPLEXITY])
    table.loc[2, list(neurons.COMPLEXITY)] = [0.9, 0.8, 1.0]
    table.loc[3, list(neurons.COMPLEXITY)] = [index, index - 0.1, index + 0.1]
    return table


def test_a_dendrite_is_measured_along_its_branches_without_soma_and_axon():
    assert neurons.measure(tree([100.0, 60.0, 40.0])) == {
        **{"synapses": 4, "dendritic_length_um": pytest.approx(200), "dendritic_branches": 2},
        "dendritic_area_um2": pytest.approx(2 * np.pi * 200),
    }


def test_length_is_that_along_bends_of_the_chosen_segments():
    one = tree([100.0, 60.0, 40.0])
    assert neurons.length_um(one, one["segment_region"] == "axon") == pytest.approx(50)


def test_a_point_has_no_length():
    point = {"segment_area_um2": np.zeros(1), "segment_diameter_um": np.zeros(1)}
    assert neurons.length_um(point, np.ones(1, bool)) == 0.0


def test_the_most_complex_neuron_comes_first_and_one_without_an_index_last():
    table = neurons.rank(
        [verdict("plain", 1, [1, 1]), verdict("unknown", None, [2, None]), verdict("deep", 5, [4, 5])],
        pd.concat([accuracy("plain", 0.2), accuracy("unknown", np.nan), accuracy("deep", 0.6)]),
        [tree([1.0, 1.0, 1.0])] * 3,
    )
    assert list(table.columns) == list(neurons.COLUMNS)
    assert list(table.cell) == ["deep", "plain", "unknown"]
    assert table.loc[0, list(neurons.COMPLEXITY)].tolist() == pytest.approx([0.6, 0.5, 0.7])
    assert table.loc[0, ["required_depth", "required_depth_low", "required_depth_high"]].tolist() == [5, 4, 5]
    assert table.loc[2, ["required_depth", "required_depth_high"]].isna().all()


def test_what_unreliable_synapses_leave_stands_beside_the_best_network():
    unreliable = verdict("unreliable", None, [1, None]) | {"ceiling_auc": 0.95, "ceiling_variance_explained": 0.3}
    every = pd.concat([accuracy("unreliable", 0.5), accuracy("plain", 0.2)])
    table = neurons.rank([unreliable, verdict("plain", 1, [1, 1])], every, [tree([1.0, 1.0, 1.0])] * 2)
    assert table.loc[0, ["ceiling_auc", "ceiling_variance_explained"]].tolist() == [0.95, 0.3]
    assert table.loc[1, ["ceiling_auc", "ceiling_variance_explained"]].isna().all()


def test_whole_depths_are_written_as_such(tmp_path):
    table = neurons.rank([verdict("deep", 5, [4, 5])], accuracy("deep", 0.6), [tree([1.0, 1.0, 1.0])])
    table.to_csv(tmp_path / "neurons.csv", index=False)
    assert ",5,4,5,reached," in (tmp_path / "neurons.csv").read_text()
