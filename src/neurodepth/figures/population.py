"""A recurrent network in NEURON and of surrogates, side by side."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurodepth.figures.style import FAINT, INHIBITORY, INK, styled
from neurodepth.population import Activity

BIN_MS = 20


@styled
def population_activity(
    simulated: Activity, surrogate: Sequence[Activity], n_excitatory: int, from_ms: int, width_in: float = 7.0
) -> Figure:
    """Spikes, rate of the population, and rate of every neuron.

    Args:
        simulated: What the cells did.
        surrogate: What surrogates did for several draws of their spikes; that of median rate is shown spike by spike.
        n_excitatory: Excitatory neurons, which come first.
        from_ms: Start of what counts; the time before is drawn paler.
        width_in: Of the figure.
    """
    shown = sorted(surrogate, key=lambda one: len(one.time_ms))[(len(surrogate) - 1) // 2]
    figure = Figure(figsize=(width_in, 0.62 * width_in), layout="constrained")
    grid = figure.add_gridspec(2, 3, height_ratios=(2, 1), width_ratios=(1, 1, 1.15))
    rasters = [figure.add_subplot(grid[0, column]) for column in (0, 1)]
    for axes, activity, title in zip(rasters, (simulated, shown), ("NEURON", "Surrogates"), strict=True):
        colours = np.where(activity.neuron < n_excitatory, INK, INHIBITORY)
        axes.scatter(activity.time_ms, activity.neuron + 1, s=9, c=colours, marker="|", linewidths=1.1)
        axes.set(title=title, xlim=(0, activity.duration_ms), ylim=(0, activity.n_neurons + 1))
        axes.axvspan(0, from_ms, color=FAINT, alpha=0.15, linewidth=0)
        axes.tick_params(labelbottom=False)
    rasters[0].set_ylabel("Neuron")
    edges_ms = np.arange(0, simulated.duration_ms + 1, BIN_MS)
    to_hz = 1000 / BIN_MS / simulated.n_neurons
    rates_hz = [one.counts(BIN_MS) * to_hz for one in (simulated, shown)]
    lower = [figure.add_subplot(grid[1, column], sharex=axes) for column, axes in enumerate(rasters)]
    for axes, one in zip(lower, rates_hz, strict=True):
        axes.stairs(one, edges_ms, color=INK)
        axes.set(xlabel="Time (ms)", ylim=(0, 1.05 * np.max(rates_hz)))
    lower[0].set_ylabel("Population rate\n(Hz)")
    _compare_rates(figure.add_subplot(grid[:, 2]), simulated, surrogate, n_excitatory, from_ms)
    return figure


def _compare_rates(
    axes: Axes, simulated: Activity, surrogate: Sequence[Activity], n_excitatory: int, from_ms: int
) -> None:
    """Rate of each neuron, surrogate against NEURON: median and the range of the middle 80 % of draws."""
    true_hz = simulated.rates_hz(from_ms)
    rates_hz = np.array([one.rates_hz(from_ms) for one in surrogate])
    colours = np.where(np.arange(simulated.n_neurons) < n_excitatory, INK, INHIBITORY)
    low, high = np.quantile(rates_hz, (0.1, 0.9), axis=0)
    axes.vlines(true_hz, low, high, colors=colours.tolist(), linewidth=0.8, alpha=0.6)
    axes.scatter(true_hz, np.median(rates_hz, axis=0), c=colours, s=14)
    highest = 1.05 * max(true_hz.max(), high.max(), 1)
    axes.plot([0, highest], [0, highest], color=FAINT, linewidth=0.8, zorder=0)
    axes.set(xlim=(-0.03 * highest, highest), ylim=(-0.03 * highest, highest), box_aspect=1)
    axes.set(title=f"Rate of each neuron (Hz),\n{len(surrogate)} draws", xlabel="NEURON", ylabel="Surrogates")
    for name, colour in (("excitatory", INK), ("inhibitory", INHIBITORY)):
        axes.scatter([], [], c=colour, s=14, label=name)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=2, handletextpad=0.2)
