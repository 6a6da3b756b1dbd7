"""The input at which a cell fires at a given rate: one factor on the rates of all synapses, found on pilot trials."""

import dataclasses
import logging
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from neurodepth import simulation, validation
from neurodepth.cells import definition
from neurodepth.simulation.engine import LOCAL, Engine
from neurodepth.simulation.protocol import Protocol

PILOT_MS = 8000  # simulated for each factor that is tried, at least, besides the start of each trial
START_MS = 500  # of a trial, not counted: the cell leaves its initial voltage
TOLERANCE = 0.25  # of the target; eight spikes, what is expected at 1 Hz, have a standard error of 0.35
LOWEST, HIGHEST = 1 / 16, 16  # factors
CLOSE = 1.05  # ratio of two factors that are not told apart
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tried:
    """A factor on the input rates, and what the cell did.

    Attributes:
        factor: On the rates of all synapses.
        output_rate_hz: Of the pilot trials, without the start of each.
    """

    factor: float
    output_rate_hz: float


def find_factor(
    protocol: Protocol, target_hz: float, folder: Path, n_workers: int, engine: Engine = LOCAL
) -> list[Tried]:
    """Find the factor on the input rates at which a cell fires at a target rate; always the same one for a protocol.

    Excitation and inhibition are multiplied together, so that their balance stays that of the definition.

    Args:
        protocol: How the cell is simulated; its pilot trials are the search's.
        target_hz: Output rate to reach, within a quarter.
        folder: Where definitions with the factors that are tried may be written.
        n_workers: Processes, where the engine is this machine.
        engine: Where the trials are computed.

    Returns:
        All that was tried, the factor to take last.

    Raises:
        InvalidFileError: If no factor reaches the target.
    """
    indices = range(math.ceil(PILOT_MS / (protocol.duration_ms - START_MS)))

    def output_rate_hz(factor: float) -> float:
        path = write_scaled(protocol, [protocol.variant], factor, folder / f"{factor:g}")
        scaled = dataclasses.replace(protocol, cell_path=str(path.parent), record=())
        trials = simulation.simulate_trials(scaled, "pilot", indices, n_workers, None, f"input x {factor:.3g}", engine)
        n_spikes = sum(int((trial.spike_time_ms >= START_MS).sum()) for trial in trials)
        return 1000 * n_spikes / (len(indices) * (protocol.duration_ms - START_MS))

    return search(output_rate_hz, target_hz, f"{Path(protocol.cell_path).name}, {protocol.variant}")


def search(output_rate_hz: Callable[[float], float], target_hz: float, name: str) -> list[Tried]:
    """Double or halve a factor until the target lies between two, then take their geometric mean, and so on.

    Args:
        output_rate_hz: Output rate at a factor.
        target_hz: Rate to reach.
        name: Of the cell, for the message.

    Returns:
        All that was tried, the factor to take last.

    Raises:
        InvalidFileError: If no factor from LOWEST to HIGHEST reaches the target.
    """
    too_low, too_high, factor = 0.0, math.inf, 1.0
    tried: list[Tried] = []
    while True:
        tried.append(Tried(factor, output_rate_hz(factor)))
        log.info("%s: %.3g Hz at input rates times %.4g", name, tried[-1].output_rate_hz, factor)
        if abs(tried[-1].output_rate_hz - target_hz) <= TOLERANCE * target_hz:
            return tried
        if tried[-1].output_rate_hz < target_hz:
            too_low = factor
        else:
            too_high = factor
        if too_low >= HIGHEST or too_high <= LOWEST:
            raise validation.InvalidFileError(
                f"{name}: expected an output rate of {target_hz:g} Hz, found {tried[-1].output_rate_hz:g} Hz at input rates "
                f"times {factor:g}: change the conductances of its synapses, or target_output_rate_hz"
            )
        if too_high < CLOSE * too_low:  # a rate that jumps: the factor whose rate is nearest
            return [*tried, min(tried, key=lambda one: abs(one.output_rate_hz - target_hz))]
        factor = too_high / 2 if not too_low else 2 * too_low if too_high == math.inf else math.sqrt(too_low * too_high)


def write_scaled(protocol: Protocol, variants: list[str], factor: float, folder: Path) -> Path:
    """Write the definition of a protocol's cell with its input rates multiplied, for some of its variants.

    Args:
        protocol: Names the cell.
        variants: Of the cell.
        factor: On the rates of all synapses, beside what a variant says itself.
        folder: Gets a folder with the cell's name.

    Returns:
        The cell.yaml.
    """
    cell_path = Path(protocol.cell_path).resolve()
    scaled = {name: {"input": {"rate_factor": _scaled(cell_path, name, factor)}} for name in variants}
    path = folder / cell_path.name / "cell.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    extended = os.path.relpath(cell_path / "cell.yaml", path.parent.resolve())
    path.write_text(yaml.safe_dump({"extends": extended, "variants": scaled}, sort_keys=False))
    return path


def _scaled(cell_path: Path, variant: str, factor: float) -> dict[str, Any]:
    given = definition.read(cell_path, variant).values["input"].get("rate_factor", {})
    return {kind: given.get(kind, 1.0) * factor for kind in ("excitatory", "inhibitory")}
