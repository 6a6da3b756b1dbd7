"""What a unit of each kind of work takes: from a file, or corrected by the jobs of a study that has run.

All kinds of work add up: a job takes the sum, over its kinds of work, of amount times seconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from neurodepth import validation

CLOSENESS = 0.3  # how firmly the rates keep their proportions where measured jobs could tell them apart but poorly
FURTHEST = 3  # times a single rate may move away from its stage's factor
UNKNOWN_CELL = {True: "lif", False: "l5pc"}  # whose rates stand for those of a point neuron, of another cell


@dataclass(frozen=True)
class Rates:
    """What work takes.

    Attributes:
        origin: Where the figures come from, by name.
        seconds: Of one core for a unit of each kind of work; rates.yaml explains the kinds.
        cells: Of each known cell its `synapses` and `bytes_per_bio_s`.
        step_ms: Integration step at which the cells' seconds hold; they are in inverse proportion to it.
        simulators: Time that each simulator takes, relative to the kernel of tables.
        bytes_per_component_bio_s: Of each dendritic component.
        bytes_per_network: Of a trained network, besides its parameters.
        bytes_per_layer: The same, for each layer.
    """

    origin: dict[str, str]
    seconds: dict[str, float]
    cells: dict[str, dict[str, Any]]
    step_ms: float
    simulators: dict[str, float]
    bytes_per_component_bio_s: float
    bytes_per_network: float
    bytes_per_layer: float

    def cell(self, name: str, is_point: bool) -> dict[str, Any]:
        """What is known of a cell, with the `name` of the cell whose rates these are."""
        known = name if name in self.cells else UNKNOWN_CELL[is_point]
        return {"name": known} | self.cells[known]

    def seconds_of(self, amounts: Mapping[str, float]) -> float:
        """Time that some work takes on one core.

        Raises:
            InvalidFileError: If a kind of work has no rate.
        """
        if missing := sorted(amounts.keys() - self.seconds.keys()):
            raise validation.InvalidFileError(
                f"rates: expected seconds of {', '.join(missing)}, found none: add them, or take the shipped rates"
            )
        return sum(self.seconds[kind] * amount for kind, amount in amounts.items())


def read(path: str | Path | None = None) -> Rates:
    """Read rates from a file; None takes the shipped ones.

    Raises:
        InvalidFileError: If a key is missing or unknown.
    """
    content = yaml.safe_load(resources.files("neurodepth.plan").joinpath("rates.yaml").read_text())
    if path is not None:
        known, content = set(content), validation.read_yaml(path)
        if content.keys() != known:
            raise validation.InvalidFileError(
                f"{path}: expected the keys {', '.join(sorted(known))}, found {', '.join(sorted(content))}: "
                "start from what `neurodepth plan --save-rates FILE` writes"
            )
    content["seconds"] = {kind: float(one) for kind, one in content["seconds"].items()}  # YAML reads 2e-6 as text
    return Rates(**content)


def correct(rates: Rates, measured: Sequence[tuple[str, Mapping[str, float], float]]) -> tuple[Rates, dict[str, float]]:
    """Fit rates to measured jobs.

    Each stage's rates are first multiplied by one factor, the median of measured over expected time. The jobs then
    move single rates, by least squares of the relative errors, no further from that factor than they have reason to.

    Args:
        rates: Where to start.
        measured: Of each job its stage, amounts of work and seconds.

    Returns:
        The rates; and by stage the factor.
    """
    from scipy import optimize  # here, for the workflow reads rates at the start of every job

    seconds, factors = dict(rates.seconds), {}
    for stage in dict.fromkeys(stage for stage, _, _ in measured):
        jobs = [(amounts, found_s) for one, amounts, found_s in measured if one == stage]
        kinds = [kind for kind in rates.seconds if kind.startswith(f"{stage}_")]
        shares = np.array(
            [[rates.seconds[kind] * amounts.get(kind, 0) / found_s for kind in kinds] for amounts, found_s in jobs]
        )
        factor = factors[stage] = float(np.median(1 / shares.sum(axis=1)))
        matrix = np.vstack([shares, CLOSENESS * np.eye(len(kinds)) / factor])
        wanted = np.append(np.ones(len(jobs)), np.full(len(kinds), CLOSENESS))
        multiples = optimize.lsq_linear(matrix, wanted, bounds=(factor / FURTHEST, factor * FURTHEST)).x
        seconds |= {kind: rates.seconds[kind] * float(one) for kind, one in zip(kinds, multiples, strict=True)}
    return replace(rates, seconds=seconds), factors


def write(rates: Rates, path: str | Path) -> None:
    """Write rates so that `read` reads them."""
    Path(path).write_text(yaml.safe_dump(vars(rates), sort_keys=False))
