"""Lay grown branches out in space: headings that wander, forks that open, tropisms that spread the arbour."""

import numpy as np

from neurodepth.cells.arbour import Arbour, Branch, Parameters

UP = np.array([0.0, 1.0, 0.0])
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))  # successive azimuths that never line up
WANDER_MEMORY = 0.65  # how much of a bend carries over to the next point, so that branches curve and do not zigzag
TRUNK_WANDER, TRUNK_TROPISM = 0.02, 0.15
SOMA_RADIUS_UM = 6.0  # where basal stems begin
OBLIQUE_RISE = 0.55  # tangent of the angle at which obliques leave the trunk, over the horizontal
PIA_MARGIN_UM = 60.0


def embed(branches: list[Branch], parameters: Parameters, rng: np.random.Generator) -> None:
    """Fill in `points_um` of the branches of one tree; lengths along the branches stay exactly as grown.

    Args:
        branches: One tree, parents before children, with arc_um and diameter_um set.
        parameters: Growth rules.
        rng: Generator of everything spatial.
    """
    stems = [branch for branch in branches if branch.parent is None]
    headings = {id(stem): heading for stem, heading in zip(stems, _stem_headings(stems, parameters, rng), strict=True)}
    azimuth = rng.uniform(0, 2 * np.pi)
    children: dict[int, list[Branch]] = {}
    for branch in branches:
        if branch.parent is not None:
            children.setdefault(branch.parent, []).append(branch)
    for number, branch in enumerate(branches):
        start_um = _start(branch, branches, parameters, headings)
        _walk(branch, start_um, headings[id(branch)], parameters, rng)
        daughters = children.get(number, [])
        final = _final_heading(branch)
        if branch.kind == "trunk" and any(daughter.kind == "oblique" for daughter in daughters):
            azimuth += GOLDEN_ANGLE + rng.normal(0, 0.3)
            sideways = np.array([np.cos(azimuth), OBLIQUE_RISE + rng.normal(0, 0.15), np.sin(azimuth)])
            for daughter in daughters:
                headings[id(daughter)] = _unit(sideways) if daughter.kind == "oblique" else final
        elif daughters:
            arbour: Arbour = getattr(parameters, daughters[0].kind)
            for daughter, heading in zip(daughters, _open_fork(final, daughters, arbour, rng), strict=True):
                headings[id(daughter)] = heading


def _stem_headings(stems: list[Branch], parameters: Parameters, rng: np.random.Generator) -> list[np.ndarray]:
    """Upwards for a trunk; other stems spread around the soma."""
    if stems[0].kind == "trunk":
        return [UP]
    azimuths = rng.uniform(0, 2 * np.pi) + GOLDEN_ANGLE * np.arange(len(stems))
    rises = rng.permutation(np.linspace(*parameters.basal_rise, len(stems)))
    return [
        np.array([np.cos(azimuth) * np.sqrt(1 - rise**2), rise, np.sin(azimuth) * np.sqrt(1 - rise**2)])
        for azimuth, rise in zip(azimuths, rises, strict=True)
    ]


def _start(
    branch: Branch, branches: list[Branch], parameters: Parameters, headings: dict[int, np.ndarray]
) -> np.ndarray:
    if branch.parent is not None:
        return branches[branch.parent].points_um[-1, :3]
    distance_um = SOMA_RADIUS_UM if branch.kind == "basal" else parameters.soma_length_um / 2
    return distance_um * headings[id(branch)]


def _walk(
    branch: Branch, start_um: np.ndarray, heading: np.ndarray, parameters: Parameters, rng: np.random.Generator
) -> None:
    if branch.kind == "trunk":
        wander, tropism = TRUNK_WANDER, TRUNK_TROPISM
    else:
        arbour: Arbour = getattr(parameters, branch.kind)
        wander, tropism = arbour.wander, arbour.tropism
    positions, bend = [start_um], rng.normal(0, wander, 3)
    for step_um in np.diff(branch.arc_um):
        # A step shorter than usual turns in proportion less.
        share = min(1.0, step_um / 10)
        bend = WANDER_MEMORY * bend + rng.normal(0, wander, 3)
        pull = _tropism(branch, positions[-1], heading, parameters)
        heading = _unit(heading + share * (bend + tropism * pull))
        positions.append(positions[-1] + step_um * heading)
    branch.points_um = np.column_stack([positions, branch.diameter_um])


def _tropism(branch: Branch, position_um: np.ndarray, heading: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Where a branch is drawn: the trunk and stems that rise up, basal dendrites outwards, obliques sideways, the tuft to the pia."""
    outwards = position_um * [1, 0, 1]
    if branch.kind == "trunk":
        return UP - 0.02 * outwards
    if branch.kind == "basal":
        return _unit(position_um) if parameters.basal_tree == "basal" else UP + 0.3 * _unit(outwards)
    if branch.kind == "oblique":
        return _unit(outwards) + 0.25 * UP
    below_um = parameters.pia_um - position_um[1]
    if below_um < PIA_MARGIN_UM:  # turn sideways beneath the pia
        return _unit(heading * [1, 0, 1]) * 3 - UP * 6 * (1 - below_um / PIA_MARGIN_UM) * max(heading[1], 0.1)
    return UP + 0.3 * _unit(outwards)


def _open_fork(
    heading: np.ndarray, daughters: list[Branch], arbour: Arbour, rng: np.random.Generator
) -> list[np.ndarray]:
    """Turn two daughters apart in a random plane, the one with fewer tips more."""
    plane = rng.normal(size=3)
    plane = _unit(plane - heading * (plane @ heading))
    angle = np.deg2rad(arbour.fork_degree) * rng.uniform(0.7, 1.3)
    weights = np.sqrt([daughter.n_tips for daughter in daughters])
    turns = [angle * weights[1] / weights.sum(), -angle * weights[0] / weights.sum()]
    return [np.cos(turn) * heading + np.sin(turn) * plane for turn in turns]


def _final_heading(branch: Branch) -> np.ndarray:
    return _unit(branch.points_um[-1, :3] - branch.points_um[-2, :3])


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(float(np.linalg.norm(vector)), 1e-9)
