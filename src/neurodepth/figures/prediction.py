"""How networks of each depth predict spikes: detection, calibration and timing."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from neurodepth.figures.style import INK, PALE, depth_colour, depth_dash, depth_marker, layers, styled
from neurodepth.metrics import FALSE_POSITIVE_RATE

INSET_RATE = 0.01  # up to which false positives the inset goes
CONFIDENCE = 0.95
FEWEST_MS = 20  # of a bin of the calibration; with fewer its interval is up to half the axis wide; also in depth.js


@styled
def roc_curves(learned: Mapping[str, np.ndarray], width_in: float = 4.6) -> Figure:
    """ROC curve of each depth, and in an inset its part at low false positive rates.

    Args:
        learned: Arrays of learned.npz.
        width_in: Of the figure.
    """
    figure = Figure(figsize=(width_in, 0.8 * width_in), layout="constrained")
    axes = figure.subplots()
    inset = axes.inset_axes((0.57, 0.14, 0.4, 0.38))
    rate = learned["roc_false_positive_rate"]
    for depth, hit_rate in zip(learned["roc_depth"], learned["roc_hit_rate"], strict=True):
        style: dict[str, Any] = {"color": depth_colour(int(depth)), "linestyle": depth_dash(int(depth))}
        for one in (axes, inset):
            one.plot(rate, hit_rate, label=layers(int(depth)), **style)
    axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=(0, (5, 3)), zorder=0)
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    axes.set_xlabel("False positive rate (fraction of the ms without a spike)")
    axes.set_ylabel("Hit rate (fraction of spikes)")
    inset.axvline(FALSE_POSITIVE_RATE, color=INK, linewidth=0.8, linestyle=(0, (2, 2)), zorder=0)
    seen = learned["roc_hit_rate"][:, rate <= INSET_RATE]
    inset.set(xlim=(0, INSET_RATE), ylim=(0, min(1.0, 1.1 * max(np.nanmax(seen, initial=0), 0.05))))
    inset.set_xticks([0, FALSE_POSITIVE_RATE, INSET_RATE], ["0", f"{FALSE_POSITIVE_RATE:g}", f"{INSET_RATE:g}"])
    inset.tick_params(labelsize=7)
    _legend(axes)
    return figure


@styled
def calibration(curves: pd.DataFrame, width_in: float = 4.6) -> Figure:
    """Reliability curve of each depth: how often the cell spikes where the network says it does with a probability.

    Args:
        curves: Rows of curves.csv, of one cell; the first seed on the largest training set is drawn, in bins of at least
            `FEWEST_MS`.
        width_in: Of the figure.
    """
    figure = Figure(figsize=(width_in, 0.8 * width_in), layout="constrained")
    axes = figure.subplots()
    largest = 0.0
    for depth, rows in _shown(curves[curves["count"] >= FEWEST_MS], "reliability"):
        largest = max(largest, rows.x.max(), rows.y.max())
        n_ms = rows["count"].to_numpy()
        low, high = _binomial_interval(rows.y.to_numpy() * n_ms, n_ms)
        errors = np.clip([rows.y - low, high - rows.y], 0, None)
        style: dict[str, Any] = {"color": depth_colour(depth), "linewidth": 1.2, "elinewidth": 0.8, "markersize": 4}
        axes.errorbar(rows.x, rows.y, errors, marker=depth_marker(depth), label=layers(depth), **style)
    axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=(0, (5, 3)), zorder=0)
    limit = min(1.25 * largest, 1.02)  # networks seldom say more than a half
    axes.set(xlim=(0, limit), ylim=(0, limit))
    axes.grid(axis="y", color=PALE, linewidth=0.7)
    axes.set_xlabel("Predicted spike probability (per ms)")
    axes.set_ylabel(f"Fraction of ms with a spike\n(with {100 * CONFIDENCE:g} % binomial interval)")
    _legend(axes)
    return figure


@styled
def timing(curves: pd.DataFrame, width_in: float = 4.6) -> Figure:
    """Cross-correlogram of true and predicted spikes of each depth.

    Args:
        curves: Rows of curves.csv, of one cell; on the largest training set, the mean over seeds and their range.
        width_in: Of the figure.
    """
    figure = Figure(figsize=(width_in, 0.66 * width_in), layout="constrained")
    axes = figure.subplots()
    rows = curves[(curves.curve == "correlogram") & (curves.training_trials == curves.training_trials.max())]
    for depth, one in rows.groupby("depth"):
        by_lag = one.groupby("x").y
        mean, colour = by_lag.mean(), depth_colour(int(depth))
        axes.plot(mean.index, mean, color=colour, linestyle=depth_dash(int(depth)), label=layers(int(depth)))
        axes.fill_between(mean.index, by_lag.min(), by_lag.max(), color=colour, alpha=0.25, linewidth=0)
    axes.axvline(0, color=INK, linewidth=0.8, linestyle=(0, (5, 3)), zorder=0)
    axes.set(xlim=(-50, 50))
    axes.set_ylim(bottom=0)
    axes.set_xlabel("Lag of the predicted behind the true spike (ms)")
    seeds = " (mean, range over seeds)" if rows.seed.nunique() > 1 else ""
    axes.set_ylabel(f"Predicted spikes per true\nspike and ms{seeds}")
    _legend(axes)
    return figure


def _shown(curves: pd.DataFrame, curve: str) -> list[tuple[int, pd.DataFrame]]:
    """Depth and rows of one curve of each network of the first seed on the largest training set."""
    rows = curves[(curves.curve == curve) & (curves.training_trials == curves.training_trials.max())]
    rows = rows[rows.seed == rows.seed.min()]
    return [(int(depth), one.sort_values("x")) for depth, one in rows.groupby("depth")]


def _binomial_interval(n_spikes: np.ndarray, n_ms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Clopper-Pearson interval of a fraction."""
    tail, n_empty = (1 - CONFIDENCE) / 2, n_ms - n_spikes
    low = np.where(n_spikes > 0, stats.beta.ppf(tail, np.maximum(n_spikes, 1e-9), n_empty + 1), 0)
    high = np.where(n_empty > 0, stats.beta.ppf(1 - tail, n_spikes + 1, np.maximum(n_empty, 1e-9)), 1)
    return low, high


def _legend(axes: Axes) -> None:
    axes.legend(ncols=5, loc="lower center", bbox_to_anchor=(0.5, 1.0), handlelength=2.6, columnspacing=1.4)
