"""The input at which a cell fires at a given rate: one factor on the rates of all synapses, found on pilot trials."""

import dataclasses
import logging
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from neurodepth import metrics, simulation, validation
from neurodepth.cells import definition
from neurodepth.simulation.engine import LOCAL, Engine
from neurodepth.simulation.protocol import Protocol

# Simulated for each factor that is tried, at least and at most, besides the start of each trial. Rates of trials differ by
# more than their mean (docs/own_cell.md), so that four minutes leave a standard error of a fifth, and eight seconds would one of 1.
LEAST_MS, MOST_MS = 40_000, 240_000
TOLERANCE = 0.25  # of the target
# ASSUME: standard deviation over mean of the rates of trials at the target; 1.2 to 2.0 in 120 to 600 trials of 6 s of l5pc and
# l5pc_hay2011 at 1.0 to 1.6 Hz. Of 8 such trials, one sample in ten is below the mean by three standard errors of its own.
SPREAD = 1.5
SURE = 2  # standard errors from the target: no more trials are needed to say on which side the rate is
LOWEST, HIGHEST = 1 / 16, 16  # factors
CLOSE = 1.05  # ratio of two factors that are not told apart
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tried:
    """A factor on the input rates, and what the cell did.

    Attributes:
        factor: On the rates of all synapses.
        output_rate_hz: Mean of the pilot trials, without the start of each.
        standard_error_hz: Of that mean.
        trials: How many.
    """

    factor: float
    output_rate_hz: float
    standard_error_hz: float
    trials: int


def find_factor(
    protocol: Protocol, target_hz: float, n_trials: int, folder: Path, n_workers: int, engine: Engine = LOCAL
) -> list[Tried]:
    """Find the factor on the input rates at which a cell fires at a target rate; always the same one for a protocol.

    Excitation and inhibition are multiplied together, so that their balance stays that of the definition.

    Args:
        protocol: How the cell is simulated; its pilot trials are the search's.
        target_hz: Output rate to reach, within a quarter in the pilot trials.
        n_trials: That the study trains on: no more are spent on a factor.
        folder: Where definitions with the factors that are tried may be written.
        n_workers: Processes, where the engine is this machine.
        engine: Where the trials are computed.

    Returns:
        All that was tried, the factor to take last.

    Raises:
        InvalidFileError: If no factor reaches the target.
    """
    counted_ms = protocol.duration_ms - metrics.WARM_UP_MS
    n_least, n_most = (max(2, min(n_trials, math.ceil(one / counted_ms))) for one in (LEAST_MS, MOST_MS))

    def try_factor(factor: float) -> Tried:
        path = write_scaled(protocol, [protocol.variant], factor, folder / f"{factor:g}")
        scaled = dataclasses.replace(protocol, cell_path=str(path.parent), record=())

        def rates_hz(indices: range) -> list[float]:
            label = f"input x {factor:.3g}"
            trials = simulation.simulate_trials(scaled, "pilot", indices, n_workers, None, label, engine)
            return metrics.output_rates_hz([trial.spike_time_ms for trial in trials], protocol.duration_ms).tolist()

        return measure(factor, rates_hz, target_hz, n_least, n_most)

    return search(try_factor, target_hz, f"{Path(protocol.cell_path).name}, {protocol.variant}")


def measure(
    factor: float,
    rates_hz: Callable[[range], list[float]],
    target_hz: float,
    n_least: int,
    n_most: int,
) -> Tried:
    """Measure the output rate at a factor, on as many trials as it takes to hold it against the target.

    Args:
        factor: On the input rates.
        rates_hz: Output rates of the trials of a range.
        target_hz: Rate to hold it against.
        n_least: Trials at first; then as many again, and so on.
        n_most: Trials at most.
    """
    found: list[float] = []
    while True:
        found += rates_hz(range(len(found), min(2 * len(found) or n_least, n_most)))
        rate_hz, error_hz = float(np.mean(found)), float(np.std(found, ddof=1) / math.sqrt(len(found)))
        if rate_hz < target_hz:  # silent trials are many and alike: their own deviation would be far too small
            error_hz = max(error_hz, SPREAD * target_hz / math.sqrt(len(found)))
        off_hz, allowed_hz = abs(rate_hz - target_hz), TOLERANCE * target_hz
        is_far = off_hz > max(allowed_hz, SURE * error_hz)
        if is_far or SURE * error_hz < allowed_hz or len(found) >= n_most:
            return Tried(factor, rate_hz, error_hz, len(found))


def search(try_factor: Callable[[float], Tried], target_hz: float, name: str) -> list[Tried]:
    """Double or halve a factor until the target lies between two, then take their geometric mean, and so on.

    Args:
        try_factor: Says what the cell does at a factor.
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
        found = try_factor(factor)
        tried.append(found)
        log.info(
            *("%s: %.3g Hz (standard error %.2g, %d trials) at input rates times %.4g", name),
            *(found.output_rate_hz, found.standard_error_hz, found.trials, factor),
        )
        if abs(found.output_rate_hz - target_hz) <= TOLERANCE * target_hz:
            return tried
        if found.output_rate_hz < target_hz:
            too_low = factor
        else:
            too_high = factor
        if too_low >= HIGHEST or too_high <= LOWEST:
            raise validation.InvalidFileError(
                f"{name}: expected an output rate of {target_hz:g} Hz, found {found.output_rate_hz:g} Hz at input rates "
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
