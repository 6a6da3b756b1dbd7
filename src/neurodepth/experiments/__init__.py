"""Classical experiments on dendrites, done on a cell and on its surrogates side by side. docs/experiments.md."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurodepth import surrogate
from neurodepth.cells import anatomy
from neurodepth.cells.definition import no_experiments
from neurodepth.experiments import answers
from neurodepth.experiments.answers import DURATION_MS, Answers
from neurodepth.experiments.battery import BATTERY, possible
from neurodepth.experiments.design import Stimulus
from neurodepth.experiments.sites import Sites
from neurodepth.simulation import Protocol
from neurodepth.simulation.engine import LOCAL, Engine
from neurodepth.simulation.protocol import built_cell

__all__ = ["BATTERY", "DURATION_MS", "UNITS", "run", "summarise"]
SILENCE, BACKGROUND = "silence", "background"
UNITS = {"epsp_mv": "mV", "spikes": "spikes"}


def run(
    protocol: Protocol,
    model_paths: Sequence[str | Path],
    n_backgrounds: int,
    n_workers: int = 1,
    engine: Engine = LOCAL,
) -> dict[str, np.ndarray]:
    """Do the experiments that a cell's tree allows, on silence and on random background.

    Args:
        protocol: How the cell is simulated, but for the length of trials.
        model_paths: Surrogates, one of each depth.
        n_backgrounds: Backgrounds that every stimulus is played on.
        n_workers: Processes, where the engine is this machine.
        engine: Where the cell is simulated.

    Returns:
        What `experiments.npz` holds; docs/experiments.md says what each array is.

    Raises:
        ValueError: If the cell has no dendrites to experiment on, or experiments say nothing of it (`definition.no_experiments`).
    """
    protocol = replace(protocol, duration_ms=DURATION_MS, record=())
    cell = built_cell(protocol)
    if reason := no_experiments(cell.definition.values):
        raise ValueError(
            f"variant {protocol.variant}: expected a cell to experiment on, but {reason}; take another variant"
        )
    designed = possible(Sites(anatomy.describe(cell)))
    points = [(name, stimulus) for name, stimuli in designed.items() for stimulus in stimuli]
    unique = list(dict.fromkeys(spikes for _, one in points for spikes in _played(one)))
    on = {SILENCE: [answers.SILENCE], BACKGROUND: answers.backgrounds(protocol, n_backgrounds)}
    everything = [background for several in on.values() for background in several]
    answered, surrogates = answers.of_cell_and_surrogates(protocol, model_paths, unique, everything, n_workers, engine)
    tables = [_table(points, unique, one, len(on[SILENCE])) for one in (answered, *surrogates)]
    found = {
        "background": np.repeat(list(on), len(points)),
        "experiment": np.array([name for name, _ in points] * len(on)),
        "series": np.array([one.series for _, one in points] * len(on)),
        "x": np.array([one.x for _, one in points] * len(on), np.float32),
        "depth": np.array([surrogate.describe(path)["depth"] for path in model_paths]),
        "n_backgrounds": np.array(n_backgrounds),
    }
    for name in tables[0]:
        found[f"cell_{name}"] = tables[0][name]
        found[f"surrogate_{name}"] = np.stack([table[name] for table in tables[1:]])
    return found


def summarise(found: dict[str, np.ndarray]) -> pd.DataFrame:
    """How well surrogates answer: one row an experiment, kind of background and depth.

    Returns:
        Columns experiment, background, depth, measure, cell_range (largest less least answer of the cell), rms_error
        (of the surrogate's answers, in the unit of the measure) and explained (share of the variance of the cell's
        answers over the points of the experiment).
    """
    rows = []
    for (name, background), table in pd.DataFrame({key: found[key] for key in ("experiment", "background")}).groupby(
        ["experiment", "background"], sort=False
    ):
        measure = BATTERY[str(name)].measure
        true = found[f"cell_{measure}"][table.index]
        for number, depth in enumerate(found["depth"]):
            error = found[f"surrogate_{measure}"][number, table.index] - true
            explained = 1 - np.mean(error**2) / true.var() if true.var() else np.nan
            rows.append((name, background, int(depth), measure, np.ptp(true), np.sqrt(np.mean(error**2)), explained))
    return pd.DataFrame(
        rows, columns=["experiment", "background", "depth", "measure", "cell_range", "rms_error", "explained"]
    )


def _played(one: Stimulus) -> list[Any]:
    """Input spikes of a stimulus and of its parts."""
    return [one.spikes, *(part.spikes for part in one.parts)]


def _table(
    points: Sequence[tuple[str, Stimulus]], unique: Sequence[Any], found: Answers, n_silent: int
) -> dict[str, np.ndarray]:
    """Mean, standard error over backgrounds, and linear expectation of each point, on silence and then on backgrounds."""
    place = {spikes: number for number, spikes in enumerate(unique)}
    rows = np.array([place[one.spikes] for _, one in points])
    table: dict[str, list[np.ndarray]] = {}
    for kept in (slice(0, n_silent), slice(n_silent, None)):
        difference_mv = found.difference_mv[:, kept]
        expected_mv = np.full(len(points), np.nan)
        for number, (_, one) in enumerate(points):
            if one.parts:
                summed = sum(difference_mv[place[part.spikes]] for part in one.parts)
                expected_mv[number] = np.max(summed, axis=1).mean()
        measured = {"epsp_mv": found.epsp_mv[rows][:, kept], "spikes": found.spikes[rows][:, kept]}
        columns = {"linear_sum_mv": expected_mv, "difference_mv": difference_mv[rows].mean(axis=1)}
        for name, values in measured.items():
            columns |= {name: values.mean(axis=1), f"{name}_error": _standard_error(values)}
        for name, column in columns.items():
            table.setdefault(name, []).append(column.astype(np.float32))
    return {name: np.concatenate(parts) for name, parts in table.items()}


def _standard_error(values: np.ndarray) -> np.ndarray:
    """Of the mean over the second axis; NaN of a single value."""
    n = values.shape[1]
    return values.std(axis=1, ddof=1) / np.sqrt(n) if n > 1 else np.full(len(values), np.nan)
