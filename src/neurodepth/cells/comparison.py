"""Two cells side by side: what they measure, how they behave, and pictures of both."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import neurom
import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from neurodepth import stimulus
from neurodepth.cells import physiology
from neurodepth.cells.compartmental import CompartmentalCell
from neurodepth.cells.physiology import BacFiring

COLOURS = ("#0072B2", "#D55E00")  # Okabe and Ito's blue and vermilion: told apart by every eye
CURRENTS_NA = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6)
HOT_ZONE_UM = (685, 885)  # Hay et al. 2011
SCALE_BAR_UM = 200
TRIAL_MS, EVALUATED_FROM_MS = 6000, 500  # Beniaguev et al. 2021
PROTOCOLS = {"pulse": "Somatic pulse", "epsc": "Dendritic current", "pair": "Both"}
NEURITES = {"basal": neurom.NeuriteType.basal_dendrite, "apical": neurom.NeuriteType.apical_dendrite}


@dataclass(frozen=True)
class Measurements:
    """All that is compared of one cell.

    Attributes:
        label: Name in tables and legends.
        rows: Measure (with its unit) to value, by table (morphology, physiology).
        rates_hz: At CURRENTS_NA.
        back_propagation: See `physiology.back_propagation`.
        bac: See `physiology.bac_firing`.
        outlines_um: Points x, y and diameter of each section, by tree.
    """

    label: str
    rows: dict[str, dict[str, float]]
    rates_hz: np.ndarray
    back_propagation: pd.DataFrame
    bac: BacFiring
    outlines_um: dict[str, list[np.ndarray]]


def measure(cell: CompartmentalCell, morphology_path: Path, label: str, n_trials: int, seed: int) -> Measurements:
    """Measure one cell; it must be the only one in memory.

    Args:
        cell: The cell.
        morphology_path: Its file, which NeuroM measures.
        label: Name in tables and legends.
        n_trials: Trials of random input behind the output rate.
        seed: Seed of these trials.
    """
    back_propagation, bac = physiology.back_propagation(cell), physiology.bac_firing(cell)
    rates_hz = physiology.firing_rates_hz(cell, CURRENTS_NA)
    rows = {
        "resting potential (mV)": physiology.resting_potential_mv(cell),
        "input resistance (MOhm)": physiology.input_resistance_mohm(cell),
        "rheobase, 400 ms (nA)": physiology.rheobase_na(cell),
        "firing rate at 0.6 nA (Hz)": rates_hz[CURRENTS_NA.index(0.6)],
        "firing rate at 1.0 nA (Hz)": rates_hz[CURRENTS_NA.index(1.0)],
        "firing rate at 1.6 nA (Hz)": rates_hz[CURRENTS_NA.index(1.6)],
    }
    for distance_um in (0, 200, 400, 600, 800):
        rows[f"back-propagating spike at {distance_um} um (mV)"] = float(
            np.interp(distance_um, back_propagation["path_distance_um"], back_propagation["amplitude_mv"])
        )
    summary = bac.summary.set_index("protocol")
    for protocol, title in PROTOCOLS.items():
        rows[f"{title.lower()}: somatic spikes"] = summary["n_spikes"][protocol]
        rows[f"{title.lower()}: dendritic plateau (ms)"] = summary["plateau_ms"][protocol]
    rows[f"output rate under random input, {n_trials} trials (Hz)"] = _output_rate_hz(cell, n_trials, seed)
    tables = {"morphology": _morphometrics(cell, morphology_path), "physiology": rows}
    return Measurements(label, tables, rates_hz, back_propagation, bac, _outlines(cell))


def draw_morphologies(cells: Iterable[Measurements]) -> Figure:
    """Both dendrites at one scale, seen from the side; basal dendrites are paler."""
    figure, axes = plt.subplots(figsize=(7.4, 8), layout="constrained")
    for number, (cell, colour) in enumerate(zip(cells, COLOURS, strict=True)):
        offset_um = number * 520
        for tree, sections in cell.outlines_um.items():
            for points in sections:
                shifted_um = points[:, :2] + np.array([offset_um, 0])
                lines = list(np.stack([shifted_um[:-1], shifted_um[1:]], axis=1))
                widths = np.maximum(0.7, points[1:, 2] * 0.75).tolist()
                shade = 0.55 if tree == "basal" else 1.0
                axes.add_collection(
                    LineCollection(lines, linewidths=widths, colors=colour, alpha=shade, capstyle="round")
                )
        axes.plot(offset_um, 0, marker="o", markersize=9, color=colour)
        axes.text(offset_um, 1240, cell.label, ha="center", va="bottom", color=colour, fontsize=12)
    axes.plot([760, 760], [-150, -150 + SCALE_BAR_UM], color="black", linewidth=2.5, solid_capstyle="butt")
    axes.text(775, -150 + SCALE_BAR_UM / 2, f"{SCALE_BAR_UM} µm", va="center")
    axes.set(xlim=(-290, 880), ylim=(-270, 1290), aspect="equal")
    axes.axis("off")
    return figure


def draw_responses(cells: Iterable[Measurements]) -> Figure:
    """Firing rate over current, and the back-propagating spike over distance."""
    figure, (rate_axes, spike_axes) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for cell, colour, style in zip(cells, COLOURS, ("-", "--"), strict=True):
        rate_axes.plot(CURRENTS_NA, cell.rates_hz, style, marker="o", markersize=4, color=colour, label=cell.label)
        spike = cell.back_propagation
        spike_axes.plot(spike["path_distance_um"], spike["amplitude_mv"], style, color=colour, label=cell.label)
    rate_axes.set(xlabel="Current into the soma (nA)", ylabel="Firing rate (Hz)", ylim=(0, None))
    spike_axes.axvspan(*HOT_ZONE_UM, color="0.9", zorder=0)
    spike_axes.text(np.mean(HOT_ZONE_UM), 118, "calcium\nzone", ha="center", va="top", color="0.35")
    spike_axes.set(xlabel="Path distance from the soma (µm)", ylabel="Spike amplitude (mV)", ylim=(0, None))
    _tidy((rate_axes, spike_axes))
    rate_axes.legend(frameon=False)
    return figure


def draw_bac_firing(cells: Iterable[Measurements]) -> Figure:
    """Soma and trunk during a somatic pulse, a dendritic current and both."""
    figure, axes = plt.subplots(2, 3, figsize=(9, 4.8), sharex=True, sharey=True, layout="constrained")
    for cell, colour, style in zip(cells, COLOURS, ("-", "--"), strict=True):
        for column, (protocol, title) in enumerate(PROTOCOLS.items()):
            trace = cell.bac.traces[cell.bac.traces["protocol"] == protocol]
            for row, site in enumerate(("dendrite_mv", "soma_mv")):
                axes[row, column].plot(
                    trace["time_ms"], trace[site], style, color=colour, linewidth=1.3, label=cell.label
                )
            axes[0, column].set_title(title, fontsize=11)
    axes[0, 0].set(ylabel=f"Trunk, {cell.bac.dendrite_distance_um:.0f} µm (mV)", xlim=(0, 80))
    axes[1, 0].set(ylabel="Soma (mV)")
    axes[1, 1].set(xlabel="Time from the pulse (ms)")
    _tidy(axes.flat)
    axes[0, 1].legend(frameon=False)
    return figure


def table(cells: list[Measurements], name: str) -> str:
    """A Markdown table of one kind of measure: a column a cell, and the first over the second."""
    lines = ["| | " + " | ".join(cell.label for cell in cells) + " | ratio |", "|---|" + "---:|" * (len(cells) + 1)]
    for measure_name, value in cells[0].rows[name].items():
        other = cells[1].rows[name][measure_name]
        ratio = f"{value / other:.2f}" if other else ""
        lines.append(f"| {measure_name} | {_number(value)} | {_number(other)} | {ratio} |")
    return "\n".join(lines)


def _number(value: float) -> str:
    if value == round(value):
        return f"{value:.0f}"
    n_digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 10 else 2
    return f"{value:.{n_digits}f}"


def _tidy(axes: Iterable[plt.Axes]) -> None:
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)


def _morphometrics(cell: CompartmentalCell, path: Path) -> dict[str, float]:
    rows: dict[str, float] = {
        "soma length (um)": cell.soma.L,
        "soma area (um2)": sum(segment.area() for segment in cell.soma),
    }
    reconstruction = neurom.load_morphology(path)
    for tree, neurite_type in NEURITES.items():

        def measured(feature: str, neurite_type: neurom.NeuriteType = neurite_type) -> float:
            return float(np.max(neurom.get(feature, reconstruction, neurite_type=neurite_type)))

        def averaged(feature: str, neurite_type: neurom.NeuriteType = neurite_type) -> float:
            return float(np.mean(neurom.get(feature, reconstruction, neurite_type=neurite_type)))

        segments = cell.segments[cell.segments["tree"] == tree]
        rows |= {
            f"{tree} stems": measured("number_of_neurites"),
            f"{tree} sections": measured("number_of_sections"),
            f"{tree} segments": len(segments),
            f"{tree} tips": measured("number_of_leaves"),
            f"{tree} length (um)": measured("total_length"),
            f"{tree} area (um2)": measured("total_area"),
            f"{tree} longest path (um)": measured("section_path_distances"),
            f"{tree} radial extent (um)": measured("max_radial_distance"),
            f"{tree} mean tortuosity of sections": averaged("section_tortuosity"),
            f"{tree} mean fork angle (rad)": averaged("local_bifurcation_angles"),
            f"{tree} smallest segment diameter (um)": segments["diameter_um"].min(),
            f"{tree} median segment diameter (um)": segments["diameter_um"].median(),
            f"{tree} largest segment diameter (um)": segments["diameter_um"].max(),
        }
    hot = cell.segments.query("tree == 'apical' and @HOT_ZONE_UM[0] < path_distance_um < @HOT_ZONE_UM[1]")
    rows["calcium zone, length (um)"] = hot["length_um"].sum()
    rows["calcium zone, area (um2)"] = hot["area_um2"].sum()
    return rows


def _output_rate_hz(cell: CompartmentalCell, n_trials: int, seed: int) -> float:
    n_spikes = 0
    for trial in range(n_trials):
        rng = stimulus.trial_rng(seed, "pilot", trial)
        events = stimulus.draw_events(cell.synapses, cell.definition.values["input"], TRIAL_MS, rng)
        spike_time_ms = cell.run(events, TRIAL_MS, physiology.STEP_MS, second_order=True).spike_time_ms
        n_spikes += int(np.sum(spike_time_ms > EVALUATED_FROM_MS))
    return n_spikes / (n_trials * (TRIAL_MS - EVALUATED_FROM_MS) / 1000)


def _outlines(cell: CompartmentalCell) -> dict[str, list[np.ndarray]]:
    """Points of every section relative to the soma's middle, shape (points, 3): x, y, diameter."""
    soma = cell.soma
    middle = np.mean([(soma.x3d(i), soma.y3d(i)) for i in range(soma.n3d())], axis=0)
    return {
        tree: [
            np.array([(s.x3d(i) - middle[0], s.y3d(i) - middle[1], s.diam3d(i)) for i in range(s.n3d())])
            for s in sections
        ]
        for tree, sections in cell.trees.items()
    }
