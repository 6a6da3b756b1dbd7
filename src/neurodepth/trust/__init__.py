"""When to trust a surrogate: input that it knows, and how wrong it may be on it. docs/surrogate.md.

known = trust.read("results/quick/l5pc/nmda/trust.json")  # as the workflow wrote it, with trust.learn
judged = trust.judge(trials, known, model_paths)
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neurodepth import result_files, surrogate, synapse_types
from neurodepth.container import DatasetError
from neurodepth.surrogate import Predictions
from neurodepth.synapse_types import SynapseTypes
from neurodepth.trials import Trials
from neurodepth.trust import confidence, familiarity
from neurodepth.trust.confidence import Ensemble, ErrorModel
from neurodepth.trust.familiarity import Familiarity, Limits, Places

__all__ = ["Calibrated", "Judgement", "Trust", "find", "judge", "learn", "read", "read_places", "write"]

FILE = result_files.TRUST
FOLDERS_ABOVE = 5  # a baseline lies in baselines/NAME/depth_D/trials_N of the neuron's folder


@dataclass(frozen=True)
class Calibrated:
    """How wrong networks of one kind are.

    Attributes:
        network: Name of their architecture.
        depth: Their layers.
        training_trials: That they were trained on.
        networks: Digest of the file of each, trained from as many seeds.
        n_together: How many of them predict together: one, or all.
        error: Of their voltage.
    """

    network: str
    depth: int
    training_trials: int
    networks: tuple[str, ...]
    n_together: int
    error: ErrorModel


@dataclass(frozen=True)
class Trust:
    """What is known of the input that networks were trained on, and of their errors.

    Attributes:
        places: Of the cell's synapses.
        limits: Of familiar input.
        n_training_trials: That the limits were learned from.
        calibrated: Errors of the networks, each alone and all seeds of a kind together.
    """

    places: Places
    limits: Limits
    n_training_trials: int
    calibrated: tuple[Calibrated, ...]

    def error_of(self, model_paths: Sequence[str | Path]) -> ErrorModel | None:
        """Of networks that predict together; None if these very networks were not calibrated."""
        given = set(map(digest, model_paths))
        return next(
            (one.error for one in self.calibrated if given <= set(one.networks) and one.n_together == len(given)), None
        )


@dataclass(frozen=True)
class Judgement:
    """How far to trust what networks predict of trials.

    Attributes:
        familiarity: Of the input.
        predicted: Mean and spread of the networks.
        half_width_mv: Of the interval around the predicted voltage, shape (trials, time). It is calibrated on familiar
            input; on other input it is too narrow.
    """

    familiarity: Familiarity
    predicted: Ensemble
    half_width_mv: np.ndarray


def digest(model_path: str | Path) -> str:
    """The sha256 of a trained network's file; an exported one keeps that of the file that it was made from."""
    file = surrogate.keras_file(model_path)
    return surrogate.describe(file).get("sha256") or hashlib.sha256(file.read_bytes()).hexdigest()


def read_places(tree_path: str | Path) -> Places:
    """Where a cell's synapses are, from its `tree.npz`."""
    with np.load(tree_path) as tree:
        branch = tree["segment_section"][tree["synapse_segment"]]
        is_excitatory = tree["synapse_excitatory"]
    return Places(synapse_types.read(tree_path), branch, is_excitatory)


def learn(train: Trials, validation: Trials, places: Places, model_paths: Sequence[str | Path]) -> Trust:
    """Learn what networks know.

    Args:
        train: Trials that they were trained on, or a few hundred of them.
        validation: Trials that trained no weight.
        places: Of the synapses.
        model_paths: Networks of the cell, of any depths; those that differ in their seed alone also count together.
    """
    by_kind: dict[tuple[str, int, int], dict[str, Predictions]] = {}
    for path in model_paths:
        by_kind.setdefault(_kind_of(path), {})[digest(path)] = surrogate.predict(path, validation)
    calibrated = []
    for kind, found in by_kind.items():
        alone = [confidence.combine([one]) for one in found.values()]
        calibrated.append(Calibrated(*kind, tuple(found), 1, confidence.calibrate(alone, validation)))
        if len(found) > 1:
            together = confidence.calibrate([confidence.combine(list(found.values()))], validation)
            calibrated.append(Calibrated(*kind, tuple(found), len(found), together))
    return Trust(places, familiarity.learn(train, places), len(train), tuple(calibrated))


def _kind_of(model_path: str | Path) -> tuple[str, int, int]:
    described = surrogate.describe(model_path)
    return described["network"], described["depth"], described["training_trials"]


def judge(trials: Trials, known: Trust, model_paths: Sequence[str | Path]) -> Judgement:
    """Say how far to trust what networks predict of some trials.

    Raises:
        ValueError: If their error is not known, or the trials are too short.
        DatasetError: If they were trained on another cell.
    """
    error = known.error_of(model_paths)
    if error is None:
        there = ", ".join(
            f"{one.n_together} of {one.network}, depth {one.depth}, {one.training_trials} trials"
            for one in known.calibrated
        )
        raise ValueError(
            f"the errors of these {len(model_paths)} networks are not known, only those of {there}: give such networks, "
            "or learn them with trust.learn"
        )
    predicted = confidence.predict(model_paths, trials)
    return Judgement(
        familiarity.judge(trials, known.places, known.limits), predicted, error.half_width_mv(predicted.spread_mv)
    )


def find(model_path: str | Path) -> Path | None:
    """The file that a study wrote of a network's cell, `trust.json` in one of the folders above it; None if there is none."""
    folders = surrogate.keras_file(model_path).resolve().parents[:FOLDERS_ABOVE]
    return next((folder / FILE for folder in folders if (folder / FILE).is_file()), None)


def write(path: str | Path, known: Trust) -> None:
    """Write what `learn` found as JSON."""
    Path(path).write_text(json.dumps(asdict(known), default=np.ndarray.tolist))


def read(path: str | Path) -> Trust:
    """Read what `write` wrote.

    Raises:
        DatasetError: If it is something else.
    """
    try:
        stored: dict[str, Any] = json.loads(Path(path).read_text())
        places, limits = stored["places"], stored["limits"]
        types = SynapseTypes(tuple(places["types"]["names"]), np.array(places["types"]["of_synapse"]))
        arrays = {name: np.array(limits[name]) for name in ("centre", "reach")}
        return Trust(
            Places(types, np.array(places["branch"]), np.array(places["is_excitatory"])),
            Limits(**(limits | arrays | {"names": tuple(limits["names"])})),
            stored["n_training_trials"],
            tuple(
                Calibrated(**(one | {"networks": tuple(one["networks"]), "error": ErrorModel(**one["error"])}))
                for one in stored["calibrated"]
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"{path}: expected what snakemake writes as {FILE}, found something else ({error}): delete it and run snakemake again"
        ) from error
