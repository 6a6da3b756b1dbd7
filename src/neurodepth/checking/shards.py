"""What is wrong with a data set: shards that are damaged, do not belong together, lack trials or hold one twice."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neurodepth import dataset
from neurodepth.cells.trial import Events
from neurodepth.container import CURE, DatasetError
from neurodepth.stimulus import SPLITS

SHARED = ("cell", "variant", "seed", "n_synapses", "n_excitatory")  # attributes of all shards of a data set
PLACES = ("cell_path", "data_path")  # of a protocol: where the cell lay, which makes no other trial


@dataclass(frozen=True)
class _Shard:
    path: Path
    split: str
    shared: dict[str, Any]
    index: list[int]
    input_digests: list[str]


def shard_faults(paths: Sequence[Path]) -> list[str]:
    """Faults of the shards of one data set.

    Every shard is read as a whole, its checksums compared and, where it is compact, its input drawn again. All must be
    of one cell, variant, seed and protocol. The trials of a split are numbered without gaps, and no two trials, of
    whatever split, have the same input.
    """
    shards, found = [], []
    for path in paths:
        try:
            shards.append(_read(path))
        except DatasetError as error:
            found.append(str(error))
    for shard in shards:
        found += _foreign(shard, shards[0])
    for split in SPLITS:
        found += _numbering(split, [one for one in shards if one.split == split])
    return found + list(_repeated_input(shards))


def _read(path: Path) -> _Shard:
    attributes = dataset.describe(path)["attributes"]
    trials = dataset.read_split([path], optional=())
    digests = [_digest(events) for events in trials.events]
    protocol = {
        f"protocol.{key}": value for key, value in json.loads(attributes["protocol"]).items() if key not in PLACES
    }
    shared = {name: attributes[name] for name in SHARED} | protocol
    return _Shard(path, attributes["split"], shared, trials.index.tolist(), digests)


def _digest(events: Events) -> str:
    """Of the input of a trial; empty where there is none."""
    content = events.time_ms.tobytes() + events.synapse.tobytes()
    return hashlib.sha256(content).hexdigest() if content else ""


def _foreign(shard: _Shard, first: _Shard) -> Iterator[str]:
    other = [name for name, value in first.shared.items() if shard.shared.get(name) != value]
    if other:
        wanted, found = (", ".join(f"{name} {one.shared.get(name)}" for name in other) for one in (first, shard))
        yield f"{shard.path}: expected {wanted}, as in {first.path}, found {found}: of another data set; take it out"
    folder, split = shard.path.resolve().parent.name, shard.split
    if folder in SPLITS and folder != split:
        yield f"{shard.path}: expected trials of the split {folder}, where it lies, found {split}: a copied file; {CURE}"


def _numbering(split: str, shards: list[_Shard]) -> Iterator[str]:
    holder: dict[int, Path] = {}
    for shard in shards:
        for other, numbers in _grouped((holder.setdefault(index, shard.path), index) for index in shard.index).items():
            if other != shard.path:
                yield f"{shard.path}: expected {split} trials of its own, found {_said(numbers)} as in {other}; {CURE}"
    if not holder:
        return
    # The workflow numbers trials from 0; shards made by hand may start anywhere.
    start = 0 if shards[0].path.resolve().parents[1].name == "trials" else min(holder)
    missing = np.setdiff1d(np.arange(start, max(holder)), list(holder))
    if len(missing):
        shown = f"{missing[0]} to {missing[-1]}" if len(missing) > 1 else f"{missing[0]}"
        yield (
            f"{shards[0].path.parent}: expected {split} trials {start} to {max(holder)}, found {len(holder)} of them; "
            f"{len(missing)} between {shown} are missing: run snakemake again, or simulate them"
        )


def _repeated_input(shards: list[_Shard]) -> Iterator[str]:
    """Trials of two splits, or of one, with the same input: what is tested would have been trained on."""
    holder: dict[str, tuple[_Shard, int]] = {}
    for shard in shards:
        met = [
            holder.setdefault(digest, (shard, index)) if digest else (shard, index)
            for digest, index in zip(shard.input_digests, shard.index, strict=True)
        ]
        repeated = [
            (before.path, index)
            for (before, number), index in zip(met, shard.index, strict=True)
            # The same trial once more is said with the numbers; a trial without input has nothing to share.
            if before is not shard and (before.split, number) != (shard.split, index)
        ]
        for other, numbers in _grouped(repeated).items():
            yield (
                f"{shard.path}: expected inputs of its own, found those of {other} in {_said(numbers)}: what is tested "
                f"must not have been trained on; {CURE}"
            )


def _grouped(pairs: Iterable[tuple[Path, int]]) -> dict[Path, list[int]]:
    groups: dict[Path, list[int]] = {}
    for path, number in pairs:
        groups.setdefault(path, []).append(number)
    return groups


def _said(numbers: list[int]) -> str:
    """`trial 3`, or `20 trials (0 to 19)`."""
    return f"trial {numbers[0]}" if len(numbers) == 1 else f"{len(numbers)} trials ({min(numbers)} to {max(numbers)})"
