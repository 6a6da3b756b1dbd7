"""Required depth of each neuron at other values of the criterion."""

import itertools

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from neurodepth.depth import Criterion
from neurodepth.figures.accuracy import AUC_TICKS, nines
from neurodepth.figures.style import INK, PALE, depth_colour, styled

ROW_IN, MARGIN_IN = 0.32, 0.75  # height of a neuron's strip, and of the axis and the rest
DIGIT_NINES = 0.035  # width of a character, so that a label is left out of a piece it does not fit
GAP_NINES = 0.004  # between two pieces
DARK = 0.4  # a colour of less luminance takes white text


@styled
def depth_by_criterion(table: pd.DataFrame, criterion: Criterion, width_in: float = 5.2) -> Figure:
    """A strip for each neuron: coloured where it requires a depth, grey where several are still possible.

    Args:
        table: Rows of depth_by_criterion.csv.
        criterion: Of the study, drawn as a line.
        width_in: Of the figure.
    """
    names = table.cell + " (" + table.variant + ")"
    order = list(names.unique())
    figure = Figure(figsize=(width_in, ROW_IN * len(order) + MARGIN_IN), layout="constrained")
    axes = figure.subplots()
    for row, name in enumerate(order):
        rows = table[names == name].sort_values("criterion_auc")
        place = nines(rows.criterion_auc.to_numpy())
        edges = np.concatenate([place[:1], (place[1:] + place[:-1]) / 2, place[-1:]])
        answers = [_answer(one) for one in rows.itertuples()]
        first = 0
        for (label, colour), group in itertools.groupby(answers):
            last = first + len(list(group))
            low, high = edges[first], edges[last]
            axes.barh(row, high - low - GAP_NINES, left=low, height=0.8, color=colour)
            if high - low > DIGIT_NINES * (len(label) + 1):
                ink = "white" if _luminance(colour) < DARK else INK
                behind = {"facecolor": "white" if colour == "none" else colour, "edgecolor": "none", "pad": 1}
                axes.text((low + high) / 2, row, label, ha="center", va="center", fontsize=8, color=ink, bbox=behind)
            first = last
    axes.axvline(float(nines(np.array(criterion.auc))), color=INK, linewidth=1, linestyle=(0, (5, 3)))
    axes.set_yticks(range(len(order)), order)
    axes.invert_yaxis()
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(left=False)
    ends = nines(table.criterion_auc.agg(["min", "max"]).to_numpy())
    axes.set_xlim(*ends)
    ticks = [tick for tick in AUC_TICKS if ends[0] - 1e-6 <= nines(np.array(tick)) <= ends[1] + 1e-6]
    axes.xaxis.set_major_locator(FixedLocator([float(nines(np.array(tick))) for tick in ticks]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda _, position: f"{ticks[position]:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(f"ROC AUC asked for (dashed: the study's criterion, {criterion.auc:g})")
    return figure


def _answer(row: object) -> tuple[str, str]:
    """Label and colour of one verdict."""
    required, low, high = (getattr(row, f"required_depth{end}") for end in ("", "_low", "_high"))
    if not np.isnan(required):
        return f"{required:.0f}", depth_colour(int(required))
    if np.isnan(low):
        return "none of these", "none"
    return (f"{low:.0f} or more" if np.isnan(high) else f"{low:.0f} to {high:.0f}"), PALE


def _luminance(colour: str) -> float:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)) if colour[0] == "#" else (1.0, 1.0, 1.0)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
