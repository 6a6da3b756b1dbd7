"""How far the trials of one way to integrate are from those of another: numbers, table and figure."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.optimize import linear_sum_assignment

from neurodepth import metrics
from neurodepth.figures import style

TARGET_MS = 0.15  # of the median spike-time error
WINDOW_MS = 5.0  # a spike without a partner this near is missed, or extra
BELOW_MV = metrics.CLIP_MV
NEIGHBOUR = 0.5  # score of the bins beside a spike, where the score is spread over 3 ms
ORDERS = {1: "first", 2: "second", 0: ""}
COLOURS = {1: "#a0522d", 2: "#0072b2"}
COLUMNS = {  # of the table, and how their numbers are written
    **{"setting": "{}", "step_ms": "{:g}", "spikes": "{}", "missed": "{}", "extra": "{}"},
    **{"median_ms": "{:.3f}", "p95_ms": "{:.2f}", "largest_ms": "{:.2f}", "shift_ms": "{:+.3f}"},
    **{"rms_below_mv": "{:.3f}", "rms_clipped_mv": "{:.3f}", "explained": "{:.5f}"},
    **{"auc_exact": "{:.4f}", "auc_spread": "{:.5f}", "core_s_per_s": "{:.2f}"},
}


@dataclass(frozen=True)
class Runs:
    """Trials of one setting.

    Attributes:
        spike_time_ms: By variant and number of the trial.
        voltage_mv: Soma voltage each millisecond, likewise.
        core_s: Seconds of a core for each second of biology.
    """

    spike_time_ms: dict[tuple[str, int], np.ndarray]
    voltage_mv: dict[tuple[str, int], np.ndarray]
    core_s: float


def score(runs: Runs, truth: Runs) -> dict[str, float]:
    """Errors over the trials that both hold: spikes of whole trials, the rest without the evaluation's warm-up."""
    trials = [trial for trial in truth.voltage_mv if trial in runs.voltage_mv]
    found, true = [[one.spike_time_ms[trial] for trial in trials] for one in (runs, truth)]
    pairs = [match_spikes(ours, theirs) for ours, theirs in zip(found, true, strict=True)]
    shift_ms = np.concatenate([ours[i] - theirs[j] for ours, theirs, (i, j) in zip(found, true, pairs, strict=True)])
    error_ms = np.abs(shift_ms)
    warm_up_ms = metrics.WARM_UP_MS
    ours_mv, true_mv = (np.stack([one.voltage_mv[trial][warm_up_ms:] for trial in trials]) for one in (runs, truth))
    is_below = (ours_mv < BELOW_MV) & (true_mv < BELOW_MV)
    rms_clipped_mv, explained = metrics.voltage_errors(ours_mv, true_mv)
    predicted, spikes = (in_bins(times, warm_up_ms + true_mv.shape[1])[:, warm_up_ms:] for times in (found, true))
    beside = np.zeros(predicted.shape)
    beside[:, :-1] = predicted[:, 1:]
    beside[:, 1:] += predicted[:, :-1]
    spread = np.maximum(predicted, NEIGHBOUR * (beside > 0))
    return {
        "trials": len(trials),
        "spikes": sum(map(len, true)),
        "missed": sum(map(len, true)) - len(shift_ms),
        "extra": sum(map(len, found)) - len(shift_ms),
        "median_ms": float(np.median(error_ms)),
        "p95_ms": float(np.percentile(error_ms, 95)),
        "largest_ms": float(error_ms.max()),
        "shift_ms": float(shift_ms.mean()),
        "shift_error_ms": float(shift_ms.std(ddof=1) / np.sqrt(len(shift_ms))),
        "rms_below_mv": float(np.sqrt(np.mean((ours_mv[is_below] - true_mv[is_below]) ** 2))),
        "rms_clipped_mv": rms_clipped_mv,
        "explained": explained,
        "auc_exact": float(metrics.count_pairs(predicted, spikes).auc()),
        "auc_spread": float(metrics.count_pairs(spread, spikes).auc()),
        "core_s_per_s": runs.core_s,
    }


def match_spikes(
    found_ms: np.ndarray, true_ms: np.ndarray, window_ms: float = WINDOW_MS
) -> tuple[np.ndarray, np.ndarray]:
    """Pair spikes one to one within a window: as many pairs as can be, of these the nearest.

    Args:
        found_ms: Spike times, shape (found,).
        true_ms: Spike times, shape (true,).
        window_ms: Largest distance within a pair.

    Returns:
        Numbers of the paired spikes among `found_ms` and among `true_ms`, each of shape (pairs,).
    """
    distance_ms = np.abs(found_ms[:, None] - true_ms[None, :])
    unpaired_ms = window_ms * (min(distance_ms.shape) + 1)  # dearer than any set of pairs
    found, true = linear_sum_assignment(np.where(distance_ms <= window_ms, distance_ms, unpaired_ms))
    is_pair = distance_ms[found, true] <= window_ms
    return found[is_pair], true[is_pair]


def in_bins(spike_time_ms: list[np.ndarray], duration_ms: int) -> np.ndarray:
    """1 in each millisecond that holds a spike, else 0, shape (trials, time)."""
    bins = np.zeros((len(spike_time_ms), duration_ms))
    for trial, times_ms in zip(bins, spike_time_ms, strict=True):
        trial[np.minimum(times_ms.astype(int), len(trial) - 1)] = 1
    return bins


def as_markdown(table: pd.DataFrame) -> str:
    """The table in Markdown."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    for row in table.to_dict("records"):
        row["setting"] = f"{row['simulator']} {ORDERS[row['order']]}"
        texts = [pattern.format(row[name]) for name, pattern in COLUMNS.items()]
        lines.append("| " + " | ".join(texts) + " |")
    return "\n".join(lines) + "\n"


@style.styled
def draw(table: pd.DataFrame) -> Figure:
    """Errors over the step against the finest step: spike times, spikes, voltage."""
    figure, axes = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
    for order, rows in table.groupby("order", sort=False):
        rows = rows.sort_values("step_ms")
        shown = {"color": COLOURS[order], "marker": "o" if order == 2 else "s", "markersize": 4}
        axes[0].plot(rows["step_ms"], rows["median_ms"], label=f"{ORDERS[order]} order", **shown)
        axes[0].plot(rows["step_ms"], rows["p95_ms"], ":", **shown, markerfacecolor="none", linewidth=1)
        axes[1].plot(rows["step_ms"], rows["missed"] + rows["extra"], **shown)
        axes[2].plot(rows["step_ms"], rows["rms_clipped_mv"], **shown)
    for axis in axes:
        axis.set_xscale("log")
        axis.set_xlim(0.0045, 0.23)
        axis.set_xticks(
            [0.005, 0.01, 0.025, 0.05, 0.1, 0.2], ["0.005", "0.01", "0.025", "0.05", "0.1", "0.2"], fontsize=8
        )
        axis.minorticks_off()
        axis.set_xlabel("step (ms)")
    axes[0].set(yscale="log", ylabel="spike-time error (ms)", title="Median (full) and 95 % (dotted)")
    axes[1].set_yscale("symlog", linthresh=1)
    axes[1].set_yticks([0, 1, 3, 10, 30, 100], ["0", "1", "3", "10", "30", "100"])
    axes[1].set(ylim=(-0.2, None), ylabel="spikes", title=f"Missed and extra spikes, of {table['spikes'].iloc[0]}")
    axes[2].set(yscale="log", ylabel="rms error (mV)", title="Soma voltage, clipped at -55 mV")
    axes[2].set_yticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
    axes[0].axhline(TARGET_MS, color=style.FAINT, linewidth=0.8)
    axes[0].text(0.005, TARGET_MS * 1.1, "target", fontsize=7, color=style.MIDDLE)
    figure.legend(loc="outside lower center", ncols=2)
    return figure
