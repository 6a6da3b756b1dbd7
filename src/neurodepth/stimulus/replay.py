"""Recorded spike trains, cut into trials."""

import functools
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurodepth.stimulus.spikes import Spikes

COLUMNS = ["time_ms", "synapse"]
WITHOUT_RATES = ("clusters", "oscillations", "rate_factor")  # options that change rates, of which a recording has none


def cut(statistics: dict[str, Any], split: str, index: int, n_synapses: int, duration_ms: int) -> Spikes:
    """One trial of a recording: trial i plays the milliseconds from i to i + 1 trial lengths.

    Args:
        statistics: The `input` mapping of a cell definition; its `replay` names a recording for each split.
        split: Name of the trial's split.
        index: Number of the trial within its split.
        n_synapses: Number of the cell's synapses.
        duration_ms: Length of a trial.

    Raises:
        ValueError: If the split has no recording, the recording cannot be used, it ends before the trial does, or
            another option needs rates.
    """
    if useless := [name for name in WITHOUT_RATES if name in statistics]:
        raise ValueError(f"input.replay plays recorded events, which {', '.join(useless)} cannot change: remove these")
    if split not in statistics["replay"]:
        raise ValueError(
            f"input.replay has no recording for the split {split}, only for {', '.join(statistics['replay'])}: add one"
        )
    recording = statistics["replay"][split]
    time_ms, synapse = _read(recording["path"], recording["sha256"], recording["duration_ms"], n_synapses)
    n_trials = recording["duration_ms"] // duration_ms
    if index >= n_trials:
        raise ValueError(
            f"{recording['path']}: {recording['duration_ms']} ms hold {n_trials} trials of {duration_ms} ms, but "
            f"trial {index} (counted from 0) is asked for: simulate fewer trials or bring a longer recording"
        )
    start, end = np.searchsorted(time_ms, [index * duration_ms, (index + 1) * duration_ms])
    return time_ms[start:end] - index * duration_ms, synapse[start:end]


@functools.lru_cache(maxsize=4)  # one for each split
def _read(path: str, sha256: str, duration_ms: int, n_synapses: int) -> Spikes:
    if not Path(path).is_file():
        raise ValueError(f"{path}: no such file, expected a recording to replay; paths start in {Path.cwd()}")
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise ValueError(f"{path}: sha256 is {found}, but input.replay says {sha256}: correct the one that is wrong")
    table = pd.read_csv(path)
    if list(table.columns) != COLUMNS:
        raise ValueError(f"{path}: columns are {', '.join(table.columns)}, expected {', '.join(COLUMNS)}")
    for column, end in (("time_ms", duration_ms), ("synapse", n_synapses)):
        _check_column(path, table[column], end)
    time_ms, synapse = (table[column].to_numpy(np.int64) for column in COLUMNS)
    _refuse(path, np.flatnonzero(np.diff(time_ms) < 0) + 1, table, "earlier than the line before: sort by time_ms")
    repeated = table.duplicated().to_numpy()
    _refuse(path, np.flatnonzero(repeated), table, "there twice: keep one event of a synapse in a millisecond")
    order = np.lexsort((synapse, time_ms))
    return time_ms[order], synapse[order]


def _check_column(path: str, column: pd.Series, end: int) -> None:
    number = pd.to_numeric(column, errors="coerce").to_numpy(np.float64)
    bad = np.flatnonzero(~((number >= 0) & (number < end) & (number == np.floor(number))))
    if bad.size:
        raise ValueError(
            f"{path}, line {bad[0] + 2}: {column.name} is {column.iloc[bad[0]]}, expected a whole number from 0 to {end - 1}"
        )


def _refuse(path: str, bad: np.ndarray, table: pd.DataFrame, reason: str) -> None:
    if bad.size:
        event = table.iloc[bad[0]]
        raise ValueError(f"{path}, line {bad[0] + 2}: time_ms {event.time_ms}, synapse {event.synapse} is {reason}")
