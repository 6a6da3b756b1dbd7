"""Classical experiments on dendrites: the cell's answers and its surrogate's, on silence and on background."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from neurodepth.experiments.battery import BATTERY
from neurodepth.figures.style import EXCITATORY, INHIBITORY, INK, MIDDLE, layers, styled

SERIES_COLOURS = (INK, EXCITATORY, INHIBITORY, "#b07d00")
SERIES_MARKERS = ("o", "s", "D", "^")
CELL: dict[str, Any] = {"linestyle": "-"}
SURROGATE: dict[str, Any] = {"linestyle": (0, (3, 1.5)), "markerfacecolor": "white"}
LINEAR: dict[str, Any] = {"linestyle": ":", "marker": "", "linewidth": 1.0}
UNITS = {"epsp_mv": "Peak of the somatic EPSP (mV)", "spikes": "Further output spikes"}


@styled
def experiment(found: Mapping[str, np.ndarray], name: str, width_in: float = 7.2) -> Figure:
    """One experiment: a panel for each kind of background, a colour for each line, solid for the cell.

    Args:
        found: Arrays of experiments.npz; of several surrogates the deepest is shown.
        name: Of the experiment.
        width_in: Of the figure.
    """
    measure, number = BATTERY[name].measure, int(np.argmax(found["depth"]))
    own = np.flatnonzero(found["experiment"] == name)
    kinds = list(dict.fromkeys(map(str, found["background"][own])))
    figure = Figure(figsize=(width_in, 0.46 * width_in), layout="constrained")
    panels = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
    for axes, kind in zip(panels, kinds, strict=True):
        rows = own[found["background"][own] == kind]
        _draw_lines(axes, found, rows, measure, number)
        axes.set_title(
            "On silence" if kind == "silence" else f"On background (n = {found['n_backgrounds']}, ± standard error)"
        )
        axes.set_xlabel(BATTERY[name].x_label)
        axes.axhline(0, color=MIDDLE, linewidth=0.6, zorder=0)
    panels[0].set_ylabel(UNITS[measure])
    shown = list(dict.fromkeys(map(str, found["series"][own])))
    handles = [
        Line2D([], [], color=colour, marker=marker, markersize=4.5, label=series)
        for series, colour, marker in zip(shown, SERIES_COLOURS, SERIES_MARKERS, strict=False)
    ]
    surrogate = f"surrogate, {layers(int(found['depth'][number]))}"
    handles += [Line2D([], [], color=MIDDLE, marker="o", markersize=4.5, label="cell", **CELL)]
    handles += [Line2D([], [], color=MIDDLE, marker="o", markersize=4.5, label=surrogate, **SURROGATE)]
    if _has_linear(found, own, measure):
        handles += [Line2D([], [], color=MIDDLE, label="cell, sum of each input alone", **LINEAR)]
    figure.legend(handles=handles, loc="outside upper center", ncols=3, handlelength=2.6)
    return figure


def _draw_lines(axes: Axes, found: Mapping[str, np.ndarray], rows: np.ndarray, measure: str, number: int) -> None:
    """Lines of one panel; a series of a single point, which no x belongs to, goes across."""
    for series, colour, marker in zip(
        dict.fromkeys(found["series"][rows]), SERIES_COLOURS, SERIES_MARKERS, strict=False
    ):
        own = rows[found["series"][rows] == series]
        x = found["x"][own]
        look: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 4.5, "elinewidth": 0.8}
        if len(own) == 1:
            x, own, look["marker"] = np.array([found["x"][rows].min(), found["x"][rows].max()]), np.repeat(own, 2), ""
        axes.errorbar(x, found[f"cell_{measure}"][own], found[f"cell_{measure}_error"][own], **(look | CELL))
        values = found[f"surrogate_{measure}"][number, own], found[f"surrogate_{measure}_error"][number, own]
        axes.errorbar(x, *values, **(look | SURROGATE))
        if _has_linear(found, own, measure):
            axes.plot(x, found["cell_linear_sum_mv"][own], color=colour, **LINEAR)


def _has_linear(found: Mapping[str, np.ndarray], rows: np.ndarray, measure: str) -> bool:
    return measure == "epsp_mv" and bool(np.isfinite(found["cell_linear_sum_mv"][rows]).all())
