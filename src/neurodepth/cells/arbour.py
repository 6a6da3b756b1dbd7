"""What a grown dendrite is made of: its rules and targets, from a cell's `growth.yaml`, and the branches that come out."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from neurodepth import validation


@dataclass(frozen=True, kw_only=True)
class Arbour:
    """How one kind of subtree grows; lengths are gamma distributed, given as mean and coefficient of variation.

    Attributes:
        stem_um: First branch of each subtree; not used for a tuft.
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

    stem_um: tuple[float, float] = (0.0, 0.0)
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


NO_ARBOUR = Arbour(
    internode_um=(0, 0),
    terminal_um=(0, 0),
    longest_path_um=0,
    total_length_um=0,
    total_area_um2=0,
    diameter_exponent=0,
    diameter_um=(0, 0),
)


@dataclass(frozen=True)
class Parameters:
    """Targets and growth rules of a whole cell, as its `growth.yaml` holds them.

    Attributes:
        title: What the cell is.
        source: Where its targets come from.
        seed: Of all random numbers.
        soma_length_um: Of the spindle along y.
        soma_area_um2: Of its membrane.
        n_basal_stems: Subtrees that leave the soma, besides an apical trunk.
        n_basal_tips: Their tips.
        basal: How they grow.
        basal_rise: Lowest and highest vertical part of their first headings, -1 down to 1 up.
        basal_tree: The tree that they are, `basal` or `apical`.
        trunk_um: Path distance and diameter of points of the apical trunk; none without a trunk, and so on.
        trunk_area_um2: Met by scaling its diameters.
        oblique_um: Where obliques leave it, before jitter.
        oblique_jitter_um: Largest shift.
        n_oblique_tips: Tips of all obliques.
        oblique: How they grow.
        n_tuft_tips: Tips of the tuft.
        tuft_first_um: Of the two daughters of the main fork, the larger forks again after this length.
        tuft_crown_um: The three branches then run unbranched to about this path distance: mean, standard deviation.
        tuft: How it grows.
        pia_um: Height of the pia above the soma, where tuft branches turn sideways.
    """

    title: str
    source: str
    seed: int
    soma_length_um: float
    soma_area_um2: float
    n_basal_stems: int
    n_basal_tips: int
    basal: Arbour
    basal_rise: tuple[float, float] = (-0.95, 0.45)
    basal_tree: str = "basal"
    trunk_um: tuple[tuple[float, float], ...] = ()
    trunk_area_um2: float = 0.0
    oblique_um: tuple[float, ...] = ()
    oblique_jitter_um: float = 0.0
    n_oblique_tips: int = 0
    oblique: Arbour = NO_ARBOUR
    n_tuft_tips: int = 0
    tuft_first_um: float = 0.0
    tuft_crown_um: tuple[float, float] = (0.0, 0.0)
    tuft: Arbour = NO_ARBOUR
    pia_um: float = 0.0


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


def read(path: str | Path) -> Parameters:
    """Read and check a `growth.yaml`.

    Raises:
        InvalidFileError: If a key is unknown or missing, or a value is out of bounds.
    """
    values = validation.read_yaml(path)
    validation.check(values, "growth", str(path))
    return Parameters(**{key: _frozen(value) for key, value in values.items()})


def _frozen(value: Any) -> Any:
    """The same with tuples for lists, and an arbour for a mapping."""
    if isinstance(value, dict):
        return Arbour(**{key: _frozen(one) for key, one in value.items()})
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
