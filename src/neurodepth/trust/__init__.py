"""When to trust a surrogate: input that it knows, and how wrong it may be on it. docs/surrogate.md.

limits = trust.learn(train, validation, places, model_paths)
trust.write("trust.json", limits)
judged = trust.judge(trials, trust.read("trust.json"), model_paths)
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neurodepth import synapse_types
from neurodepth.synapse_types import SynapseTypes
from neurodepth.trials import Trials
from neurodepth.trust import confidence, familiarity
from neurodepth.trust.confidence import Ensemble, ErrorModel
from neurodepth.trust.familiarity import Familiarity, Limits, Places

__all__ = ["Judgement", "Trust", "judge", "learn", "read", "read_places", "write"]


@dataclass(frozen=True)
class Trust:
    """What is known of the input that networks were trained on, and of their errors.

    Attributes:
        places: Of the cell's synapses.
        limits: Of familiar input.
        error: Of the networks' voltage.
        n_networks: That the spread is taken over.
    """

    places: Places
    limits: Limits
    error: ErrorModel
    n_networks: int


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


def read_places(tree_path: str | Path) -> Places:
    """Where a cell's synapses are, from its `tree.npz`."""
    with np.load(tree_path) as tree:
        branch = tree["segment_section"][tree["synapse_segment"]]
        is_excitatory = tree["synapse_excitatory"]
    return Places(synapse_types.read(tree_path), branch, is_excitatory)


def learn(train: Trials, validation: Trials, places: Places, model_paths: Sequence[str | Path]) -> Trust:
    """Learn what networks know.

    Args:
        train: Trials that they were trained on, or some of them.
        validation: Trials that trained no weight.
        places: Of the synapses.
        model_paths: Networks trained apart on the same trials: seeds, or where there is one seed, depths.
    """
    error = confidence.calibrate(confidence.predict(model_paths, validation), validation)
    return Trust(places, familiarity.learn(train, places), error, len(model_paths))


def judge(trials: Trials, known: Trust, model_paths: Sequence[str | Path]) -> Judgement:
    """Say how far to trust what networks predict of some trials.

    Raises:
        ValueError: If the networks are not as many as the interval was calibrated with.
    """
    if len(model_paths) != known.n_networks:
        raise ValueError(
            f"{len(model_paths)} networks given, but their spread was calibrated over {known.n_networks}: give the same ones"
        )
    predicted = confidence.predict(model_paths, trials)
    return Judgement(
        familiarity.judge(trials, known.places, known.limits), predicted, known.error.half_width_mv(predicted.spread_mv)
    )


def write(path: str | Path, known: Trust) -> None:
    """Write what `learn` found as JSON."""
    Path(path).write_text(json.dumps(asdict(known), default=np.ndarray.tolist, indent=1))


def read(path: str | Path) -> Trust:
    """Read what `write` wrote."""
    stored: dict[str, Any] = json.loads(Path(path).read_text())
    places, limits = stored["places"], stored["limits"]
    types = SynapseTypes(tuple(places["types"]["names"]), np.array(places["types"]["of_synapse"]))
    arrays = {name: np.array(limits[name]) for name in ("centre", "reach")}
    return Trust(
        Places(types, np.array(places["branch"]), np.array(places["is_excitatory"])),
        Limits(**(limits | arrays | {"names": tuple(limits["names"])})),
        ErrorModel(**stored["error"]),
        stored["n_networks"],
    )
