import numpy as np
from matplotlib.collections import LineCollection

from neurodepth import figures
from tests.unit import report_files

TREE = report_files.tree()


def played(voltage_mv):
    """A trial of four samples, columns in the order of the tree's segments."""
    return {
        "trial_index": np.array([7]),
        "duration_ms": np.array(8),
        "spike_trial": np.array([0, 1]),
        "spike_time_ms": np.array([3.0, 5.0]),
        "segment_voltage_mv": np.tile(voltage_mv, (1, 4, 1)),
        "segment_voltage_offset_mv": np.array(-60.0),
        "segment_voltage_step_mv": np.array(0.5),
        "segment_voltage_segment": np.arange(len(voltage_mv)),
    }


def test_rows_of_the_image_run_by_region_and_distance():
    steps = np.arange(len(TREE["segment_region"]))
    (axes, _) = figures.dendritic_voltage(TREE, played(steps)).axes
    order = [0, 1, 2, 3, 4, 5, 6, 8, 7, 9]  # the second tuft segment lies at 360 um, the third at 320
    np.testing.assert_allclose(axes.images[0].get_array()[:, 0], -60 + 0.5 * steps[order])
    assert axes.lines[0].get_xdata().tolist() == [3], "spikes of the trial alone"


def test_the_tree_is_coloured_by_the_effect_at_its_strongest_time():
    effect = np.zeros((report_files.N_SYNAPSES, 3))
    effect[4, 1], effect[14, 1] = 2, -3  # on the same segment: excitatory and inhibitory
    learned = {"effect": effect, "lag_ms": np.array([0.0, 5.0, 9.0])}
    excitatory, inhibitory, bar = figures.effect_on_tree(TREE, learned).axes
    for axes, expected in ((excitatory, 2), (inhibitory, -3)):
        (drawn,) = (one for one in axes.collections if isinstance(one, LineCollection))
        assert drawn.get_array().tolist() == [expected if segment == 4 else 0 for segment in range(10)]
        assert drawn.norm.vmax == 3
    assert "5 ms before" in bar.get_xlabel()


def test_several_synapses_of_a_segment_are_drawn_as_their_mean():
    effect = np.ones((report_files.N_SYNAPSES, 1))
    tree = TREE | {"synapse_segment": np.full(report_files.N_SYNAPSES, 4)}
    excitatory, *_ = figures.effect_on_tree(tree, {"effect": effect, "lag_ms": np.zeros(1)}).axes
    (drawn,) = (one for one in excitatory.collections if isinstance(one, LineCollection))
    assert drawn.get_array()[4] == 1
