"""What the trials of a study are like."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurodepth.figures.style import EXCITATORY, FAINT, INHIBITORY, INK, MIDDLE, styled

SPLIT_STYLES = {"train": (INK, "-"), "validation": (FAINT, "-"), "test": (MIDDLE, (0, (3, 1.5)))}


@styled
def trial_statistics(statistics: Mapping[str, np.ndarray], width_in: float = 4.6) -> Figure:
    """Intervals between spikes, soma voltage, output rates and input rates of each split.

    Args:
        statistics: Arrays of statistics.npz.
        width_in: Of the figure.
    """
    figure = Figure(figsize=(width_in, 1.05 * width_in), layout="constrained")
    panels = figure.subplots(2, 2)
    for number, split in enumerate(map(str, statistics["split_names"])):
        colour, dashes = SPLIT_STYLES[split]
        style: dict[str, Any] = {"color": colour, "linestyle": dashes, "linewidth": 1.2}
        intervals, voltages = statistics["interval_count"][number], statistics["voltage_count"][number]
        panels[0, 0].stairs(intervals / max(intervals.sum(), 1), statistics["interval_edges_ms"], label=split, **style)
        panels[0, 1].stairs(voltages / max(voltages.sum(), 1), statistics["voltage_edges_mv"], **style)
        rates_hz = np.sort(statistics["output_rate_hz"][statistics["trial_split"] == number])
        panels[1, 0].ecdf(rates_hz, **style)
    panels[0, 0].set(
        xscale="log", xlabel="Interval between spikes (ms)", ylabel="Fraction of intervals\n(eight bins a decade)"
    )
    panels[0, 1].set(yscale="log", xlabel="Soma voltage (mV)", ylabel="Fraction of the time\n(per mV)")
    panels[0, 1].set_xlim(*_seen(statistics["voltage_count"], statistics["voltage_edges_mv"]))
    panels[1, 0].set(xlabel="Output rate of a trial (Hz)", ylabel="Cumulative fraction\nof trials")
    _input_rates(panels[1, 1], statistics)
    figure.legend(*panels[0, 0].get_legend_handles_labels(), ncols=3, loc="outside upper center", handlelength=1.8)
    return figure


def _seen(counts: np.ndarray, edges: np.ndarray) -> tuple[float, float]:
    """Edges of the outermost bins that hold anything, with an empty one on either side."""
    filled = np.flatnonzero(counts.sum(axis=0))
    return edges[max(filled[0] - 1, 0)], edges[min(filled[-1] + 2, len(edges) - 1)]


def _input_rates(axes: Axes, statistics: Mapping[str, np.ndarray]) -> None:
    """Mean input rate of each type over all trials, with the standard deviation over trials."""
    names = list(map(str, statistics["type_names"]))
    rates_hz = statistics["input_rate_hz"]
    colours = [EXCITATORY if name.endswith("excitatory") else INHIBITORY for name in names]
    place, mean, deviation = np.arange(len(names)), rates_hz.mean(axis=0), rates_hz.std(axis=0)
    axes.hlines(place, mean - deviation, mean + deviation, colors=colours, linewidth=1.2)
    axes.scatter(mean, place, c=colours, s=16)
    axes.set_yticks(place, names, fontsize=7)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel("Input rate (Hz, mean\nand SD over trials)")
