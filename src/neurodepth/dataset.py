"""Trials on disk: shards of one split, written and read. docs/data_format.md is the contract."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurodepth import coding, container, provenance, stimulus
from neurodepth.cells.trial import Events, Trial, VoltageBasis
from neurodepth.container import CURE, DatasetError, Rows
from neurodepth.trials import Trials

FORMAT = "neurodepth trials"
BASIS_FORMAT = "neurodepth voltage basis"
# name: (type, unit, dimensions); which ones a shard holds is said in docs/data_format.md.
LAYOUT = {
    "trial_index": ("int64", "", "trials"),
    "event_start": ("int64", "", "trials+1"),
    "event_code_start": ("int64", "", "trials+1"),
    "event_code": ("uint8", "", "bytes"),
    "event_digest": ("uint8", "", "trials,bytes"),
    "synapse_kind": ("S32", "", "synapses"),
    "synapse_tree": ("S32", "", "synapses"),
    "synapse_length_um": ("float64", "um", "synapses"),
    "synapse_weight": ("float64", "", "synapses"),
    "spike_start": ("int64", "", "trials+1"),
    "spike_time_ms": ("float64", "ms", "spikes"),
    "soma_voltage_change": ("int16", "mV/128", "trials,time"),
    "nexus_voltage_change": ("int16", "mV/128", "trials,time"),
    "dendrite_components_mv": ("float16", "mV", "trials,time,components"),
    "dendrite_voltage_mv": ("float16", "mV", "trials,time,segments"),
    "nmda_conductance_us": ("float32", "uS", "trials,time,segments"),
    "nexus_calcium_mm": ("float32", "mM", "trials,time"),
}
# Recordings that a cell or a study may lack, by the name that they have in `Trial` and `Trials`, and how they are stored.
OPTIONAL = {
    "nexus_voltage_mv": "nexus_voltage_change",
    "dendrite_components_mv": "dendrite_components_mv",
    "dendrite_voltage_mv": "dendrite_voltage_mv",
    "nmda_conductance_us": "nmda_conductance_us",
    "nexus_calcium_mm": "nexus_calcium_mm",
}
ENCODERS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "nexus_voltage_mv": coding.encode_voltage,
    "nmda_conductance_us": coding.round_mantissa,
}
ATTRIBUTES = {
    "format": "always `neurodepth trials`",
    "format_version": "integer, 2",
    "compact": "1 if events are kept as their seed, else 0",
    "cell": "name of the cell",
    "variant": "variant of the cell",
    "split": "train, validation, test or pilot",
    "seed": "the study's seed",
    "n_synapses": "number of input synapses",
    "n_excitatory": "number of excitatory synapses, which come first",
    "input": "JSON: statistics of the input, as in the cell's definition",
    "protocol": "JSON: how the cell was simulated",
    "versions": "JSON: package versions",
    "commit": "commit of the source tree",
    "checksum": "sha256 over the other attributes and the checksums of the datasets",
}


def write_shard(
    path: str | Path,
    trials: Sequence[Trial],
    indices: Iterable[int],
    description: dict[str, Any],
    compact: bool = False,
) -> None:
    """Write trials of one split to a file, under a temporary name first.

    Voltages of soma and nexus are rounded to 1/128 mV, conductances to 11 significant bits; spike times stay exact.

    Args:
        path: Where to.
        trials: At least one trial, all of one length and with the same recordings.
        indices: Number of each trial within its split.
        description: The attributes cell, variant, split, seed, n_synapses, n_excitatory and protocol; for a compact
            shard also `input`, the statistics, and `synapses`, the table with the columns kind, tree, length_um and,
            where synapses have one, weight.
        compact: Keep the seed of the events instead of the events; reading draws them again.

    Raises:
        ValueError: If trials differ in form, events are not sorted, or a compact shard could not be drawn again.
    """
    path, indices = Path(path), list(indices)
    _check_alike(path, trials, indices)
    synapses: pd.DataFrame | None = description.get("synapses")
    attributes = {
        key: json.dumps(value) if isinstance(value, dict) else value
        for key, value in description.items()
        if key != "synapses"
    }

    def encoded(name: str, encode: Callable[[Any], np.ndarray]) -> Iterator[np.ndarray]:
        for index, trial in zip(indices, trials, strict=True):
            try:
                yield encode(getattr(trial, name))
            except ValueError as error:
                raise ValueError(f"{path}: trial {index}, {name}: {error}") from error

    arrays: dict[str, np.ndarray | Rows] = {
        "trial_index": np.array(indices),
        "event_start": _starts([trial.events.time_ms for trial in trials]),
        "spike_start": _starts([trial.spike_time_ms for trial in trials]),
        "spike_time_ms": np.concatenate([trial.spike_time_ms for trial in trials]),
        "soma_voltage_change": Rows(len(trials), encoded("soma_voltage_mv", coding.encode_voltage)),
    }
    for name, stored in OPTIONAL.items():
        if getattr(trials[0], name) is not None:
            arrays[stored] = Rows(len(trials), encoded(name, ENCODERS.get(name, np.asarray)))
    if synapses is not None:
        kept = [name for name in ("kind", "tree", "length_um", "weight") if name in synapses]
        arrays |= {f"synapse_{name}": synapses[name].to_numpy() for name in kept}
    if compact:
        arrays["event_digest"] = np.stack(list(encoded("events", coding.digest_events)))
        _check_drawn_again(path, trials, indices, description)
    else:
        codes = list(encoded("events", lambda events: coding.encode_events(events, description["n_synapses"])))
        arrays |= {"event_code_start": _starts(codes), "event_code": np.concatenate(codes)}
    provenance_ = {"versions": json.dumps(provenance.versions()), "commit": provenance.commit()}
    container.write(path, arrays, LAYOUT, {"format": FORMAT, "compact": int(compact), **provenance_, **attributes})


def read_split(
    paths: Sequence[str | Path],
    optional: Sequence[str] = ("nexus_voltage_mv", "dendrite_components_mv"),
    expected: Mapping[str, str | int] | None = None,
) -> Trials:
    """Read all shards of one split into memory, in the order given.

    Args:
        paths: The shards.
        optional: Which of the `OPTIONAL` recordings to read, where the shards have them.
        expected: What attributes of every shard must be, such as cell, variant, split and seed.

    Raises:
        DatasetError: If a file is truncated, damaged, foreign, not the one expected, does not fit the others, holds a
            trial again, or is a compact shard whose events come out differently here.
    """
    if unknown := set(optional) - set(OPTIONAL):
        raise ValueError(f"no optional recording {', '.join(sorted(unknown))}; there are {', '.join(OPTIONAL)}")
    if not paths:
        raise DatasetError("expected at least one shard, got none")
    recordings = ("soma_voltage_mv", *optional)
    holder: dict[int, str | Path] = {}
    form: dict[str, Any] = {}
    joined: dict[str, Any] = {}
    events: list[Events] = []
    spike_time_ms: list[np.ndarray] = []
    # One shard beside what was read before it: all of them beside their sum would take twice the memory.
    for path in paths:
        part = _read_shard(Path(path), optional, expected)
        found: dict[str, Any] = {"n_synapses": part.n_synapses, "n_excitatory": part.n_excitatory}
        found |= {name: _trial_shape(getattr(part, name)) for name in recordings}
        form = form or found
        for name, shape in found.items():
            if shape != form[name]:
                raise DatasetError(f"{path}: {name} is {shape} but {form[name]} in {paths[0]}: not of one split")
        for index in map(int, part.index):
            if holder.get(index) == path:
                raise DatasetError(f"{path}: holds trial {index} twice, or is given twice: name each shard once")
            if index in holder:
                raise DatasetError(
                    f"{path}: expected trials of its own, found trial {index}, as in {holder[index]}; {CURE}"
                )
            holder[index] = path
        events += part.events
        spike_time_ms += part.spike_time_ms
        for name in recordings:
            joined[name] = _append(joined.get(name), getattr(part, name))
    indices = np.array(list(holder), part.index.dtype)
    return Trials(form["n_synapses"], form["n_excitatory"], indices, events, spike_time_ms, **joined)


def describe(path: str | Path) -> dict[str, Any]:
    """What a shard holds, after checking it: its attributes and, for each dataset, shape, type, unit and bytes.

    Raises:
        DatasetError: If the file is truncated, damaged or foreign.
    """
    path = Path(path)
    datasets = container.inspect(path, FORMAT)
    arrays, attributes = container.read(path, FORMAT, skip=set(LAYOUT) - {"event_start"})
    n_trials, duration_ms = datasets["soma_voltage_change"]["shape"]
    biology_s = n_trials * duration_ms / 1000
    summary = {
        "trials": n_trials,
        "duration_ms": duration_ms,
        "input_rate_hz": int(arrays["event_start"][-1]) / attributes["n_synapses"] / biology_s,
        "output_rate_hz": datasets["spike_time_ms"]["shape"][0] / biology_s,
        "megabytes_per_hour": path.stat().st_size / 1e6 / (biology_s / 3600),
    }
    return {"attributes": attributes, "datasets": datasets, "summary": summary}


def write_basis(path: str | Path, basis: VoltageBasis, study: Mapping[str, str | int]) -> None:
    """Write principal components of dendritic voltages, and cell, variant and seed of the trials that they come from."""
    layout = {
        "mean_mv": ("float64", "mV", "segments"),
        "components": ("float64", "", "components,segments"),
        "explained": ("float64", "", "components"),
    }
    arrays = {name: getattr(basis, name) for name in layout}
    container.write(Path(path), arrays, layout, {"format": BASIS_FORMAT, **study})


def read_basis(path: str | Path, expected: Mapping[str, str | int] | None = None) -> VoltageBasis:
    """Read what `write_basis` wrote.

    Args:
        path: The file.
        expected: cell, variant and seed that it must be of; None takes any.

    Raises:
        DatasetError: If the file is truncated, damaged, foreign or of something else.
    """
    arrays, _ = container.read(Path(path), BASIS_FORMAT, expected=expected)
    return VoltageBasis(**arrays)


def _check_alike(path: Path, trials: Sequence[Trial], indices: list[int]) -> None:
    if not trials or len(indices) != len(trials):
        raise ValueError(f"{path}: {len(trials)} trials and {len(indices)} indices, expected as many, at least one")
    for name in ("soma_voltage_mv", *OPTIONAL):
        shapes = {_shape(getattr(trial, name)) for trial in trials}
        if len(shapes) > 1:
            found = " and ".join(sorted(map(str, shapes)))
            raise ValueError(f"{path}: {name} has the shapes {found}, expected the same shape in all trials")


def _check_drawn_again(path: Path, trials: Sequence[Trial], indices: list[int], description: dict[str, Any]) -> None:
    if missing := {"synapses", "input"} - set(description):
        raise ValueError(
            f"{path}: the description of a compact shard has no {' and no '.join(sorted(missing))}; "
            "give what the events are drawn from, or write with compact=False"
        )
    if (longest := int(description["synapses"]["tree"].str.len().max())) > np.dtype(LAYOUT["synapse_tree"][0]).itemsize:
        raise ValueError(f"{path}: a tree's name has {longest} characters, expected at most 32")
    for index, trial in zip(indices, trials, strict=True):
        drawn = _draw(description["synapses"], description, index, len(trial.soma_voltage_mv))
        if not np.array_equal(coding.digest_events(drawn), coding.digest_events(trial.events)):
            raise ValueError(
                f"{path}: the events of trial {index} are not those that seed {description['seed']} draws for split "
                f"{description['split']}: a compact shard cannot hold them; write with compact=False"
            )


def _draw(synapses: pd.DataFrame, description: dict[str, Any], index: int, duration_ms: int) -> Events:
    rng = stimulus.trial_rng(description["seed"], description["split"], index)
    return stimulus.draw_events(synapses, description["input"], duration_ms, rng)


def _read_shard(path: Path, optional: Sequence[str], expected: Mapping[str, str | int] | None) -> Trials:
    unread = [stored for name, stored in OPTIONAL.items() if name not in optional]
    arrays, attributes = container.read(path, FORMAT, skip=unread, expected=expected)
    events = _draw_all(path, arrays, attributes) if attributes["compact"] else _decode_all(arrays, attributes)
    return Trials(
        attributes["n_synapses"],
        attributes["n_excitatory"],
        arrays["trial_index"],
        events,
        np.split(arrays["spike_time_ms"], arrays["spike_start"][1:-1]),
        coding.decode_voltage(arrays["soma_voltage_change"]),
        **{
            name: coding.decode_voltage(arrays[stored]) if stored != name else arrays[stored]
            for name, stored in OPTIONAL.items()
            if stored in arrays
        },
    )


def _decode_all(arrays: dict[str, np.ndarray], attributes: dict[str, Any]) -> list[Events]:
    codes = np.split(arrays["event_code"], arrays["event_code_start"][1:-1])
    return [coding.decode_events(code, attributes["n_synapses"]) for code in codes]


def _draw_all(path: Path, arrays: dict[str, np.ndarray], attributes: dict[str, Any]) -> list[Events]:
    table = {name: arrays[f"synapse_{name}"] for name in ("kind", "tree", "length_um")}
    synapses = pd.DataFrame({name: one.astype(str) if one.dtype.kind == "S" else one for name, one in table.items()})
    description = attributes | {"input": json.loads(attributes["input"])}
    events = []
    for row, index in enumerate(arrays["trial_index"]):
        events.append(_draw(synapses, description, int(index), arrays["soma_voltage_change"].shape[1]))
        if not np.array_equal(coding.digest_events(events[-1]), arrays["event_digest"][row]):
            written, here = json.loads(attributes["versions"]), provenance.versions()
            raise DatasetError(
                f"{path}: the events of trial {index} drawn here are not those that were simulated (expected sha256 "
                f"{arrays['event_digest'][row].tobytes().hex()[:12]}): a compact shard needs the processor type, NumPy "
                f"and generator that wrote it (NumPy {written['numpy']}, commit {attributes['commit']}; here NumPy "
                f"{here['numpy']}, commit {provenance.commit()}); read it where it was written, or {CURE}"
            )
    return events


def _starts(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.cumsum([0, *map(len, parts)])


def _shape(array: np.ndarray | None) -> tuple[int, ...] | None:
    return None if array is None else array.shape


def _trial_shape(array: np.ndarray | None) -> tuple[int, ...] | None:
    return None if array is None else array.shape[1:]


def _append(before: np.ndarray | None, array: np.ndarray | None) -> np.ndarray | None:
    """Trials behind those read before, which the system moves instead of copying them where they are many."""
    if before is None or array is None:
        return array
    n_before = len(before)
    joined = before if before.flags.owndata else before.copy()
    joined.resize((n_before + len(array), *array.shape[1:]), refcheck=False)
    joined[n_before:] = array
    return joined
