"""Input spikes alone, from arrays or files, as trials of which it is not known what the cell does: a network predicts it.

trials = input_spikes.from_events(events, n_synapses=1278, duration_ms=1000)
predicted = surrogate.predict("results/l5pc/nmda/networks/depth_7/trials_3600/seed_1.keras", trials)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from neurodepth.cells.trial import Events
from neurodepth.container import DatasetError
from neurodepth.trials import Trials

COLUMNS = ["trial", "time_ms", "synapse"]
ARRAY = "input_spikes"  # of an NPZ file, such as the example.npz of an exported network
SUFFIXES = (".csv", ".npz")
LONGEST_MS = 65535  # as of simulated trials: times are kept in 16 bits


def from_array(spikes: np.ndarray) -> Trials:
    """Trials from an array of spikes.

    Args:
        spikes: Not 0 where a spike arrives, shape (trials, time, synapses); several in a millisecond count as one.

    Raises:
        ValueError: If the array has another form.
    """
    if np.ndim(spikes) != 3:
        raise ValueError(
            f"input spikes: expected an array (trials, time, synapses), found the shape {np.shape(spikes)}"
        )
    events = [Events(*np.nonzero(trial)) for trial in spikes]
    return from_events(events, spikes.shape[2], spikes.shape[1])


def from_events(
    events: Sequence[Events], n_synapses: int, duration_ms: int, index: Sequence[int] | None = None
) -> Trials:
    """Trials from the events of each.

    Args:
        events: Input of each trial, whole numbers, sorted by time.
        n_synapses: Of the cell.
        duration_ms: Of every trial.
        index: Number of each trial; counted from 0 if left out.

    Returns:
        Trials without output spikes, whose soma voltage is not a number.

    Raises:
        ValueError: If there is no trial, or an event lies outside the trial or the synapses.
    """
    if not len(events) or not 0 < duration_ms <= LONGEST_MS:
        raise ValueError(f"expected trials of 1 to {LONGEST_MS} ms, found {len(events)} of {duration_ms} ms")
    numbers = np.arange(len(events)) if index is None else np.asarray(index)
    for number, one in zip(numbers, events, strict=True):
        for name, values, n in (("time_ms", one.time_ms, duration_ms), ("synapse", one.synapse, n_synapses)):
            if len(values) and not 0 <= np.min(values) <= np.max(values) < n:
                raise ValueError(
                    f"trial {number}: {name} is {np.min(values)} to {np.max(values)}, expected numbers from 0 to {n - 1}"
                )
    kept = [Events(np.asarray(one.time_ms, np.uint16), np.asarray(one.synapse, np.uint16)) for one in events]
    voltage_mv = np.full((len(kept), duration_ms), np.nan, np.float32)
    return Trials(n_synapses, n_synapses, numbers, kept, [], voltage_mv)


def read(paths: Sequence[str | Path], n_synapses: int, duration_ms: int | None = None) -> Trials:
    """Read files of input spikes.

    Args:
        paths: CSV files with the columns `COLUMNS`; or NPZ files with arrays of these names, shape (events,), or with
            `input_spikes`, shape (trials, time, synapses). Times are rounded down to whole milliseconds.
        n_synapses: Of the cell.
        duration_ms: Of every trial; None takes the time of the arrays, or ends with the last event.

    Raises:
        DatasetError: If a file is missing or holds something else, or a trial is in two files.
    """
    files = [_read(Path(path), n_synapses) for path in paths]
    holder: dict[int, Path] = {}
    for file in files:
        for trial in file.trials:
            if (other := holder.setdefault(int(trial), file.path)) != file.path:
                raise DatasetError(
                    f"{file.path}: expected trials of its own, found trial {trial}, as in {other}: renumber it"
                )
    table = pd.concat([file.table for file in files]).drop_duplicates().sort_values(COLUMNS)
    rows = table.groupby("trial").indices
    columns = {name: table[name].to_numpy() for name in COLUMNS}
    events = [
        Events(*(columns[name][rows.get(trial, [])] for name in ("time_ms", "synapse"))) for trial in sorted(holder)
    ]
    length_ms = duration_ms or max(file.duration_ms for file in files)
    try:
        return from_events(events, n_synapses, length_ms, sorted(holder))
    except ValueError as error:
        raise DatasetError(f"{', '.join(map(str, paths))}: {error}") from error


@dataclass(frozen=True)
class _File:
    """Events of a file as whole numbers, its trials, and how long they are."""

    path: Path
    table: pd.DataFrame
    trials: np.ndarray
    duration_ms: int


def _read(path: Path, n_synapses: int) -> _File:
    if not path.is_file():
        raise DatasetError(f"{path}: no such file; expected input spikes as CSV or NPZ")
    if path.suffix == ".csv":
        try:
            return _of_columns(path, pd.read_csv(path))
        except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
            raise DatasetError(f"{path}: expected CSV with the columns {', '.join(COLUMNS)}: {error}") from error
    with np.load(path, allow_pickle=False) as arrays:
        if ARRAY not in arrays.files:
            return _of_columns(path, {name: arrays[name] for name in arrays.files})
        spikes = arrays[ARRAY]
    if spikes.ndim != 3 or spikes.shape[2] != n_synapses:
        raise DatasetError(f"{path}: {ARRAY} has the shape {spikes.shape}, expected (trials, time, {n_synapses})")
    table = pd.DataFrame(dict(zip(COLUMNS, np.nonzero(spikes), strict=True)))
    return _File(path, table, np.arange(len(spikes)), spikes.shape[1])


def _of_columns(path: Path, found: pd.DataFrame | dict[str, np.ndarray]) -> _File:
    if missing := [name for name in COLUMNS if name not in found]:
        raise DatasetError(
            f"{path}: expected {', '.join(COLUMNS)}, found {', '.join(found) or 'nothing'}: add {', '.join(missing)}"
        )
    table = pd.DataFrame({name: pd.to_numeric(found[name], errors="coerce") for name in COLUMNS})
    table["time_ms"] = np.floor(table["time_ms"])
    if table.empty or not (np.isfinite(table) & (table % 1 == 0)).all(axis=None):
        raise DatasetError(
            f"{path}: expected at least one row, with a number for time_ms and whole numbers for trial and synapse; "
            f"found {len(table)} rows, {int(table.isna().any(axis=1).sum())} of them without a number"
        )
    table = table.astype(np.int64)
    return _File(path, table, table["trial"].unique(), int(table["time_ms"].max()) + 1)
