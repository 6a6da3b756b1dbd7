"""A dendrite grown at random from a seed towards published measurements.

Nothing here is traced. Branches are drawn from distributions (how tips are shared at a fork, how long a branch gets,
how it meanders) and each arbour is then calibrated: one factor on its terminal branches meets its total length, one
factor on its diameters its total area. Targets and rules stand in the cell's `growth.yaml`.
"""

from collections.abc import Callable

import numpy as np

from neurodepth.cells import embedding
from neurodepth.cells.arbour import Arbour, Branch, Parameters

SHORTEST_BRANCH_UM = 3.0
POINT_SPACING_UM = 10.0
COLLAR_UM = 1.0  # a branch takes its own diameter this far from its fork
LARGEST_MISS = 0.01  # of a total length or area, as a fraction
FIRST_LIMIT = 0.9  # no tip passes a limit of its own, between this fraction of the longest path and all of it
DIAMETER_NOISE = 0.1  # standard deviation of the logarithm, one draw a branch


def grow(parameters: Parameters, seed: int | None = None) -> list[Branch]:
    """Grow one cell; the same seed gives the same cell.

    Args:
        parameters: Targets and rules.
        seed: Any non-negative integer; None takes the parameters' own.

    Returns:
        Basal branches, then apical ones, parents before children, each with its points (x, y, z, diameter in um; the
        soma is at the origin, the pia towards +y). Point 0 of a branch with a parent is the parent's last point.
    """
    seed = parameters.seed if seed is None else seed
    shape_rng, length_rng, diameter_rng, space_rng = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(4)
    )
    basal = _basal_branches(parameters, shape_rng, length_rng)
    apical = _apical_branches(parameters, shape_rng, length_rng) if parameters.trunk_um else []
    for branches in filter(None, (basal, apical)):
        _set_diameters(branches, parameters, diameter_rng)
        embedding.embed(branches, parameters, space_rng)
    offset = len(basal)
    for branch in apical:
        branch.parent = None if branch.parent is None else branch.parent + offset
    return basal + apical


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
    tips_ahead = parameters.n_oblique_tips + parameters.n_tuft_tips
    trunk = -1  # the latest piece of trunk, of which every oblique ends one
    for number, step_um in enumerate(steps_um):
        below = None if trunk < 0 else trunk
        trunk = _add(branches, below, "trunk", tips_ahead, max(step_um, SHORTEST_BRANCH_UM))
        if number < len(oblique_tips):
            length_um = _gamma(parameters.oblique.stem_um, rng)
            oblique = _add(branches, trunk, "oblique", oblique_tips[number], length_um)
            _fork(branches, oblique, parameters.oblique, shape_rng, rng)
            tips_ahead -= oblique_tips[number]
    _fit_length(branches, "oblique", parameters.oblique, rng)
    # ASSUME the tips are shared about evenly between the three large branches of the tuft.
    small, medium, large = sorted(_share(parameters.n_tuft_tips, np.ones(3), shape_rng, evenness=60))
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


def _fork(
    branches: list[Branch], parent: int, arbour: Arbour, shape_rng: np.random.Generator, rng: np.random.Generator
) -> None:
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

    factor = solve(lambda value: fixed_um + fitted_um(value).sum(), arbour.total_length_um)
    for branch, length_um in zip(terminals, fitted_um(factor), strict=True):
        branch.length_um = float(length_um)


def solve(rising: Callable[[float], float], target: float) -> float:
    """Argument in [0.05, 20] at which a rising function reaches the target, by bisection.

    Raises:
        ValueError: If it stays more than a hundredth away from it.
    """
    low, high = 0.05, 20.0
    for _ in range(60):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if rising(middle) < target else (low, middle)
    if abs((found := rising(low)) - target) > LARGEST_MISS * target:
        raise ValueError(
            f"expected a total of {target:g} (um or um2), the branches and diameters allow {found:g}: change that total, the "
            "longest path, the number of tips or the bounds of the diameters"
        )
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
            area_of(solve(area_of, area_um2))


def _apply_factor(branches: list[Branch], kind: str, factor: float, parameters: Parameters, noise: np.ndarray) -> float:
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
