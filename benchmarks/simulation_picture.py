"""A picture of what simulation costs: against input, segments and the size of a shard, and the memory of a shard."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurodepth.figures.style import FAINT, INK, styled

NAMES = {"ours_default": "ours, default", "coreneuron_0.025": "CoreNEURON, 0.025 ms"}
COLOURS = {"ours_default": "#0072b2", "coreneuron_0.025": "#e69f00"}
COST = "Processor s per simulated s"


@styled
def cost_picture(shards: pd.DataFrame, scaling: pd.DataFrame) -> Figure:
    """Four panels; dots of the upper ones are medians of processor time, which other programs disturb least; the lower ones are of one worker.

    Args:
        shards: What `measure_shards` returns.
        scaling: What `measure_scaling` returns.
    """
    figure = Figure(figsize=(7.2, 5.4), layout="constrained")
    (by_input, by_segments), (by_trials, memory) = figure.subplots(2, 2)
    _draw_scale(by_input, scaling[scaling.scale == "input"], "events_per_s", "Input events per s (thousands)", 1e-3)
    _draw_scale(
        by_segments, scaling[scaling.scale == "segments"], "segments", "Dendritic segments (2 synapses each)", 1
    )
    by_input.legend()
    rows = shards[shards.workers == 1]
    by_trials.semilogx(rows.trials, rows.wall_s_per_bio_s, marker="o", color=INK)
    trials = sorted(shards.trials.unique())
    by_trials.set_xticks(trials, [str(n) for n in trials])
    by_trials.minorticks_off()
    by_trials.set(
        xlabel="Trials in a shard (1 worker)", ylabel="Elapsed s per simulated s,\nstart-up included", ylim=(0, None)
    )
    memory.plot(rows.biology_s, rows.main_process_peak_mb, marker="o", color=INK)
    memory.set(
        xlabel="Simulated s in a shard", ylabel="Peak memory (MB)", ylim=(0, 1.2 * rows.main_process_peak_mb.max())
    )
    for axes in (by_input, by_segments, by_trials, memory):
        axes.grid(axis="y", color=FAINT, alpha=0.3)
    return figure


def _draw_scale(axes: Axes, scaling: pd.DataFrame, column: str, label: str, unit: float) -> None:
    for setting, rows in scaling.groupby("setting", sort=False):
        rows = rows.sort_values(column)
        axes.plot(rows[column] * unit, rows.cpu_s_per_bio_s, marker="o", color=COLOURS[setting], label=NAMES[setting])
    axes.set(xlabel=label, ylabel=COST, xlim=(0, None), ylim=(0, None))
