"""What happens along a dendrite: its voltage in a trial, and what a network makes of an input spike at each place."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure

from neurodepth.figures.style import INK, PALE, styled

# Rows of the image, from below; as in player.js.
REGIONS = ("axon", "soma", "basal", "trunk", "oblique", "tuft")
PERCENTILES = (1, 99)  # of the voltages, between which colours run
SMALLEST_SHARE = 1 / 30  # of the rows, of a region that is named
THINNEST_PT, PT_PER_UM = 0.9, 0.6  # line of a segment: a thin dendrite must still be seen
SCALE_BAR_UM = 100
# As in tree.js: blue below zero, orange above, pale at zero.
DIVERGING = LinearSegmentedColormap.from_list("diverging", ["#08306b", "#3a86c8", PALE, "#e08214", "#7f3b08"])


@styled
def dendritic_voltage(
    tree: Mapping[str, np.ndarray], played: Mapping[str, np.ndarray], width_in: float = 10.4
) -> Figure:
    """Voltage of soma and dendrites in the first trial, rows by region and distance from the soma, spikes above it.

    Args:
        tree: Arrays of tree.npz.
        played: Arrays of played.npz, with those of the dendrite.
        width_in: Of the figure.
    """
    segments = played["segment_voltage_segment"]
    region = tree["segment_region"][segments].astype(str)
    rank = np.array([REGIONS.index(name) for name in region])
    order = np.lexsort([tree["segment_distance_um"][segments], rank])
    steps = played["segment_voltage_mv"]
    step_mv, offset_mv = (float(played[f"segment_voltage_{name}_mv"]) for name in ("step", "offset"))
    low, high = offset_mv + step_mv * np.percentile(steps, PERCENTILES)
    figure = Figure(figsize=(width_in, 0.34 * width_in), layout="constrained")
    axes = figure.subplots()
    voltage_mv = offset_mv + step_mv * steps[0].T[order].astype(float)
    extent = (0, int(played["duration_ms"]), -0.5, len(order) - 0.5)
    image = axes.imshow(
        voltage_mv, cmap="cividis", vmin=low, vmax=high, extent=extent, aspect="auto", origin="lower", rasterized=True
    )
    spikes_ms = played["spike_time_ms"][played["spike_trial"] == 0]
    axes.plot(
        spikes_ms, np.full(len(spikes_ms), 1.03), "|", color=INK, transform=axes.get_xaxis_transform(), clip_on=False
    )
    _name_regions(axes, region[order])
    axes.set_xlabel(f"Time in trial {int(played['trial_index'][0])} of the test set (ms); marks: spikes of the cell")
    figure.colorbar(image, ax=axes, label="Voltage (mV)", extend="both", pad=0.01)
    return figure


@styled
def effect_on_tree(tree: Mapping[str, np.ndarray], learned: Mapping[str, np.ndarray], width_in: float = 4.6) -> Figure:
    """Effect of an input spike at each place of the tree, at the time before the output at which it is strongest.

    Where a segment has several synapses of a kind it is their mean.

    Args:
        tree: Arrays of tree.npz.
        learned: Arrays of learned.npz.
        width_in: Of the figure.
    """
    effect = learned["effect"].astype(float)
    strongest = int(np.argmax(np.abs(effect).max(axis=0)))
    is_excitatory, at = tree["synapse_excitatory"].astype(bool), tree["synapse_segment"]
    n_segments = len(tree["segment_region"])
    of_segment = {
        kind: np.bincount(at[own], effect[own, strongest], n_segments)
        / np.maximum(np.bincount(at[own], minlength=n_segments), 1)
        for kind, own in (("excitatory", is_excitatory), ("inhibitory", ~is_excitatory))
    }
    largest = max(np.abs(values).max() for values in of_segment.values())
    lines = np.stack([tree["segment_start_um"][:, :2], tree["segment_end_um"][:, :2]], axis=1)
    width_um, height_um = np.ptp(lines, axis=(0, 1))
    figure = Figure(
        figsize=(width_in, min(0.5 * width_in * height_um / width_um, 1.5 * width_in) + 1.2), layout="constrained"
    )
    panels = figure.subplots(1, 2)
    for axes, (kind, values) in zip(panels, of_segment.items(), strict=True):
        widths_pt = np.maximum(THINNEST_PT, PT_PER_UM * tree["segment_diameter_um"])
        norm = Normalize(-largest, largest)
        drawn = LineCollection(list(lines), linewidths=widths_pt, cmap=DIVERGING, norm=norm, capstyle="round")
        drawn.set_array(values)
        axes.add_collection(drawn)
        axes.autoscale()
        axes.set_aspect("equal")
        axes.set_axis_off()
        axes.set_title(kind)
    _draw_scale_bar(panels[0], lines)
    label = f"Change of the spike logit by an input spike\n{learned['lag_ms'][strongest]:.0f} ms before the output"
    figure.colorbar(drawn, ax=panels, location="bottom", shrink=0.8, pad=0.02, label=label)
    return figure


def _draw_scale_bar(axes: Axes, lines: np.ndarray) -> None:
    left_um, bottom_um = lines.min(axis=(0, 1))
    axes.plot([left_um, left_um + SCALE_BAR_UM], [bottom_um] * 2, color=INK, linewidth=2, solid_capstyle="butt")
    middle = (left_um + SCALE_BAR_UM / 2, bottom_um)
    axes.annotate(f"{SCALE_BAR_UM} µm", middle, (0, 3), textcoords="offset points", ha="center", fontsize=8)


def _name_regions(axes: Axes, region: np.ndarray) -> None:
    """Lines between regions, and the names of those with enough rows."""
    names, first, count = np.unique(region, return_index=True, return_counts=True)
    named = count > SMALLEST_SHARE * len(region)
    axes.set_yticks((first + (count - 1) / 2)[named], names[named])
    axes.tick_params(axis="y", length=0)
    axes.hlines(first[first > 0] - 0.5, *axes.get_xlim(), color="white", linewidth=0.8)
