"""A thick-tufted layer-5 pyramidal dendrite, grown at random from a seed towards published measurements.

Nothing here is traced. Branches are drawn from distributions (how tips are shared at a fork, how long a branch gets,
how it meanders) and each arbour is then calibrated: one factor on its terminal branches meets its total length, one
factor on its diameters its total area. The targets are measurements of cell 1 of Hay et al. 2011 (PLoS Comput Biol
7:e1002107, ModelDB 139653); every number below without another source is such a measurement or was tuned so that the
grown cell behaves like that cell (docs/cells.md compares the two).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from neurodepth.cells import embedding

SWC_SOMA, SWC_BASAL, SWC_APICAL = 1, 3, 4
SHORTEST_BRANCH_UM = 3.0
POINT_SPACING_UM = 10.0
COLLAR_UM = 1.0  # a branch takes its own diameter this far from its fork
FIRST_LIMIT = 0.9  # no tip passes a limit of its own, between this fraction of the longest path and all of it
DIAMETER_NOISE = 0.12  # standard deviation of the logarithm, one draw a branch


@dataclass(frozen=True)
class Arbour:
    """How one kind of subtree grows; lengths are gamma distributed, given as mean and coefficient of variation.

    Attributes:
        stem_um: First branch of each subtree.
        internode_um: Branches between two forks.
        terminal_um: Branches that end, before calibration.
        longest_path_um: No tip lies further from the soma.
        total_length_um: Met by scaling the terminal branches.
        total_area_um2: Met by scaling the diameters.
        diameter_exponent: Diameter grows as (tips ahead) ** exponent.
        diameter_um: Smallest and largest diameter.
        tip_ratio: Diameter at a tip over that at its last fork.
        fork_ratio: Diameter before a fork over that after the previous one.
        fork_degree: Angle between two daughters.
        wander: Noise of the heading at each point.
        tropism: Pull on the heading at each point.
    """

    stem_um: tuple[float, float]
    internode_um: tuple[float, float]
    terminal_um: tuple[float, float]
    longest_path_um: float
    total_length_um: float
    total_area_um2: float
    diameter_exponent: float
    diameter_um: tuple[float, float]
    tip_ratio: float = 0.6
    fork_ratio: float = 0.95
    fork_degree: float = 65.0
    wander: float = 0.13
    tropism: float = 0.06


@dataclass(frozen=True)
class Parameters:
    """Targets and growth rules of the whole cell; the defaults are the project's cell."""

    soma_length_um: float = 23.2
    soma_area_um2: float = 1131.4
    n_basal_stems: int = 8
    n_basal_tips: int = 46
    basal: Arbour = Arbour(
        (19, 0.5), (18, 0.8), (95, 0.5), 282, 5133.5, 8863, 0.38, (0.29, 1.84), tip_ratio=0.55, wander=0.15
    )
    # Path distance, diameter: from about 7 um at the soma to 4 um within 50 um, 3.1 um to 250 um, 2.6 um to the fork.
    trunk_um: tuple[tuple[float, float], ...] = (
        *((0, 8.6), (10, 6.6), (20, 4.6), (35, 3.8), (50, 3.4), (80, 3.15), (185, 3.05)),
        *((250, 2.65), (500, 2.6), (627, 2.75)),
    )
    trunk_area_um2: float = 5774
    oblique_um: tuple[float, ...] = (46, 111, 140, 181, 189, 253, 299, 314, 381)  # where obliques leave, before jitter
    oblique_jitter_um: float = 12.0
    n_oblique_tips: int = 33
    oblique: Arbour = Arbour(
        (22, 0.6), (23, 0.7), (80, 0.55), 500, 3246.4, 6968, 0.4, (0.29, 1.35), tip_ratio=0.6, tropism=0.05
    )
    n_tuft_tips: int = 22
    # Two daughters of the main fork: the larger forks again after `tuft_first_um`; the three then run unbranched to
    # about `tuft_crown_um`, through the calcium zone at 685 to 885 um.
    tuft_first_um: float = 62.0
    tuft_crown_um: tuple[float, float] = (910.0, 10.0)
    tuft: Arbour = Arbour(
        (0, 0), (90, 0.8), (150, 0.8), 1300.5, 3567.7, 8267, 0.55, (0.26, 1.9), tip_ratio=0.6, fork_ratio=0.8, fork_degree=50.0
    )
    pia_um: float = 1165.0  # height of the pia above the soma, where tuft branches turn sideways


@dataclass
class Branch:
    """One unbranched stretch; a child's parent stands before it in the list of branches."""

    parent: int | None
    kind: str  # trunk, oblique, tuft or basal
    n_tips: int
    length_um: float
    start_um: float  # path distance from the soma
    arc_um: np.ndarray = field(default_factory=lambda: np.empty(0))  # where its points lie along it, from 0
    diameter_um: np.ndarray = field(default_factory=lambda: np.empty(0))  # at these points
    points_um: np.ndarray = field(default_factory=lambda: np.empty((0, 4)))  # x, y, z, diameter


def grow(seed: int, parameters: Parameters | None = None) -> list[Branch]:
    """Grow one cell; the same seed gives the same cell.

    Args:
        seed: Any non-negative integer.
        parameters: Targets and rules; None takes the project's cell.

    Returns:
        Basal branches, then apical ones, parents before children, each with its points (x, y, z, diameter in um; the
        soma is at the origin, the pia towards +y). Point 0 of a branch with a parent is the parent's last point.
    """
    parameters = parameters or Parameters()
    shape_rng, length_rng, diameter_rng, space_rng = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(4)
    )
    basal = _basal_branches(parameters, shape_rng, length_rng)
    apical = _apical_branches(parameters, shape_rng, length_rng)
    for branches in (basal, apical):
        _set_diameters(branches, parameters, diameter_rng)
        embedding.embed(branches, parameters, space_rng)
    offset = len(basal)
    for branch in apical:
        branch.parent = None if branch.parent is None else branch.parent + offset
    return basal + apical


def write_swc(branches: Sequence[Branch], path: str | Path, seed: int, parameters: Parameters | None = None) -> None:
    """Write a grown cell as SWC: soma type 1, basal 3, apical 4; dendrites hang on the soma's middle point."""
    soma = _soma_points(parameters or Parameters())
    rows = [(SWC_SOMA, *point, number) for number, point in enumerate(soma)]  # the first point's parent is 0: none
    last_row: list[int] = []
    for branch in branches:
        swc_type = SWC_BASAL if branch.kind == "basal" else SWC_APICAL
        previous = len(soma) // 2 + 1 if branch.parent is None else last_row[branch.parent]
        for point in branch.points_um if branch.parent is None else branch.points_um[1:]:
            rows.append((swc_type, *point, previous))
            previous = len(rows)
        last_row.append(previous)
    header = (
        "# Layer-5 thick-tufted pyramidal cell of the project neurodepth. Grown, not traced: made by\n"
        f"#   python scripts/grow_morphology.py --seed {seed}\n"
        "# towards measurements of cell 1 of Hay et al. 2011, PLoS Comput Biol 7:e1002107 (docs/cells.md).\n"
        "# Lengths in um; soma at the origin, pia towards +y. Types: 1 soma, 3 basal, 4 apical dendrite.\n"
        "# id type x y z radius parent\n"
    )
    lines = [
        f"{number} {swc_type} {x:.3f} {y:.3f} {z:.3f} {diameter / 2:.4f} {parent or -1}\n"
        for number, (swc_type, x, y, z, diameter, parent) in enumerate(rows, start=1)
    ]
    Path(path).write_bytes((header + "".join(lines)).encode())


def _basal_branches(parameters: Parameters, shape_rng: np.random.Generator, rng: np.random.Generator) -> list[Branch]:
    branches: list[Branch] = []
    arbour = parameters.basal
    for n_tips in _share(parameters.n_basal_tips, np.ones(parameters.n_basal_stems), shape_rng):
        stem = _add(branches, None, "basal", n_tips, _gamma(arbour.stem_um, rng))
        _fork(branches, stem, arbour, shape_rng, rng)
    _fit_length(branches, "basal", arbour, rng, reach=True)
    return branches


def _apical_branches(parameters: Parameters, shape_rng: np.random.Generator, rng: np.random.Generator) -> list[Branch]:
    branches: list[Branch] = []
    jitter = parameters.oblique_jitter_um
    origins_um = np.sort(np.array(parameters.oblique_um) + rng.uniform(-jitter, jitter, len(parameters.oblique_um)))
    steps_um = np.diff([0, *origins_um, parameters.trunk_um[-1][0]])
    # ASSUME an oblique gets tips in proportion to the room that is left above it.
    oblique_tips = _share(parameters.n_oblique_tips, parameters.oblique.longest_path_um - origins_um, shape_rng)
    tips_ahead, trunk = parameters.n_oblique_tips + parameters.n_tuft_tips, None
    for number, step_um in enumerate(steps_um):
        trunk = _add(branches, trunk, "trunk", tips_ahead, max(step_um, SHORTEST_BRANCH_UM))
        if number < len(oblique_tips):
            length_um = _gamma(parameters.oblique.stem_um, rng)
            oblique = _add(branches, trunk, "oblique", oblique_tips[number], length_um)
            _fork(branches, oblique, parameters.oblique, shape_rng, rng)
            tips_ahead -= oblique_tips[number]
    _fit_length(branches, "oblique", parameters.oblique, rng)
    # ASSUME the tips are shared about evenly between the three large branches of the tuft.
    small, medium, large = sorted(_share(parameters.n_tuft_tips, np.ones(3), shape_rng, evenness=20))
    first = _add(branches, trunk, "tuft", small + large, parameters.tuft_first_um)
    for parent, n_tips in ((trunk, medium), (first, large), (first, small)):
        start_um = branches[parent].start_um + branches[parent].length_um
        branch = _add(branches, parent, "tuft", n_tips, rng.normal(*parameters.tuft_crown_um) - start_um)
        _fork(branches, branch, parameters.tuft, shape_rng, rng)
    _fit_length(branches, "tuft", parameters.tuft, rng, reach=True)
    return branches


def _add(branches: list[Branch], parent: int | None, kind: str, n_tips: int, length_um: float) -> int:
    start_um = 0.0 if parent is None else branches[parent].start_um + branches[parent].length_um
    branches.append(Branch(parent, kind, n_tips, length_um, start_um))
    return len(branches) - 1


def _fork(branches: list[Branch], parent: int, arbour: Arbour, shape_rng: np.random.Generator, rng: np.random.Generator) -> None:
    """Let a branch fork until every daughter carries one tip."""
    n_tips = branches[parent].n_tips
    if n_tips == 1:
        return
    n_left = 1 + int(shape_rng.binomial(n_tips - 2, shape_rng.beta(2, 2)))
    end_um = branches[parent].start_um + branches[parent].length_um
    for n_daughter in (n_left, n_tips - n_left):
        length_um = _gamma(arbour.terminal_um if n_daughter == 1 else arbour.internode_um, rng)
        # Leave room for the forks still to come.
        room_um = (arbour.longest_path_um - end_um) / (1 if n_daughter == 1 else 2)
        length_um = max(min(length_um, room_um), SHORTEST_BRANCH_UM)
        daughter = _add(branches, parent, branches[parent].kind, n_daughter, length_um)
        _fork(branches, daughter, arbour, shape_rng, rng)


def _share(n_tips: int, weights: np.ndarray, rng: np.random.Generator, evenness: float = 3) -> list[int]:
    """Share tips between subtrees, at least one each and on average in proportion to their weights."""
    shares = rng.dirichlet(evenness * weights / weights.mean())
    return [1 + int(extra) for extra in rng.multinomial(n_tips - len(weights), shares)]


def _gamma(mean_and_variation: tuple[float, float], rng: np.random.Generator) -> float:
    mean, variation = mean_and_variation
    return max(float(rng.gamma(variation**-2, mean * variation**2)), SHORTEST_BRANCH_UM)


def _fit_length(
    branches: list[Branch], kind: str, arbour: Arbour, rng: np.random.Generator, reach: bool = False
) -> None:
    """Scale terminal branches to the arbour's total length; with `reach`, one tip ends at the longest path."""
    ours = [branch for branch in branches if branch.kind == kind]
    terminals = [branch for branch in ours if branch.n_tips == 1]
    drawn_um = np.array([branch.length_um for branch in terminals])
    limit_um = arbour.longest_path_um * rng.uniform(FIRST_LIMIT, 1, len(terminals))
    farthest = int(np.argmax([branch.start_um + branch.length_um for branch in terminals]))
    limit_um[farthest] = arbour.longest_path_um
    room_um = np.maximum(limit_um - [branch.start_um for branch in terminals], SHORTEST_BRANCH_UM)
    fixed_um = sum(branch.length_um for branch in ours if branch.n_tips > 1)

    def fitted_um(factor: float) -> np.ndarray:
        lengths_um = np.clip(drawn_um * factor, SHORTEST_BRANCH_UM, room_um)
        if reach:
            lengths_um[farthest] = room_um[farthest]
        return lengths_um

    factor = _solve(lambda value: fixed_um + fitted_um(value).sum(), arbour.total_length_um)
    for branch, length_um in zip(terminals, fitted_um(factor), strict=True):
        branch.length_um = float(length_um)


def _solve(rising: Callable[[float], float], target: float) -> float:
    """Argument in [0.05, 20] at which a rising function reaches the target, by bisection."""
    low, high = 0.05, 20.0
    for _ in range(60):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if rising(middle) < target else (low, middle)
    return float(low)


def _set_diameters(branches: list[Branch], parameters: Parameters, rng: np.random.Generator) -> None:
    noise = rng.lognormal(0, DIAMETER_NOISE, len(branches))
    for branch in branches:
        n_points = 1 + max(1, round(branch.length_um / POINT_SPACING_UM))
        arc_um = np.linspace(0, branch.length_um, n_points)
        if branch.parent is not None:
            arc_um = np.insert(arc_um, 1, COLLAR_UM)
        branch.arc_um = arc_um
    for kind, area_um2 in {
        "trunk": parameters.trunk_area_um2,
        "oblique": parameters.oblique.total_area_um2,
        "tuft": parameters.tuft.total_area_um2,
        "basal": parameters.basal.total_area_um2,
    }.items():

        def area_of(factor: float, kind: str = kind) -> float:
            return _apply_factor(branches, kind, factor, parameters, noise)

        if any(branch.kind == kind for branch in branches):
            area_of(_solve(area_of, area_um2))


def _apply_factor(
    branches: list[Branch], kind: str, factor: float, parameters: Parameters, noise: np.ndarray
) -> float:
    """Set the diameters of one kind of branch, scaled by a factor, and return their area in um2."""
    area_um2 = 0.0
    for branch, own_noise in zip(branches, noise, strict=True):
        if branch.kind != kind:
            continue
        parent = None if branch.parent is None else branches[branch.parent]
        if kind == "trunk":
            diameter_um = factor * np.interp(branch.start_um + branch.arc_um, *np.transpose(parameters.trunk_um))
        else:
            arbour = getattr(parameters, kind)
            start_um = factor * branch.n_tips**arbour.diameter_exponent * own_noise
            if parent is not None:
                start_um = min(start_um, parent.diameter_um[-1])
            end_ratio = arbour.tip_ratio if branch.n_tips == 1 else arbour.fork_ratio
            taper = np.interp(branch.arc_um, [0, branch.length_um], [1, end_ratio])
            diameter_um = np.clip(start_um * taper, *arbour.diameter_um)
        if parent is not None:
            diameter_um[0] = parent.diameter_um[-1]
        branch.diameter_um = diameter_um
        slant_um = np.hypot(np.diff(branch.arc_um), np.diff(diameter_um) / 2)
        area_um2 += float(np.pi / 2 * np.sum((diameter_um[1:] + diameter_um[:-1]) * slant_um))
    return area_um2


def _soma_points(parameters: Parameters) -> np.ndarray:
    """Outline of a spindle along y, shape (points, 4), with the wanted length and area."""
    y_um = np.linspace(-0.5, 0.5, 9) * parameters.soma_length_um
    outline = np.sqrt(1 - 0.9 * (2 * y_um / parameters.soma_length_um) ** 2)

    def area_um2(diameter_um: float) -> float:
        outline_um = diameter_um * outline
        slant_um = np.hypot(np.diff(y_um), np.diff(outline_um) / 2)
        return float(np.pi / 2 * np.sum((outline_um[1:] + outline_um[:-1]) * slant_um))

    diameter_um = outline * _solve(area_um2, parameters.soma_area_um2)
    return np.column_stack([np.zeros(9), y_um, np.zeros(9), diameter_um])
