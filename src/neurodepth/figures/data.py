"""What the trials of all neurons of a study are like, side by side."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurodepth.figures.style import INK, MIDDLE, PALE, styled

# What is drawn of data.csv: measure, label, scale of its axis.
MEASURES = (
    ("output_rate_hz", "Output rate of a\ntrial (Hz)", "linear"),
    ("interval_ms", "Interval between\noutput spikes (ms)", "log"),
    ("soma_voltage_mv", "Soma voltage\n(mV)", "linear"),
)
ROW_IN, MARGIN_IN = 0.26, 0.85  # height of a neuron's row, and of axis and title


@styled
def data_by_neuron(table: pd.DataFrame, width_in: float = 10.4) -> Figure:
    """Output rates, intervals and soma voltages, a row a neuron: bars from 25 to 75 %, whiskers from 5 to 95 %.

    Args:
        table: Rows of data.csv, one a neuron.
        width_in: Of the figure.
    """
    names = (table.cell + " (" + table.variant + ")").tolist()
    figure = Figure(figsize=(width_in, ROW_IN * len(names) + MARGIN_IN), layout="constrained")
    panels = figure.subplots(1, len(MEASURES), sharey=True)
    for axes, (measure, label, scale) in zip(panels, MEASURES, strict=True):
        _draw_percentiles(axes, table, measure)
        axes.set(xscale=scale, xlabel=label)
        axes.grid(axis="x", color=PALE, linewidth=0.7)
        axes.tick_params(axis="y", length=0)
    panels[0].set_yticks(range(len(names)), names)
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    return figure


def _draw_percentiles(axes: Axes, table: pd.DataFrame, measure: str) -> None:
    place = np.arange(len(table))
    low, quarter, median, three_quarters, high = (table[f"{measure}_p{one}"] for one in (5, 25, 50, 75, 95))
    axes.hlines(place, low, high, color=MIDDLE, linewidth=1.0)
    axes.hlines(place, quarter, three_quarters, color=MIDDLE, linewidth=5.0)
    axes.plot(median, place, "|", color=INK, markersize=9, markeredgewidth=2.0)
