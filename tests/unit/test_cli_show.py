"""`neurodepth show`: what the picture of a cell holds."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from neurodepth.figures import cell_picture
from neurodepth.figures.densities import REGION_COLOURS, SCALE_BAR_UM, cell_with_densities
from tests.unit.test_cli import run  # noqa: F401 a fixture

# A soma, two segments of trunk and one of tuft in a row; Ih everywhere but in the soma, NaTs2 in the soma alone.
TREE = {
    "segment_start_um": np.array([[0, 0, 0], [0, 10, 0], [0, 110, 0], [0, 210, 0]], np.float32),
    "segment_end_um": np.array([[0, 10, 0], [0, 110, 0], [0, 210, 0], [200, 310, 0]], np.float32),
    "segment_diameter_um": np.array([20, 3, 2, 0.5], np.float32),
    "segment_region": np.array(["soma", "trunk", "trunk", "tuft"]),
    "segment_distance_um": np.array([0, 55, 155, 300], np.float32),
    "density_names": np.array(["Ih", "NaTs2"]),
    "density_units": np.array(["S/cm2", "S/cm2"]),
    "density_s_per_cm2": np.array([[0, 1e-4, 2e-4, 4e-3], [1, 0, 0, 0]], np.float32),
}


def panel(figure, title):
    return next(axes for axes in figure.get_axes() if axes.get_title() == title)


def lines_of(axes):
    return [one for one in axes.collections if isinstance(one, LineCollection)]


def test_every_segment_is_a_line_in_the_colour_of_its_region():
    (drawn,) = lines_of(panel(cell_with_densities(TREE, "mine"), "mine"))
    assert len(drawn.get_segments()) == 4
    colours = [drawn.get_color()[number] for number in range(4)]
    assert np.array_equal(colours[1], colours[2])
    assert not np.array_equal(colours[0], colours[3])


def test_the_scale_bar_is_as_long_as_it_says():
    axes = panel(cell_with_densities(TREE, "mine"), "mine")
    (bar,) = [line for line in axes.lines if len(line.get_xdata()) == 2]
    assert np.ptp(bar.get_xdata()) == SCALE_BAR_UM
    assert f"{SCALE_BAR_UM} µm" in [text.get_text() for text in axes.texts]
    assert axes.get_aspect() == 1


def test_a_density_is_shown_against_distance_where_the_channel_is():
    (points,) = panel(cell_with_densities(TREE), "Ih").collections
    np.testing.assert_allclose(points.get_offsets(), [[55, 1e-4], [155, 2e-4], [300, 4e-3]], rtol=1e-6)


def test_a_density_can_colour_the_tree_and_leaves_the_rest_grey():
    without, drawn = lines_of(panel(cell_with_densities(TREE, "mine", "NaTs2"), "mine"))
    assert (len(without.get_segments()), len(drawn.get_segments())) == (3, 1)


def test_a_channel_that_the_cell_lacks_is_refused():
    with pytest.raises(ValueError, match="Ih, NaTs2; found 'Im'"):
        cell_with_densities(TREE, colour="Im")


def test_regions_have_colours_of_their_own():
    assert len(set(REGION_COLOURS.values())) == len(REGION_COLOURS)


def test_a_cell_is_drawn_from_its_segments():
    (axes,) = cell_picture(TREE).get_axes()
    (drawn,) = lines_of(axes)
    np.testing.assert_allclose(np.stack(drawn.get_segments())[:, 1], TREE["segment_end_um"][1:, :2])  # all but the soma
    (soma,) = axes.patches
    assert soma.center == (0, 5)


def test_a_point_neuron_is_a_sketch(run, tmp_path):  # noqa: F811
    done = run("show", "lif", "--output", "lif.svg")
    assert done.exit_code == 0, done.output
    assert "<svg" in (tmp_path / "lif.svg").read_text()


def test_a_picture_of_an_unknown_kind_is_refused(run):  # noqa: F811
    done = run("show", "lif", "--output", "lif.gif")
    assert done.exit_code == 2
    assert ".svg, .pdf, .png" in done.output
