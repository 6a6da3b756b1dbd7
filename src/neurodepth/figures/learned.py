"""What networks have learned: templates, sparseness of the layers, what accuracy rests on."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from neurodepth.figures.style import INK, PALE, REGION_COLOURS, depth_colour, depth_marker, layers, styled

NOTHING = "none"  # left out
CHANCE = 0.5  # ROC AUC
LOWEST_EXPLAINED = -1.0  # of the voltage's variance; worse predictions are all alike useless
DASHES = {"excitatory": "-", "inhibitory": (0, (3, 1.5))}


@styled
def effect_by_type(learned: Mapping[str, np.ndarray], width_in: float = 4.6) -> Figure:
    """Mean effect of one more event on the spike logit, by the time before the spike, for each type of synapses.

    Args:
        learned: Arrays of learned.npz.
        width_in: Of the figure.
    """
    figure = Figure(figsize=(width_in, 0.7 * width_in), layout="constrained")
    axes = figure.subplots()
    for name, effect in zip(learned["type_names"], learned["effect_by_type"], strict=True):
        region, kind = str(name).rsplit(" ", 1)
        style: dict[str, Any] = {"color": REGION_COLOURS[region], "linestyle": DASHES[kind]}
        axes.plot(-learned["lag_ms"], effect, label=str(name), **style)
    axes.axhline(0, color=INK, linewidth=0.8, zorder=0)
    axes.set_xlim(-learned["lag_ms"].max(), 0)
    axes.set_xlabel("Time of the input spike before the predicted one (ms)")
    axes.set_ylabel("Mean change of the spike logit\nby one more input spike")
    axes.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0), handlelength=1.8, columnspacing=1.4)
    return figure


@styled
def sparsity(learned: Mapping[str, np.ndarray], width_in: float = 4.6) -> Figure:
    """Silent fraction and lifetime sparseness of each layer of the networks.

    Args:
        learned: Arrays of learned.npz.
        width_in: Of the figure.
    """
    figure = Figure(figsize=(width_in, 0.55 * width_in), layout="constrained")
    panels = figure.subplots(1, 2, sharex=True)
    names = ("Fraction of units and ms\nwith no response", "Lifetime sparseness\n(mean of the units)")
    for axes, values, name in zip(panels, ("silent_fraction", "lifetime_sparseness"), names, strict=True):
        for depth in np.unique(learned["sparsity_depth"]):
            of_depth = learned["sparsity_depth"] == depth
            style: dict[str, Any] = {
                "color": depth_colour(int(depth)),
                "marker": depth_marker(int(depth)),
                "markersize": 5,
            }
            axes.plot(learned["sparsity_layer"][of_depth], learned[values][of_depth], label=layers(int(depth)), **style)
        axes.set(ylim=(0, 1.03), ylabel=name, xlabel="Layer (1 reads the input)")
        axes.grid(axis="y", color=PALE, linewidth=0.7)
        axes.margins(x=0.1)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.legend(*panels[0].get_legend_handles_labels(), ncols=5, loc="outside upper center", handlelength=1.4)
    return figure


@styled
def ablation(learned: Mapping[str, np.ndarray], width_in: float = 4.6) -> Figure:
    """ROC AUC and variance explained of each depth without the input of one type.

    Args:
        learned: Arrays of learned.npz.
        width_in: Of the figure.
    """
    names = list(dict.fromkeys(map(str, learned["ablation_region"])))
    depths = np.unique(learned["ablation_depth"])
    figure = Figure(figsize=(width_in, 0.9 + 0.2 * len(names) + 0.07 * len(names) * len(depths)), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    height = 0.8 / len(depths)
    for number, depth in enumerate(depths):
        of_depth = learned["ablation_depth"] == depth
        place = np.arange(len(names)) + height * (number - (len(depths) - 1) / 2)
        style: dict[str, Any] = {"color": depth_colour(int(depth)), "label": layers(int(depth))}
        auc, low, high = (learned[f"ablation_auc{end}"][of_depth] for end in ("", "_low", "_high"))
        errors = np.clip([auc - low, high - auc], 0, None)
        whiskers: dict[str, Any] = {"xerr": errors, "error_kw": {"ecolor": INK, "elinewidth": 0.8}}
        panels[0].barh(place, auc - CHANCE, 0.9 * height, left=CHANCE, **whiskers, **style)
        _explained_bars(panels[1], place, learned["ablation_variance_explained"][of_depth], 0.9 * height, style)
    panels[0].set_yticks(range(len(names)), ["all input" if name == NOTHING else f"no {name}" for name in names])
    panels[0].invert_yaxis()
    panels[0].tick_params(axis="y", length=0)
    panels[0].set_xlabel("ROC AUC (95 % interval\nover trials)")
    panels[1].set_xlabel("Variance of the voltage\nexplained")
    panels[0].set_xlim(min(CHANCE, 0.95 * np.nanmin(learned["ablation_auc_low"], initial=1)), 1)
    panels[0].axvline(CHANCE, color=INK, linewidth=0.8)
    panels[1].set_xlim(max(min(0, 1.1 * learned["ablation_variance_explained"].min()), LOWEST_EXPLAINED), 1)
    panels[1].axvline(0, color=INK, linewidth=0.8)
    figure.legend(*panels[0].get_legend_handles_labels(), ncols=5, loc="outside upper center", handlelength=1.4)
    return figure


def _explained_bars(axes: Axes, place: np.ndarray, explained: np.ndarray, height: float, style: dict[str, Any]) -> None:
    """Bars of variance explained; one that would end left of the axis says its value."""
    axes.barh(place, np.maximum(explained, LOWEST_EXPLAINED), height, **style)
    for y, value in zip(place, explained, strict=True):
        if value < LOWEST_EXPLAINED:
            text = f"\N{MINUS SIGN}{-value:.1f}"
            axes.text(0.04, y, text, va="center", fontsize=7)
