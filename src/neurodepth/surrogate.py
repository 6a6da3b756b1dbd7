"""A trained network in the neuron's place: what it predicts for trials, and the file in which that is kept."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import special

from neurodepth import container, provenance
from neurodepth.container import DatasetError
from neurodepth.trials import Trials

FORMAT = "neurodepth predictions"
# name: (type, unit, dimensions)
LAYOUT = {
    "trial_index": ("int64", "", "trials"),
    "spike_probability": ("float32", "", "trials,time"),
    "soma_voltage_mv": ("float32", "mV", "trials,time"),
    "half_width_mv": ("float32", "mV", "trials,time"),
    "input_distance": ("float32", "", "trials,time"),
}
ATTRIBUTES = {
    "format": "always `neurodepth predictions`",
    "format_version": "integer, 2",
    "network": "JSON: description of the network, as beside its file",
    "cell": "name of the cell whose input was predicted on",
    "variant": "variant of the cell",
    "split": "train, validation or test",
    "seed": "the study's seed",
    "versions": "JSON: package versions",
    "commit": "commit of the source tree",
    "checksum": "sha256 over the other attributes and the checksums of the datasets",
}


@dataclass(frozen=True)
class Predictions:
    """What a network predicts for trials.

    Attributes:
        trial_index: Number of each trial within its split, shape (trials,).
        spike_probability: Of a spike in each millisecond, float32, shape (trials, time).
        soma_voltage_mv: Clipped like the voltage that networks learn, float32, shape (trials, time).
        half_width_mv: Of the interval around the voltage, as `trust.judge` gives it, float32, shape (trials, time); None
            where the network's error is not known.
        input_distance: From the input that the network knows, over 1 where it does not know it, float32, shape (trials,
            time); None where that is not known.
    """

    trial_index: np.ndarray
    spike_probability: np.ndarray
    soma_voltage_mv: np.ndarray
    half_width_mv: np.ndarray | None = None
    input_distance: np.ndarray | None = None


def describe(model_path: str | Path) -> dict[str, Any]:
    """The description beside a trained network: network, architecture, depth, training_trials, seed and scaling.

    Raises:
        DatasetError: If the network or its description is missing.
    """
    model_path = Path(model_path)
    description_path = model_path.with_suffix(".json")
    for path in (model_path, description_path):
        if not path.is_file():
            raise DatasetError(
                f"{path}: no such file; expected a trained network NAME.keras with its NAME.json beside it, as "
                "snakemake and `neurodepth train` write them"
            )
    return json.loads(description_path.read_text())


def check_synapses(model: Any, model_path: str | Path, trials: Trials) -> None:
    """Check that a network was trained on a cell with as many synapses as the trials have.

    Raises:
        DatasetError: If it was not.
    """
    inputs = model.input["input_spikes"] if isinstance(model.input, dict) else model.input
    if inputs.shape[-1] != trials.n_synapses:
        raise DatasetError(
            f"{model_path}: expected trials of a cell with {inputs.shape[-1]} synapses, on which this network was trained, "
            f"found {trials.n_synapses}: give trials of the same cell"
        )


def predict(model_path: str | Path, trials: Trials) -> Predictions:
    """Predict whole trials from their input.

    Raises:
        DatasetError: If the network is missing or was trained on another cell.
    """
    from neurodepth import training  # TensorFlow takes seconds to import

    describe(model_path)
    model, scaling = training.load(model_path)
    check_synapses(model, model_path, trials)
    logit, voltage_mv = training.predict(model, trials, scaling)
    return Predictions(trials.index, special.expit(logit), voltage_mv)


def write(path: str | Path, predictions: Predictions, network: dict[str, Any], shard: dict[str, Any]) -> None:
    """Write predictions as HDF5, whole or not at all.

    Args:
        path: Where to.
        predictions: What `predict` returns.
        network: What `describe` returns.
        shard: Attributes of the shard that was predicted: cell, variant, split and seed.
    """
    attributes = {
        "format": FORMAT,
        "network": json.dumps(network),
        **{name: shard[name] for name in ("cell", "variant", "split", "seed")},
        "versions": json.dumps(provenance.versions()),
        "commit": provenance.commit(),
    }
    arrays = {name: getattr(predictions, name) for name in LAYOUT}
    container.write(Path(path), {name: one for name, one in arrays.items() if one is not None}, LAYOUT, attributes)


def read(path: str | Path) -> tuple[Predictions, dict[str, Any]]:
    """Read what `write` wrote: the predictions and the file's attributes.

    Raises:
        DatasetError: If the file is truncated, damaged or foreign.
    """
    arrays, attributes = container.read(Path(path), FORMAT)
    return Predictions(**arrays), attributes
