"""Accuracy of spike prediction against depth and against the amount of data."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

from neurodepth import units
from neurodepth.depth import Criterion
from neurodepth.figures.labels import label_points
from neurodepth.figures.style import FAINT, INK, MIDDLE, PALE, depth_colour, depth_marker, layers, styled

AUC_TICKS = (0.2, 0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9998, 0.9999)
FINE_AUC_TICKS = (*AUC_TICKS, 0.85, 0.96, 0.985, 0.992, 0.993, 0.994, 0.996, 0.997, 0.9985, 0.9995)  # where few fit
LABEL_SPACING_PT = 10
MOST_NAMED = 8  # cells; of more the names would not fit beside their lines
DEPTH_SPACING = 0.013  # of the range of data, between depths beside each other
TICK_SPACING = 0.055  # of the axis, that labels of ticks do not touch
SHOWN_NINES = 0.5  # intervals beyond a threefold error leave the frame: two seeds that differ would squash the rest
AUC_CEILING = 0.99999  # a logarithm of 1 - AUC has no place for 1


@styled
def accuracy_vs_depth(table: pd.DataFrame, criterion: Criterion, width_in: float = 5.2) -> Figure:
    """AUC against depth on the largest training set of each cell, with the criterion.

    Args:
        table: Rows of accuracy_vs_depth.csv; with a single cell its smaller training sets are drawn too, in grey. More than
            eight cells are not named.
        criterion: Drawn as a line; its confidence is that of the intervals.
        width_in: Of the figure.
    """
    names = table.cell + " (" + table.variant + ")"
    cells = [(name, table[names == name]) for name in names.unique()]
    figure, axes = _new_figure(width_in)
    spacing = min(0.16, 0.8 / len(cells))  # of the cells beside each other at a depth
    labels: list[tuple[float, float, str]] = []
    drawn: list[pd.DataFrame] = []
    for number, (name, rows) in enumerate(cells):
        largest = rows.training_trials.max()
        drawn.append(rows if len(cells) == 1 else rows[rows.training_trials == largest])
        shift = spacing * (number - (len(cells) - 1) / 2)
        for size, one in drawn[-1].sort_values("depth").groupby("training_trials"):
            x, auc = one.depth.to_numpy() + shift, np.minimum(one.auc.to_numpy(), AUC_CEILING)
            axes.plot(x, auc, color=FAINT, linewidth=1.4 if size == largest else 0.8, zorder=1)
            labels.append((x[-1], auc[-1], name if len(cells) > 1 else units.hours(one.training_h.iloc[0])))
            for depth, row in zip(x, one.itertuples(), strict=True):
                _interval(axes, depth, row, filled=size == largest)
    depths = sorted(table.depth.unique())
    axes.set_xticks(depths, [str(depth) for depth in depths])
    axes.set_xlim(min(depths) - 0.6, max(depths) + 0.28 * (max(depths) - min(depths) + 2))
    axes.set_xlabel("Depth of the network (layers)")
    _auc_axis(axes, pd.concat(drawn), criterion)
    if len(cells) <= MOST_NAMED:
        _label_ends(axes, labels)
    return figure


@styled
def accuracy_vs_data(table: pd.DataFrame, criterion: Criterion, width_in: float = 5.2) -> Figure:
    """AUC against the amount of training data of one cell, one line a depth."""
    figure, axes = _new_figure(width_in)
    depths = sorted(map(int, table.depth.unique()))
    octaves = max(1.0, np.log2(table.training_h.max() / table.training_h.min()))
    for number, depth in enumerate(depths):
        rows = table[table.depth == depth].sort_values("training_h")
        shift = DEPTH_SPACING * octaves * (number - (len(depths) - 1) / 2)  # depths beside each other at an amount
        training_h, auc = rows.training_h.to_numpy() * 2**shift, np.minimum(rows.auc.to_numpy(), AUC_CEILING)
        axes.plot(training_h, auc, color=depth_colour(depth), label=layers(depth))
        for x, row in zip(training_h, rows.itertuples(), strict=True):
            _interval(axes, x, row, filled=True)
    hours = sorted(table.training_h.unique())
    axes.set_xscale("log", base=2)
    axes.set_xlim(hours[0] * 2 ** (-0.08 * octaves), hours[-1] * 2 ** (0.08 * octaves))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(hours, [np.format_float_positional(one, 3, fractional=False, trim="-") for one in hours])
    axes.set_xlabel("Training data (hours of simulated biology)")
    _auc_axis(axes, table, criterion)
    axes.legend(ncols=5, loc="lower center", bbox_to_anchor=(0.5, 1.0), handlelength=1.4, columnspacing=1.4)
    return figure


@styled
def accuracy_vs_cost(table: pd.DataFrame, criterion: Criterion, width_in: float = 5.2) -> Figure:
    """AUC against multiply-adds per ms of networks of all kinds, with the Pareto front.

    Args:
        table: Rows of pareto.csv, of one cell; networks of the study's depths have the colour of their depth, those
            without depth are grey squares.
        criterion: Drawn as a line; its confidence is that of the intervals.
        width_in: Of the figure.
    """
    figure, axes = _new_figure(width_in)
    cost = "event_multiply_adds_per_ms"
    front = table[table[f"on_front_of_{cost}"]].sort_values(cost)
    axes.step(front[cost], np.minimum(front.auc, AUC_CEILING), where="post", color=FAINT, linewidth=1.4, zorder=1)
    for row in table[table.depth > 0].itertuples():
        _interval(axes, getattr(row, cost), row, filled=True)
    others = table[table.depth == 0]
    auc = np.minimum(others.auc, AUC_CEILING)
    errors = [(auc - others.auc_low).clip(lower=0), (others.auc_high.clip(upper=AUC_CEILING) - auc).clip(lower=0)]
    axes.errorbar(others[cost], auc, errors, fmt="s", color=MIDDLE, markersize=5, linewidth=1.2, zorder=2)
    axes.set_xscale("log")
    axes.margins(x=0.15)
    axes.xaxis.set_major_locator(MaxNLocator(5) if table[cost].max() < 10 * table[cost].min() else LogLocator())
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("Multiply-adds per ms, input counted by its spikes")
    _auc_axis(axes, table, criterion)
    named = table.sort_values(["network", "depth"]).drop_duplicates("network", keep="last")
    points = np.column_stack([table[cost], np.minimum(table.auc, AUC_CEILING)])
    names = dict(zip(named.index, named.network, strict=True))
    intervals = np.minimum(table[["auc_low", "auc_high"]].to_numpy(), AUC_CEILING)
    label_points(figure, axes, points, [names.get(one, "") for one in table.index], intervals)
    return figure


def _new_figure(width_in: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width_in, 0.62 * width_in), layout="constrained")
    return figure, figure.subplots()


def nines(auc: np.ndarray) -> np.ndarray:
    """0.9 becomes 1, 0.99 becomes 2: equal steps for equal factors in what is missing to a perfect AUC."""
    return -np.log10(1 - np.clip(auc, 0, AUC_CEILING))


def _auc_axis(axes: Axes, table: pd.DataFrame, criterion: Criterion) -> None:
    axes.set_yscale("function", functions=(nines, lambda nines: 1 - 10.0 ** -np.asarray(nines)))
    points = nines(np.array([*table.auc.dropna(), criterion.auc]))
    ends = nines(table[["auc_low", "auc_high"]].to_numpy())
    low = max(np.nanmin(ends, initial=points.min()), points.min() - SHOWN_NINES)
    high = min(np.nanmax(ends, initial=points.max()), points.max() + SHOWN_NINES)
    room = 0.08 * max(high - low, 0.1)
    axes.set_ylim(*(1 - 10.0 ** -np.array([low - room, high + room])))
    for ticks in (AUC_TICKS, FINE_AUC_TICKS):
        shown = _spaced([tick for tick in ticks if low - room <= nines(np.array(tick)) <= high + room], high - low)
        if len(shown) > 3:
            break
    axes.yaxis.set_major_locator(FixedLocator(shown))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(axis="y", color=PALE, linewidth=0.7)
    axes.set_ylabel(f"Spike prediction, ROC AUC\n(with {100 * criterion.confidence:g} % interval)")
    axes.axhline(criterion.auc, color=INK, linewidth=1, linestyle=(0, (5, 3)), zorder=0)
    side, text = axes.get_yaxis_transform(), f"criterion {criterion.auc:g}"
    axes.text(0.01, criterion.auc, text, transform=side, va="bottom", fontsize=8)


def _spaced(ticks: list[float], length: float) -> list[float]:
    """Ticks that leave room for their labels on an axis of so many nines, the best accuracies first."""
    kept: list[float] = []
    for tick in sorted(ticks, reverse=True):
        if not kept or nines(np.array(kept[-1])) - nines(np.array(tick)) >= TICK_SPACING * length:
            kept.append(tick)
    return kept


def _interval(axes: Axes, x: float, row: Any, filled: bool) -> None:
    """One point with its interval, in the colour and marker of its depth."""
    colour, marker = depth_colour(int(row.depth)), depth_marker(int(row.depth))
    low, high = np.clip([row.auc_low, row.auc_high], 0, AUC_CEILING)
    axes.plot([x, x], [low, high], color=colour, linewidth=2.2 if filled else 1.2, solid_capstyle="butt", zorder=2)
    face = colour if filled else "white"
    auc = min(row.auc, AUC_CEILING)
    axes.plot(x, auc, marker=marker, markersize=6.5, markerfacecolor=face, markeredgecolor=colour, zorder=3)


def _label_ends(axes: Axes, labels: list[tuple[float, float, str]]) -> None:
    """Write a label right of each (x, y), moved up where it would lie on the one below."""
    points_per_pixel = 72 / axes.figure.dpi
    lowest_pt = -np.inf
    for x, y, text in sorted(labels, key=lambda label: label[1]):
        height_pt = axes.transData.transform((x, y))[1] * points_per_pixel
        shift_pt = max(0, lowest_pt + LABEL_SPACING_PT - height_pt)
        lowest_pt = height_pt + shift_pt
        axes.annotate(text, (x, y), xytext=(9, shift_pt), textcoords="offset points", va="center", fontsize=8)
