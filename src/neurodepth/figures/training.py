"""How training went."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from neurodepth.figures.style import PALE, depth_colour, depth_marker, layers, styled


@dataclass(frozen=True)
class History:
    """How one training went: `table` has one row an epoch."""

    depth: int
    training_trials: int
    seed: int
    table: pd.DataFrame


@styled
def training_curves(histories: Sequence[History], width_in: float = 5.2) -> Figure:
    """Training loss, validation loss and validation AUC of one cell's networks against updates; a marker on the best epoch."""
    figure = Figure(figsize=(width_in, 6.0), layout="constrained")
    panels = figure.subplots(3, 1, sharex=True)
    columns = ("training_loss", "validation_spike_loss", "validation_auc")
    names = ("Training loss\n(weighted sum)", "Validation spike\nloss (nats per ms)", "Validation AUC")
    largest = max(one.training_trials for one in histories)
    labelled: set[int] = set()
    for one in sorted(histories, key=lambda one: (one.depth, -one.training_trials)):
        colour, full = depth_colour(one.depth), one.training_trials == largest
        style: dict[str, Any] = {
            "color": colour,
            "marker": depth_marker(one.depth),
            "markersize": 5,
            "linewidth": 1.6 if full else 1.0,
            "linestyle": "-" if full else (0, (2, 1.5)),
        }
        best = int(np.argmin(one.table.validation_spike_loss))
        for axes, column in zip(panels, columns, strict=True):
            label = layers(one.depth) if one.depth not in labelled and axes is panels[0] else None
            axes.plot(one.table.updates, one.table[column], label=label, markevery=[best], **style)
        labelled.add(one.depth)
    for axes, name in zip(panels, names, strict=True):
        axes.set_ylabel(name)
        axes.grid(axis="y", color=PALE, linewidth=0.7)
    if all(one.table.validation_auc.isna().all() for one in histories):
        panels[-1].set_ylim(0, 1)
        note = "undefined: no spike in the validation trials"
        panels[-1].text(0.5, 0.5, note, transform=panels[-1].transAxes, ha="center", va="center")
    panels[-1].set_xlabel("Updates of the weights")
    panels[0].legend(ncols=5, loc="lower center", bbox_to_anchor=(0.5, 1.0), handlelength=1.4, columnspacing=1.4)
    figure.align_ylabels(panels)
    return figure
