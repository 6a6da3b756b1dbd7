"""A cell's picture: its segments to scale, or a schematic of a point neuron."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch

from neurodepth.figures.style import EXCITATORY, INHIBITORY, INK, styled

SCALE_BAR_UM = 100
THINNEST_UM = 1.0  # a thinner branch is drawn this thick, to be seen at all
WIDENING = 2.2  # diameters are drawn this many times too wide, as in most drawings of whole cells
NARROWEST = 0.42  # width over height: room for the scale bar beside a slender cell
POINTS_PER_INCH = 72
TEXT_PT = 11  # the picture is often shown smaller than it is
SOMA_UM = 12.0  # ASSUME radius of the drawn soma


@styled
def cell_picture(tree: Mapping[str, np.ndarray] | None, height_in: float = 3.6) -> Figure:
    """Draw the segments of a cell in the plane of their first two coordinates, or a point neuron with its inputs.

    Args:
        tree: What `cells.anatomy.describe` returns; None for a point neuron.
        height_in: Of the figure; its width follows from the tree.
    """
    if tree is None or len(tree["segment_region"]) == 1:
        return _point_neuron(height_in)
    is_dendrite = ~np.isin(tree["segment_region"], ("soma", "axon"))
    ends_um = np.stack([tree["segment_start_um"], tree["segment_end_um"]], axis=1)[..., :2]
    centre_um = ends_um[tree["segment_region"] == "soma"].mean(axis=(0, 1))
    return _draw(list(ends_um[is_dendrite]), tree["segment_diameter_um"][is_dendrite], centre_um, height_in)


def _draw(lines: list[np.ndarray], widths_um: np.ndarray, soma_um: np.ndarray, height_in: float) -> Figure:
    """Draw lines of points x, y with their widths, the soma and a scale bar."""
    points = np.concatenate(lines)
    low, high = points.min(axis=0) - 10, points.max(axis=0) + 10
    room_um = max(0, NARROWEST * (high - low)[1] - (high - low)[0]) / 2
    low[0], high[0] = low[0] - room_um, high[0] + room_um
    width_um, height_um = high - low
    figure, axes = _blank(height_in * width_um / height_um, height_in)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    points_per_um = height_in * POINTS_PER_INCH / height_um
    widths_pt = np.maximum(widths_um, THINNEST_UM) * WIDENING * points_per_um
    axes.add_collection(LineCollection(lines, linewidths=widths_pt, colors=INK, capstyle="round", joinstyle="round"))
    axes.add_patch(Circle(tuple(soma_um), SOMA_UM, color=INK))
    middle, height = _empty_place(points, low, high)
    ends = [middle - SCALE_BAR_UM / 2, middle + SCALE_BAR_UM / 2]
    axes.plot(ends, [height, height], color=INK, linewidth=2, solid_capstyle="butt")
    axes.text(middle, height - 12, f"{SCALE_BAR_UM} µm", ha="center", va="top", fontsize=TEXT_PT)
    return figure


def _empty_place(points: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[float, float]:
    """Middle and height of a scale bar at the edge of the picture that crosses the fewest branches."""
    half_um, below_um, above_um = 1.3 * SCALE_BAR_UM, 0.9 * SCALE_BAR_UM, 0.2 * SCALE_BAR_UM
    places = [
        (x, y)
        for y in np.linspace(low[1] + below_um, high[1] - above_um, 40)
        for x in (high[0] - half_um, low[0] + half_um)
    ]
    crossed = [
        np.sum((abs(points[:, 0] - x) < half_um) & (points[:, 1] > y - below_um) & (points[:, 1] < y + above_um))
        for x, y in places
    ]
    return places[int(np.argmin(crossed))]


def _point_neuron(height_in: float) -> Figure:
    figure, axes = _blank(height_in * 0.5, height_in)
    axes.set(xlim=(-1, 1), ylim=(-1.8, 2.2))
    for name, colour, heights in (
        ("excitatory", EXCITATORY, (1.15, 0.75, 0.35)),
        ("inhibitory", INHIBITORY, (-0.05, -0.45)),
    ):
        for height in heights:
            end = 0.36 * np.array([-np.cos(height - 0.4), np.sin(height - 0.4)]) + (0, 0.4)
            axes.add_patch(_input((-0.95, 0.4 + 1.3 * (height - 0.4)), end, colour, excites=name == "excitatory"))
    axes.add_patch(Circle((0, 0.4), 0.3, color=INK))
    axes.add_patch(_input((0.3, 0.4), (0.95, 0.4), INK, excites=True))
    axes.text(-0.95, 1.55, "excitatory", color=EXCITATORY, fontsize=TEXT_PT)
    axes.text(-0.95, -1.05, "inhibitory", color=INHIBITORY, fontsize=TEXT_PT)
    axes.text(0.95, 0.12, "spikes", color=INK, ha="right", fontsize=TEXT_PT)
    return figure


def _input(
    start: tuple[float, float], end: np.ndarray | tuple[float, float], colour: str, excites: bool
) -> FancyArrowPatch:
    style = "-|>,head_width=2.4,head_length=4" if excites else "|-|,widthA=0,widthB=2.6"
    return FancyArrowPatch(start, tuple(end), arrowstyle=style, color=colour, linewidth=1.3, shrinkA=0, shrinkB=0)


def _blank(width_in: float, height_in: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width_in, height_in))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    return figure, axes
