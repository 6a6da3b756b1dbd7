"""A cell as it is drawn: every segment as a line in space, with its region, its channels and its synapses.

The apical tree has three regions. The trunk runs from the soma along the daughter that carries more dendrite, up to the
main fork, the first one whose smaller daughter carries at least a quarter of the dendrite above it; the tuft is what
lies above the main fork, obliques are what leaves the trunk below.
"""

from typing import Any

import numpy as np

REGIONS = ("soma", "axon", "basal", "trunk", "oblique", "tuft")
MAIN_FORK_SHARE = (
    0.25  # ASSUME: the main forks of both layer-5 cells have 0.28 and 0.32, no fork of their trunks over 0.19
)
DENSITY_UNIT = "S/cm2"


def describe(cell: Any) -> dict[str, np.ndarray]:
    """Describe a cell as `tree.npz` holds it; docs/analysis.md says what each array is.

    Segments come in the order soma, axon, dendrites; dendritic ones in the order of the cell's table of segments.

    Args:
        cell: What `cells.build` returns.
    """
    is_point = not hasattr(cell, "segments")
    first_dendritic = 0 if is_point else sum(section.nseg for part in ("soma", "axon") for section in cell.parts[part])
    return (_describe_point() if is_point else _describe_tree(cell)) | {
        "synapse_segment": (first_dendritic + cell.synapses["segment"]).to_numpy(np.int32),
        "synapse_excitatory": (cell.synapses["kind"] == "excitatory").to_numpy(),
    }


def _describe_point() -> dict[str, np.ndarray]:
    """One segment without extent or membrane."""
    return {
        "segment_section": np.zeros(1, np.int32),
        "segment_start_um": np.zeros((1, 3), np.float32),
        "segment_end_um": np.zeros((1, 3), np.float32),
        "segment_diameter_um": np.zeros(1, np.float32),
        "segment_parent": np.array([-1], np.int32),
        "segment_region": np.array(["soma"]),
        "segment_distance_um": np.zeros(1, np.float32),
        "segment_area_um2": np.zeros(1, np.float32),
        "density_names": np.array([], "U1"),
        "density_units": np.array([], "U1"),
        "density_s_per_cm2": np.zeros((0, 1), np.float32),
    }


def _describe_tree(cell: Any) -> dict[str, np.ndarray]:
    from neuron import h  # what only reads this module's files does without

    regions = _regions(cell)
    sections = [section for part in cell.parts.values() for section in part]
    segments = [segment for section in sections for segment in section]
    first = np.cumsum([0, *(section.nseg for section in sections)])
    number = {section: position for position, section in enumerate(sections)}
    soma_middle = cell.soma(0.5)
    ends_um = np.concatenate([_segment_ends(section, cell) for section in sections])
    densities = cell.densities(segments)
    return {
        "segment_section": np.repeat(np.arange(len(sections)), np.diff(first)).astype(np.int32),
        "segment_start_um": ends_um[:, 0].astype(np.float32),
        "segment_end_um": ends_um[:, 1].astype(np.float32),
        "segment_diameter_um": np.array([segment.diam for segment in segments], np.float32),
        "segment_parent": np.concatenate([_parents(section, number, first) for section in sections]).astype(np.int32),
        "segment_region": np.array([regions[segment.sec] for segment in segments]),
        "segment_distance_um": np.array([h.distance(soma_middle, segment) for segment in segments], np.float32),
        "segment_area_um2": np.array([segment.area() for segment in segments], np.float32),
        "density_names": np.array(list(densities)),
        "density_units": np.array([DENSITY_UNIT] * len(densities)),
        "density_s_per_cm2": np.array(list(densities.values()), np.float32),
    }


def _regions(cell: Any) -> dict[Any, str]:
    """Region of every section."""
    regions = {section: name for name in ("soma", "axon", "basal") for section in cell.parts[name]}
    apical = cell.parts["apical"]
    above_um = {section: sum(one.L for one in section.subtree() if one in apical) for section in apical}  # no spines
    regions |= dict.fromkeys(apical, "oblique")
    for section in (one for one in apical if one.parentseg() is not None and one.parentseg().sec == cell.soma):
        regions[section] = "trunk"
        while daughters := sorted(
            (one for one in section.children() if one in above_um), key=above_um.__getitem__, reverse=True
        ):
            if _is_main_fork([above_um[one] for one in daughters]):
                break
            section = daughters[0]
            regions[section] = "trunk"
        regions |= {one: "tuft" for daughter in daughters for one in daughter.subtree() if one in above_um}
    return regions


def _is_main_fork(daughters_um: list[float]) -> bool:
    """Whether the second daughter of a fork carries enough dendrite; lengths from the largest on."""
    return len(daughters_um) > 1 and daughters_um[1] >= MAIN_FORK_SHARE * sum(daughters_um)


def _segment_ends(section: Any, cell: Any) -> np.ndarray:
    """Both ends of each segment on the traced line in um, shape (segments, 2, 3); an axon stub points away from the apical tree, or from all dendrites of a cell without one."""
    has_line = section.n3d() or section in cell.untraced_um
    points = cell.line_um(section) if has_line else _axon_points(section, cell)
    cut_um = np.linspace(0, points[-1, 3], section.nseg + 1)
    place = np.stack([np.interp(cut_um, points[:, 3], points[:, axis]) for axis in range(3)], axis=1)
    return np.stack([place[:-1], place[1:]], axis=1)


def _axon_points(section: Any, cell: Any) -> np.ndarray:
    """Ends of a section of the axon, which has no traced points, as `traced_points` gives them."""
    from neurodepth.cells.sections import traced_points

    soma = traced_points(cell.soma)[:, :3].mean(axis=0)
    is_apical = cell.segments["tree"] == "apical"
    dendrite = cell.segments.loc[is_apical | ~is_apical.any(), ["x_um", "y_um", "z_um"]].to_numpy().mean(axis=0)
    away = (soma - dendrite) / np.linalg.norm(soma - dendrite)
    before_um = sum(one.L for one in cell.axon[: cell.axon.index(section)])
    arc_um = np.array([0, section.L])
    return np.column_stack([soma + np.outer(before_um + arc_um, away), arc_um])


def _parents(section: Any, number: dict[Any, int], first: np.ndarray) -> np.ndarray:
    """Number of the segment before each segment of a section; -1 for the root."""
    own = first[number[section]] + np.arange(section.nseg)
    parent = section.parentseg()
    if parent is None:
        return own - 1 if own[0] == 0 else np.append(-1, own[:-1])
    before = min(int(parent.x * parent.sec.nseg), parent.sec.nseg - 1)
    return np.append(first[number[parent.sec]] + before, own[:-1])
