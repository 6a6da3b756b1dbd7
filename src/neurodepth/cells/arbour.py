"""What a grown dendrite is made of: its rules and targets, and the branches that come out.

The targets are measurements of cell 1 of Hay et al. 2011 (PLoS Comput Biol 7:e1002107, ModelDB 139653), as
docs/cells.md lists them; the rules were tuned until the grown cell measures and behaves alike.
"""

from dataclasses import dataclass, field

import numpy as np


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
        stem_um=(28, 0.6),
        internode_um=(17, 0.8),
        terminal_um=(95, 0.5),
        longest_path_um=282,
        total_length_um=5133.5,
        total_area_um2=8863,
        diameter_exponent=0.38,
        diameter_um=(0.29, 1.84),
        tip_ratio=0.55,
        wander=0.21,
        fork_degree=88.0,
    )
    # Path distance, diameter: about 7 to 4 um within the first 50 um, 3.1 um to 190 um, about 2.6 um to the fork.
    trunk_um: tuple[tuple[float, float], ...] = (
        *((0, 8.6), (10, 6.6), (20, 4.6), (35, 3.8), (50, 3.4), (80, 3.15), (185, 3.05)),
        *((200, 2.6), (290, 2.62), (310, 2.95), (340, 2.85), (385, 2.45), (450, 2.45)),
        *((500, 2.55), (545, 2.8), (627, 2.83)),
    )
    trunk_area_um2: float = 5774
    oblique_um: tuple[float, ...] = (46, 111, 140, 181, 189, 253, 299, 314, 381)  # where obliques leave, before jitter
    oblique_jitter_um: float = 12.0
    n_oblique_tips: int = 33
    oblique: Arbour = Arbour(
        stem_um=(26, 0.6),
        internode_um=(23, 0.7),
        terminal_um=(80, 0.55),
        longest_path_um=480,
        total_length_um=3246.4,
        total_area_um2=6968,
        diameter_exponent=0.4,
        diameter_um=(0.29, 1.35),
        tip_ratio=0.6,
        wander=0.2,
        tropism=0.05,
        fork_degree=85.0,
    )
    n_tuft_tips: int = 22
    # Two daughters of the main fork: the larger forks again after `tuft_first_um`; the three then run unbranched to
    # about `tuft_crown_um`, through the calcium zone at 685 to 885 um.
    tuft_first_um: float = 62.0
    tuft_crown_um: tuple[float, float] = (910.0, 10.0)
    tuft: Arbour = Arbour(
        stem_um=(0, 0),  # not used: see tuft_first_um and tuft_crown_um
        internode_um=(115, 0.7),
        terminal_um=(150, 0.7),
        longest_path_um=1300.5,
        total_length_um=3567.7,
        total_area_um2=8267,
        diameter_exponent=0.55,
        diameter_um=(0.26, 1.9),
        tip_ratio=0.6,
        fork_ratio=0.8,
        fork_degree=42.0,
        wander=0.12,
        tropism=0.14,
    )
    pia_um: float = 1195.0  # height of the pia above the soma, where tuft branches turn sideways


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
