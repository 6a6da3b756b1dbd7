"""A cell with its channels: the tree coloured by region or density, and each density against distance from the soma."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from neurodepth.figures.style import FAINT, INK, PALE, REGION_COLOURS, styled

SCALE_BAR_UM = 100
THINNEST_PT, PT_PER_UM = 0.5, 0.45  # line of a segment: a thin dendrite must still be seen
HEIGHT_IN, TREE_IN, PANEL_IN, PANELS_A_ROW = 6.4, 3.4, 1.9, 3
ZERO = 1e-12  # S/cm2; below it a segment has no such channel


@styled
def cell_with_densities(tree: Mapping[str, np.ndarray], title: str = "", colour: str = "region") -> Figure:
    """Draw a cell in the plane, to scale, and the peak conductance of each of its channels along the path.

    Args:
        tree: What `cells.anatomy.describe` returns.
        title: Above the tree.
        colour: What colours the tree: `region`, or one of the densities.

    Raises:
        ValueError: If the cell has no such density.
    """
    names = list(map(str, tree["density_names"]))
    if colour not in ("region", *names):
        raise ValueError(f"expected region or a density of this cell, {', '.join(names)}; found '{colour}'")
    n_rows = -(-len(names) // PANELS_A_ROW)
    width_in = TREE_IN + PANEL_IN * PANELS_A_ROW
    figure = Figure(figsize=(width_in, max(HEIGHT_IN, 1.55 * n_rows)), layout="constrained")
    grid = figure.add_gridspec(1, 2, width_ratios=[TREE_IN, PANEL_IN * PANELS_A_ROW])
    left, right = figure.add_subfigure(grid[0]), figure.add_subfigure(grid[1])
    _draw_tree(left.add_subplot(), tree, title, colour)
    panels = right.subplots(n_rows, PANELS_A_ROW, sharex=True, squeeze=False)
    for axes, name in zip(panels.flat, names, strict=False):
        _draw_density(axes, tree, name)
    for axes in panels.flat[len(names) :]:
        axes.set_axis_off()
    for axes in panels.flat[max(0, len(names) - PANELS_A_ROW) : len(names)]:
        axes.tick_params(labelbottom=True)
    right.supxlabel("Path distance from the soma (µm)", fontsize="medium")
    right.supylabel(f"Peak conductance ({_unit(tree)})", fontsize="medium")
    return figure


def _draw_tree(axes: Axes, tree: Mapping[str, np.ndarray], title: str, colour: str) -> None:
    lines = np.stack([tree["segment_start_um"][:, :2], tree["segment_end_um"][:, :2]], axis=1)
    widths_pt = np.maximum(THINNEST_PT, PT_PER_UM * tree["segment_diameter_um"])
    if colour == "region":
        drawn = LineCollection(list(lines), linewidths=widths_pt, colors=_colours(tree), capstyle="round")
        present = [name for name in REGION_COLOURS if name in tree["segment_region"]]
        handles = [Line2D([], [], color=REGION_COLOURS[name], linewidth=2.5, label=name) for name in present]
        axes.legend(handles=handles, ncols=3, loc="upper center", bbox_to_anchor=(0.5, 0), handlelength=1)
    else:
        values = _density(tree, colour)
        inserted = values > ZERO
        axes.add_collection(LineCollection(list(lines[~inserted]), linewidths=widths_pt[~inserted], colors=PALE))
        low, high = values[inserted].min(), values[inserted].max()
        norm = LogNorm(low, high if high > low else 2 * low)
        drawn = LineCollection(
            list(lines[inserted]), linewidths=widths_pt[inserted], cmap="viridis", norm=norm, capstyle="round"
        )
        drawn.set_array(values[inserted])
        label = f"{colour} ({_unit(tree)}); grey: none"
        axes.figure.colorbar(drawn, ax=axes, location="bottom", shrink=0.7, pad=0.02, label=label)
    axes.add_collection(drawn)
    axes.autoscale()
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_title(title)
    right_um, bottom_um = lines[..., 0].max(), lines[..., 1].min()
    axes.plot(
        [right_um - SCALE_BAR_UM, right_um], [bottom_um, bottom_um], color=INK, linewidth=2, solid_capstyle="butt"
    )
    middle = (right_um - SCALE_BAR_UM / 2, bottom_um)
    axes.annotate(f"{SCALE_BAR_UM} µm", middle, (0, 3), textcoords="offset points", ha="center", fontsize=8)


def _draw_density(axes: Axes, tree: Mapping[str, np.ndarray], name: str) -> None:
    values = _density(tree, name)
    inserted = values > ZERO
    colours = np.array(_colours(tree))
    axes.scatter(tree["segment_distance_um"][inserted], values[inserted], s=5, c=colours[inserted], linewidths=0)
    axes.set_title(name, pad=3)
    axes.set_yscale("log")
    low, high = values[inserted].min(), values[inserted].max()
    middle, half = np.sqrt(low * high), max(np.sqrt(high / low), np.sqrt(10)) * 1.5  # a decade at least
    axes.set_ylim(middle / half, middle * half)
    axes.set_xlim(-0.03 * tree["segment_distance_um"].max(), 1.05 * tree["segment_distance_um"].max())
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.minorticks_off()
    axes.tick_params(labelsize=7, color=FAINT)


def _density(tree: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    return tree["density_s_per_cm2"][list(tree["density_names"]).index(name)]


def _unit(tree: Mapping[str, np.ndarray]) -> str:
    return str(tree["density_units"][0]).replace("cm2", "cm²")


def _colours(tree: Mapping[str, np.ndarray]) -> list[str]:
    return [REGION_COLOURS[str(name)] for name in tree["segment_region"]]
