"""What a network was trained on: noted in its description when it is trained, compared when it is exported."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurodepth import container, dataset, metrics, provenance
from neurodepth.container import DatasetError
from neurodepth.trials import Trials

CELL = ("cell", "variant", "seed")  # shared by all trials that a network is trained on


def describe(shard_paths: Sequence[str | Path], trials: Trials) -> dict[str, Any]:
    """Describe training trials, as JSON can hold it.

    Args:
        shard_paths: Of the split `train`, in the order in which they were read.
        trials: The first trials of these shards: those trained on.

    Returns:
        cell, variant and seed; n_synapses and n_excitatory, which come first; n_trials; duration_ms of each; mean rates input_rate_hz, of the synapses of each kind, and
        output_rate_hz; shards, the checksum of each file that has some of the trials; digest of these checksums; and
        protocol, input (its statistics, None where the shards do not say) and commit of the simulation.

    Raises:
        DatasetError: If a shard is damaged or does not fit the others.
    """
    found: list[dict[str, Any]] = []
    n_found = 0
    for path in map(Path, shard_paths):
        expected = {name: found[0][name] for name in CELL} if found else {}
        arrays, attributes = container.read(
            path, dataset.FORMAT, skip=set(dataset.LAYOUT) - {"trial_index"}, expected=expected
        )
        found.append(attributes)
        n_found += len(arrays["trial_index"])
        if n_found >= len(trials):
            break
    first, checksums = found[0], [one["checksum"] for one in found]
    return {
        **{"cell": first["cell"], "variant": first["variant"], "seed": int(first["seed"])},
        **{"n_synapses": trials.n_synapses, "n_excitatory": trials.n_excitatory},
        **{"n_trials": len(trials), "duration_ms": trials.duration_ms, **_rates(trials)},
        **{"shards": checksums, "digest": provenance.digest(checksums)},
        "protocol": json.loads(first["protocol"]),
        "input": json.loads(first["input"]) if "input" in first else None,
        "commit": first["commit"],
    }


def check(noted: Mapping[str, Any], given: Sequence[tuple[Path, Mapping[str, Any]]]) -> bool:
    """Compare what a network was trained on with shards.

    Args:
        noted: What `describe` returned when it was trained.
        given: Path and attributes of shards of any split.

    Returns:
        Whether the training shards were among them; if none was, there is nothing to compare.

    Raises:
        DatasetError: If they are of another cell or variant, or other training shards.
    """
    for path, attributes in given:
        if other := [name for name in ("cell", "variant") if attributes[name] != noted[name]]:
            raise DatasetError(
                f"{path}: expected {other[0]} {noted[other[0]]}, on which the network was trained, found "
                f"{attributes[other[0]]}: give shards of the network's own study"
            )
    train = {attributes["checksum"]: path for path, attributes in given if attributes["split"] == "train"}
    if train and (missing := set(noted["shards"]) - set(train)):
        raise DatasetError(
            f"{', '.join(map(str, train.values()))}: expected the training shards that the network notes, found "
            f"{len(missing)} of {len(noted['shards'])} missing (checksum {min(missing)[:12]}): give all that it was trained "
            "on, not simulated anew; or leave out shards of the split train"
        )
    return bool(train)


def check_networks(model_paths: Iterable[str | Path], expected: Mapping[str, Any]) -> None:
    """Check that networks were trained on the cell that they stand for.

    Args:
        model_paths: Of the networks.
        expected: cell, variant and seed of their training trials, and more that is not asked of a network.

    Raises:
        DatasetError: If one was trained on something else.
    """
    from neurodepth import surrogate  # it loads TensorFlow

    for path in model_paths:
        noted = surrogate.describe(path)["training_data"]
        wanted, found = (", ".join(f"{name} {one[name]}" for name in CELL) for one in (expected, noted))
        if found != wanted:
            raise DatasetError(
                f"{path}: expected a network trained on {wanted}, found one of {found}; {container.CURE}"
            )


def unlike_a_test(noted: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    """Say what keeps scores on trials from being those of a test on the network's cell.

    Args:
        noted: What `describe` returned when the network was trained.
        given: Attributes of a shard of the trials.

    Returns:
        A remark, or None where they are such scores.
    """
    if any(given[name] != noted[name] for name in ("cell", "variant")):
        return f"the network was trained on {noted['cell']}, {noted['variant']}: these are scores on another cell"
    if given["seed"] != noted["seed"] or given["split"] not in ("train", "validation"):
        return None
    if given["split"] == "train":
        return "the network was trained on trials of this split and seed: a test would score lower"
    return "validation trials of this seed chose the network's weights: a test may score lower"


def _rates(trials: Trials) -> dict[str, Any]:
    """Mean rates in Hz of excitatory and inhibitory synapses, and of output spikes once a trial has started."""
    duration_s = len(trials) * trials.duration_ms / 1000
    n_excitatory = sum(int(np.count_nonzero(one.synapse < trials.n_excitatory)) for one in trials.events)
    n_inhibitory = sum(len(one.synapse) for one in trials.events) - n_excitatory
    counts = {
        "excitatory": (n_excitatory, trials.n_excitatory),
        "inhibitory": (n_inhibitory, trials.n_synapses - trials.n_excitatory),
    }
    return {
        "input_rate_hz": {kind: n / (of * duration_s) for kind, (n, of) in counts.items() if of},
        "output_rate_hz": float(metrics.output_rates_hz(trials.spike_time_ms, trials.duration_ms).mean()),
    }
