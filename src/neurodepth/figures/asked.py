"""Stimuli that a network was asked for: what it promised, and what the cell did."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurodepth.figures.style import EXCITATORY, FAINT, INK, MIDDLE, styled

PROMISED: dict[str, Any] = {"linestyle": (0, (3, 1.5)), "markerfacecolor": "white"}


@styled
def asked(found: Mapping[str, np.ndarray], width_in: float = 10.4) -> Figure:
    """Three questions, a panel each: the hardest drive, a spike at a chosen millisecond, two backgrounds told apart.

    Args:
        found: Arrays of asked.npz.
        width_in: Of the figure.
    """
    figure = Figure(figsize=(width_in, 0.36 * width_in), layout="constrained")
    drive, timing, separation = figure.subplots(1, 3)
    _draw_drive(drive, found)
    _draw_timing(timing, found)
    _draw_separation(separation, found)
    return figure


def _draw_drive(axes: Axes, found: Mapping[str, np.ndarray]) -> None:
    names, colours = ("designed", "random", "proximal"), (EXCITATORY, MIDDLE, INK)
    for kind, (name, colour) in enumerate(zip(names, colours, strict=True)):
        for who, look in (("promised", PROMISED), ("real", {})):
            values = found[f"drive_{who}"][kind]
            error = values.std(axis=1, ddof=1) / np.sqrt(values.shape[1])
            label = f"{name}, {'network' if who == 'promised' else 'cell'}"
            style: dict[str, Any] = {"color": colour, "marker": "o", "markersize": 4.5, "elinewidth": 0.8} | look
            axes.errorbar(found["drive_budget"], values.mean(axis=1), error, label=label, **style)
    axes.set(xlabel="Input spikes added", ylabel="Output spikes", title="Drive hardest")
    axes.set_ylim(bottom=0)
    axes.legend()


def _draw_timing(axes: Axes, found: Mapping[str, np.ndarray]) -> None:
    """A row a background: the promised probability as grey, the cell's spikes as bars."""
    wished_ms, tolerance_ms = int(found["time_wished_ms"]), int(found["time_tolerance_ms"])
    promised, real = found["time_promised"], found["time_real"]
    n_rows, duration_ms = promised.shape
    axes.imshow(
        promised, cmap="Greys", vmin=0, vmax=1, aspect="auto", extent=(-0.5, duration_ms - 0.5, n_rows - 0.5, -0.5)
    )
    row, time_ms = np.nonzero(real)
    axes.vlines(time_ms, row - 0.4, row + 0.4, color=EXCITATORY, linewidth=1.6, label="spike of the cell")
    for edge_ms in (wished_ms - tolerance_ms - 0.5, wished_ms + tolerance_ms + 0.5):
        axes.axvline(edge_ms, color=INK, linewidth=0.7, linestyle=":")
    axes.set(xlabel="Time after the onset (ms)", ylabel="Background", yticks=range(n_rows), yticklabels=[])
    axes.set_title(f"Fire at {wished_ms} ms (dotted: ±{tolerance_ms}); grey: promised")
    axes.legend(loc="upper left")


def _draw_separation(axes: Axes, found: Mapping[str, np.ndarray]) -> None:
    shift = {"promised": 0.0, "real": 2.4}
    for who, x in shift.items():
        for pair in found[f"separation_{who}"].T:
            axes.plot([x, x + 1], pair, color=FAINT, linewidth=0.8, marker="o", markersize=3)
        axes.plot(
            [x, x + 1],
            found[f"separation_{who}"].mean(axis=1),
            color=EXCITATORY,
            linewidth=2.2,
            marker="o",
            markersize=5,
        )
    axes.set_xticks([0, 1, 2.4, 3.4], ["fire", "be silent"] * 2)
    axes.set(
        xlabel="network promised                    cell did",
        ylabel="Output spikes",
        title="Fire on one, not on the other",
    )
    axes.set_ylim(bottom=-0.05)
