"""One trial: what goes into the cell, what comes out of it, and what networks predict."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurodepth.figures.style import EXCITATORY, FAINT, INHIBITORY, INK, MIDDLE, depth_colour, layers, styled
from neurodepth.metrics import CLIP_MV, FALSE_POSITIVE_RATE, WARM_UP_MS

RASTER_HEIGHT_PT = 130  # about, in a figure of the usual size


@dataclass(frozen=True)
class Example:
    """One test trial with what the networks predict.

    Attributes:
        n_synapses: Number of input synapses; the first `n_excitatory` are excitatory.
        event_time_ms: Time of each input event, shape (events,).
        event_synapse: Its synapse, shape (events,).
        spike_time_ms: Output spikes of the cell, shape (spikes,).
        true_voltage_mv: Of the soma, shape (time,).
        depths: Of the networks, shape (depths,).
        predicted_voltage_mv: shape (depths, time).
        spike_probability: shape (depths, time).
    """

    trial_index: int
    n_synapses: int
    n_excitatory: int
    event_time_ms: np.ndarray
    event_synapse: np.ndarray
    spike_time_ms: np.ndarray
    true_voltage_mv: np.ndarray
    depths: np.ndarray
    predicted_voltage_mv: np.ndarray
    spike_probability: np.ndarray


@styled
def example_trial(
    example: Example, depths: Sequence[int], window_ms: tuple[float, float], width_in: float = 10
) -> Figure:
    """Input raster of one trial, and under it the cell's spikes and voltage with what networks predict of them.

    Args:
        example: The trial.
        depths: Networks to show, those of `example.depths`.
        window_ms: Start and end of what is shown.
        width_in: Of the figure.
    """
    figure = Figure(figsize=(width_in, 6.6), layout="constrained")
    panels = figure.subplots(4, 1, sharex=True, height_ratios=[3.1, 0.33 * (1 + len(depths)), 2.1, 1.6])
    raster, marks, voltage, probability = panels
    _raster(raster, example, window_ms)
    shown = slice(int(window_ms[0]), int(window_ms[1]))
    time_ms = np.arange(len(example.true_voltage_mv))[shown]
    marks.eventplot(example.spike_time_ms, lineoffsets=0, linelengths=0.8, colors=INK, linewidths=1.6)
    voltage.plot(time_ms, np.minimum(example.true_voltage_mv[shown], CLIP_MV), color=INK, linewidth=1.1, label="cell")
    for row, depth in enumerate(depths):
        found = list(example.depths).index(depth)
        colour, chance = depth_colour(depth), example.spike_probability[found]
        predicted_ms = predicted_spikes(chance, example.spike_time_ms)
        marks.eventplot(predicted_ms, lineoffsets=-1 - row, linelengths=0.8, colors=colour, linewidths=1.6)
        predicted_mv = np.minimum(example.predicted_voltage_mv[found, shown], CLIP_MV)
        voltage.plot(time_ms, predicted_mv, color=colour, linewidth=1.3, label=layers(depth))
        probability.plot(time_ms, chance[shown], color=colour, linewidth=1.2)
    marks.set_yticks([-row for row in range(len(depths) + 1)], ["Spikes: cell", *(layers(d) for d in depths)])
    marks.set_ylim(-len(depths) - 0.6, 0.6)
    marks.tick_params(axis="y", length=0)
    voltage.axhline(CLIP_MV, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    clipped = f"clipped at \N{MINUS SIGN}{-CLIP_MV:.0f} mV"
    side = voltage.get_yaxis_transform()
    voltage.text(0.995, CLIP_MV, clipped, transform=side, ha="right", va="bottom", fontsize=8, color=MIDDLE)
    voltage.margins(y=0.12)
    voltage.set_ylabel("Soma voltage\n(mV)")
    voltage.legend(ncols=4, loc="lower left", bbox_to_anchor=(0, 0.96), borderaxespad=0, handlelength=1.4)
    probability.set_ylabel("Spike probability\n(per ms)")
    probability.set_ylim(bottom=0)
    probability.set_xlabel("Time in the trial (ms)")
    probability.set_xlim(*window_ms)
    for axes in panels[:3]:
        axes.tick_params(axis="x", length=0)
        axes.spines.bottom.set_visible(False)
    marks.spines.left.set_visible(False)
    figure.align_ylabels([raster, voltage, probability])
    return figure


def readable_window(example: Example, length_ms: float = 1500) -> tuple[float, float]:
    """The stretch of a trial with the most spikes, the earliest of several, with some room before the first."""
    duration_ms = len(example.true_voltage_mv)
    starts = np.append(example.spike_time_ms - 0.15 * length_ms, WARM_UP_MS)
    starts = np.floor(np.clip(starts, min(WARM_UP_MS, duration_ms - length_ms), duration_ms - length_ms) / 50) * 50
    starts = np.unique(np.maximum(starts, 0))
    spikes = example.spike_time_ms
    inside = [np.sum((spikes >= start) & (spikes < start + length_ms)) for start in starts]
    start = float(starts[int(np.argmax(inside))])
    return start, min(start + length_ms, duration_ms)


def predicted_spikes(probability: np.ndarray, spike_time_ms: np.ndarray) -> np.ndarray:
    """Times in ms at which a network would call a spike, one for each run of bins above threshold.

    The threshold is the one that `FALSE_POSITIVE_RATE` of the trial's own empty bins exceed; its start is left out.

    Args:
        probability: Of a spike, one value a millisecond, shape (time,).
        spike_time_ms: When the cell spiked, shape (spikes,).
    """
    empty = np.ones(len(probability), bool)
    empty[np.minimum(spike_time_ms.astype(int), len(probability) - 1)] = False
    empty[:WARM_UP_MS] = False
    above = probability > np.quantile(probability[empty], 1 - FALSE_POSITIVE_RATE, method="higher")
    runs = np.split(np.arange(len(above)), np.flatnonzero(np.diff(above.astype(int))) + 1)
    return np.array([run[np.argmax(probability[run])] for run in runs if above[run[0]]])


def _raster(axes: Axes, example: Example, window_ms: tuple[float, float]) -> None:
    start, end = window_ms
    inside = (example.event_time_ms >= start) & (example.event_time_ms < end)
    time_ms, synapse = example.event_time_ms[inside], example.event_synapse[inside].astype(int)
    length_pt = max(1.2 * RASTER_HEIGHT_PT / example.n_synapses, 1.4)
    width_pt = 0.5 if example.n_synapses > 300 else 0.9
    first, last = example.n_excitatory, example.n_synapses
    kinds = [("excitatory", EXCITATORY, 0, first), ("inhibitory", INHIBITORY, first, last)]
    for name, colour, low, high in kinds:
        if low == high:
            continue
        chosen = (synapse >= low) & (synapse < high)
        # Thousands of marks: as an image inside the drawing.
        (marks,) = axes.plot(time_ms[chosen], synapse[chosen], "|", color=colour, markersize=length_pt, rasterized=True)
        marks.set_markeredgewidth(width_pt)
        side, text = axes.get_yaxis_transform(), f"{high - low} {name}"
        axes.text(1.005, (low + high) / 2, text, transform=side, color=colour, rotation=270, va="center", fontsize=8)
    axes.set_ylim(last, 0)
    axes.set_yticks(sorted({0, first, last}))
    axes.set_ylabel("Input synapse\n(number)")
