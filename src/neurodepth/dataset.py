"""Trials on disk: HDF5 shards, the one place that opens HDF5. docs/data_format.md is the contract."""

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from neurodepth import provenance
from neurodepth.cells.trial import Events, Trial, VoltageBasis

FORMAT = "neurodepth trials"
BASIS_FORMAT = "neurodepth voltage basis"
FORMAT_VERSION = 1
# name: (type, unit, dimensions); optional ones are absent where the cell or the study has none.
LAYOUT = {
    "trial_index": ("int64", "", "trials"),
    "event_start": ("int64", "", "trials+1"),
    "event_time_ms": ("uint16", "ms", "events"),
    "event_synapse": ("uint16", "", "events"),
    "spike_start": ("int64", "", "trials+1"),
    "spike_time_ms": ("float64", "ms", "spikes"),
    "soma_voltage_mv": ("float32", "mV", "trials,time"),
    "nexus_voltage_mv": ("float32", "mV", "trials,time"),
    "dendrite_components_mv": ("float16", "mV", "trials,time,components"),
}
OPTIONAL = ("nexus_voltage_mv", "dendrite_components_mv")
ATTRIBUTES = {
    "format": "always `neurodepth trials`",
    "format_version": "integer, 1",
    "cell": "name of the cell",
    "variant": "variant of the cell",
    "split": "train, validation, test or pilot",
    "seed": "the study's seed",
    "n_synapses": "number of input synapses",
    "n_excitatory": "number of excitatory synapses, which come first",
    "protocol": "JSON: how the cell was simulated",
    "versions": "JSON: package versions",
    "commit": "commit of the source tree",
    "checksum": "sha256 over names and bytes of all datasets",
}
_ON_DISK = {"compression": "gzip", "compression_opts": 1, "shuffle": True, "track_times": False}


class DatasetError(ValueError):
    """A file that is not a complete shard of this format; the message says what to do."""


@dataclass(frozen=True)
class Trials:
    """Trials of one split, in memory.

    Attributes:
        n_synapses: Number of input synapses.
        n_excitatory: Number of excitatory ones, which come first.
        index: Number of each trial within its split, shape (trials,).
        events: Input of each trial.
        spike_time_ms: Output spikes of each trial, float64.
        soma_voltage_mv: float32, shape (trials, time).
        nexus_voltage_mv: float32, shape (trials, time), or None.
        dendrite_components_mv: float16, shape (trials, time, components), or None.
    """

    n_synapses: int
    n_excitatory: int
    index: np.ndarray
    events: list[Events]
    spike_time_ms: list[np.ndarray]
    soma_voltage_mv: np.ndarray
    nexus_voltage_mv: np.ndarray | None
    dendrite_components_mv: np.ndarray | None

    def __len__(self) -> int:
        return len(self.index)

    @property
    def duration_ms(self) -> int:
        """Length of a trial."""
        return self.soma_voltage_mv.shape[1]

    def spikes(self) -> np.ndarray:
        """1 in each millisecond in which the cell spiked, else 0; uint8, shape (trials, time)."""
        spikes = np.zeros(self.soma_voltage_mv.shape, np.uint8)
        for trial, times in enumerate(self.spike_time_ms):
            # A spike in the very last step of a trial can be stamped with the trial's end.
            spikes[trial, np.minimum(times.astype(int), self.duration_ms - 1)] = 1
        return spikes

    def first(self, n_trials: int) -> "Trials":
        """The first trials of this split.

        Raises:
            ValueError: If there are not as many.
        """
        if not 0 < n_trials <= len(self):
            raise ValueError(f"{n_trials} trials asked for, the dataset has {len(self)}")
        return Trials(
            self.n_synapses,
            self.n_excitatory,
            self.index[:n_trials],
            self.events[:n_trials],
            self.spike_time_ms[:n_trials],
            self.soma_voltage_mv[:n_trials],
            None if self.nexus_voltage_mv is None else self.nexus_voltage_mv[:n_trials],
            None if self.dendrite_components_mv is None else self.dendrite_components_mv[:n_trials],
        )


def write_shard(path: str | Path, trials: Sequence[Trial], indices: Iterable[int], description: dict[str, Any]) -> None:
    """Write trials of one split to a file, under a temporary name first.

    Args:
        path: Where to.
        trials: At least one trial, all of one length.
        indices: Number of each trial within its split.
        description: The attributes cell, variant, split, seed, n_synapses, n_excitatory and protocol.
    """
    arrays: dict[str, np.ndarray] = {
        "trial_index": np.array(list(indices)),
        "event_start": np.cumsum([0, *(len(trial.events.time_ms) for trial in trials)]),
        "event_time_ms": np.concatenate([trial.events.time_ms for trial in trials]),
        "event_synapse": np.concatenate([trial.events.synapse for trial in trials]),
        "spike_start": np.cumsum([0, *(len(trial.spike_time_ms) for trial in trials)]),
        "spike_time_ms": np.concatenate([trial.spike_time_ms for trial in trials]),
        "soma_voltage_mv": np.stack([trial.soma_voltage_mv for trial in trials]),
    }
    for name in OPTIONAL:
        if getattr(trials[0], name) is not None:
            arrays[name] = np.stack([getattr(trial, name) for trial in trials])
    attributes = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "versions": json.dumps(provenance.versions()),
        "commit": provenance.commit(),
        **{key: json.dumps(value) if isinstance(value, dict) else value for key, value in description.items()},
    }
    _write(Path(path), arrays, LAYOUT, attributes)


def read_split(paths: Sequence[str | Path]) -> Trials:
    """Read all shards of one split into memory, in the order given.

    Raises:
        DatasetError: If a file is truncated, foreign or does not fit the others.
    """
    parts = [_read_shard(Path(path)) for path in paths]
    if not parts:
        raise DatasetError("expected at least one shard, got none")
    for path, part in zip(paths, parts, strict=True):
        found, expected = (part.n_synapses, part.duration_ms), (parts[0].n_synapses, parts[0].duration_ms)
        if found != expected:
            raise DatasetError(
                f"{path}: (synapses, duration in ms) is {found}, but {paths[0]} has {expected}: not of one split"
            )
    return Trials(
        parts[0].n_synapses,
        parts[0].n_excitatory,
        np.concatenate([part.index for part in parts]),
        [events for part in parts for events in part.events],
        [times for part in parts for times in part.spike_time_ms],
        np.concatenate([part.soma_voltage_mv for part in parts]),
        _join([part.nexus_voltage_mv for part in parts]),
        _join([part.dendrite_components_mv for part in parts]),
    )


def describe(path: str | Path) -> dict[str, Any]:
    """What a shard holds, after checking it: its attributes and, for each dataset, shape, type and unit.

    Raises:
        DatasetError: If the file is truncated or foreign.
    """
    arrays, attributes = _read(Path(path), FORMAT, LAYOUT)
    datasets = {
        name: {"shape": array.shape, "type": str(array.dtype), "unit": LAYOUT[name][1], "dims": LAYOUT[name][2]}
        for name, array in arrays.items()
    }
    n_trials, duration_ms = arrays["soma_voltage_mv"].shape
    biology_s = n_trials * duration_ms / 1000
    summary = {
        "trials": n_trials,
        "duration_ms": duration_ms,
        "input_rate_hz": len(arrays["event_time_ms"]) / int(attributes["n_synapses"]) / biology_s,
        "output_rate_hz": len(arrays["spike_time_ms"]) / biology_s,
    }
    return {"attributes": attributes, "datasets": datasets, "summary": summary}


def write_basis(path: str | Path, basis: VoltageBasis) -> None:
    """Write principal components of dendritic voltages."""
    layout = {
        "mean_mv": ("float64", "mV", "segments"),
        "components": ("float64", "", "components,segments"),
        "explained": ("float64", "", "components"),
    }
    arrays = {name: getattr(basis, name) for name in layout}
    _write(Path(path), arrays, layout, {"format": BASIS_FORMAT, "format_version": FORMAT_VERSION})


def read_basis(path: str | Path) -> VoltageBasis:
    """Read what `write_basis` wrote.

    Raises:
        DatasetError: If the file is truncated or foreign.
    """
    arrays, _ = _read(Path(path), BASIS_FORMAT, {"mean_mv": (), "components": (), "explained": ()})
    return VoltageBasis(**arrays)


def _read_shard(path: Path) -> Trials:
    arrays, attributes = _read(path, FORMAT, LAYOUT)
    n_trials = len(arrays["trial_index"])
    for name in ("soma_voltage_mv", *OPTIONAL):
        if name in arrays and len(arrays[name]) != n_trials:
            raise DatasetError(f"{path}: {name} has {len(arrays[name])} trials, expected {n_trials}: {_CURE}")
    event_cuts, spike_cuts = arrays["event_start"][1:-1], arrays["spike_start"][1:-1]
    return Trials(
        int(attributes["n_synapses"]),
        int(attributes["n_excitatory"]),
        arrays["trial_index"],
        [
            Events(time_ms, synapse)
            for time_ms, synapse in zip(
                np.split(arrays["event_time_ms"], event_cuts),
                np.split(arrays["event_synapse"], event_cuts),
                strict=True,
            )
        ],
        np.split(arrays["spike_time_ms"], spike_cuts),
        arrays["soma_voltage_mv"],
        arrays.get("nexus_voltage_mv"),
        arrays.get("dendrite_components_mv"),
    )


_CURE = "the file is incomplete or damaged; delete it and run snakemake again"


def _write(path: Path, arrays: dict[str, np.ndarray], layout: dict[str, tuple], attributes: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".incomplete")
    typed = {name: np.ascontiguousarray(array, layout[name][0]) for name, array in arrays.items()}
    with h5py.File(temporary, "w") as file:
        for name, array in typed.items():
            chunks = (1, *array.shape[1:]) if array.ndim > 1 else True if array.size else None
            stored = file.create_dataset(name, data=array, chunks=chunks, **(_ON_DISK if array.size else {}))
            stored.attrs["unit"], stored.attrs["dims"] = layout[name][1], layout[name][2]
        file.attrs.update(attributes | {"checksum": _checksum(typed)})
    os.replace(temporary, path)


def _read(path: Path, expected_format: str, layout: dict[str, tuple]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    if not path.is_file():
        raise DatasetError(f"{path}: no such file; run snakemake to make it")
    try:
        with h5py.File(path) as file:
            attributes = dict(file.attrs)
            if attributes.get("format") != expected_format:
                found = attributes.get("format", "no format attribute")
                raise DatasetError(f"{path}: expected format '{expected_format}', found '{found}': not such a file")
            if attributes["format_version"] != FORMAT_VERSION:
                raise DatasetError(
                    f"{path}: format version {attributes['format_version']}, this program reads {FORMAT_VERSION}"
                )
            missing = [name for name in layout if name not in file and name not in OPTIONAL]
            if missing:
                raise DatasetError(f"{path}: no dataset {', '.join(missing)}: {_CURE}")
            arrays = {name: file[name][()] for name in layout if name in file}
    except (OSError, KeyError, RuntimeError) as error:
        raise DatasetError(
            f"{path}: expected a file of {expected_format}, found no readable HDF5 file ({error}): if the workflow made it, {_CURE}"
        ) from error
    if _checksum(arrays) != attributes.get("checksum"):
        raise DatasetError(f"{path}: the checksum does not match the content: {_CURE}")
    return arrays, attributes


def _checksum(arrays: dict[str, np.ndarray]) -> str:
    key = hashlib.sha256()
    for name in sorted(arrays):
        key.update(name.encode() + b"\0" + np.ascontiguousarray(arrays[name]).tobytes())
    return key.hexdigest()


def _join(parts: list[np.ndarray | None]) -> np.ndarray | None:
    present = [part for part in parts if part is not None]
    return np.concatenate(present) if len(present) == len(parts) else None
