"""A trained network in the neuron's place: what it predicts for trials, and the file in which that is kept."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from neurodepth import container, input_spikes, provenance
from neurodepth.container import DatasetError
from neurodepth.trials import Trials

if TYPE_CHECKING:
    from neurodepth.training import Scaling

FORMAT = "neurodepth predictions"
EXPORTED = "network.keras"  # the Keras file among those of an exported network
OUTPUTS = ("spike_probability", "soma_voltage_mv")  # of an exported network
IDENTITY = ("cell", "variant", "split", "seed")
UNSCALED = {"soma_mean_mv": 0.0, "soma_deviation_mv": 1.0, "region_deviation_mv": []}
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
    "network": "JSON: description of the network, as beside its file; `with` holds those that it predicted together with",
    "cell": "of predicted shards: name of the cell",
    "variant": "of predicted shards: variant of the cell",
    "split": "of predicted shards: train, validation or test",
    "seed": "of predicted shards: the study's seed",
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


def keras_file(model_path: str | Path) -> Path:
    """The Keras file of a network: the path itself, or network.keras in the folder that `neurodepth export` wrote."""
    path = Path(model_path)
    return path / EXPORTED if path.is_dir() else path


def describe(model_path: str | Path) -> dict[str, Any]:
    """The description of a trained network: network, architecture, depth, training_trials, seed and scaling.

    Args:
        model_path: NAME.keras, with its NAME.json beside it; or the folder of an exported network, or its network.keras.
            The description of an exported one says that nothing is left to scale.

    Raises:
        DatasetError: If the network or its description is missing.
    """
    model_path = keras_file(model_path)
    description_path = model_path.with_suffix(".json")
    for path in (model_path, description_path):
        if not path.is_file():
            raise DatasetError(
                f"{path}: no such file; expected a trained network NAME.keras with its NAME.json beside it, as snakemake "
                "and `neurodepth train` write them, or a folder of `neurodepth export` with the format keras"
            )
    description: dict[str, Any] = json.loads(description_path.read_text())
    return description["network"] | {"scaling": UNSCALED} if "made_by" in description else description


def load(model_path: str | Path) -> tuple[Any, "Scaling"]:
    """Read a network that was trained or exported.

    Args:
        model_path: As for `describe`.

    Returns:
        The `keras.Model`, with the ends that `networks.build` describes, and its scaling.

    Raises:
        DatasetError: If the network or its description is missing.
    """
    from neurodepth import networks, plain_network, training  # TensorFlow takes seconds to import

    scaling = training.Scaling(**describe(model_path)["scaling"])
    model = networks.load(keras_file(model_path))
    return plain_network.with_ends_of_training(model) if OUTPUTS[0] in model.output else model, scaling


def n_synapses(model: Any) -> int:
    """Synapses of the cell that a network stands for."""
    return (model.input["input_spikes"] if isinstance(model.input, dict) else model.input).shape[-1]


def check_input(model: Any, model_path: str | Path, trials: Trials) -> None:
    """Check that a network was trained on a cell with as many synapses as the trials have, and what else it reads.

    Raises:
        DatasetError: If it was not, or the trials lack the output spikes that it reads.
    """
    if n_synapses(model) != trials.n_synapses:
        raise DatasetError(
            f"{model_path}: expected trials of a cell with {n_synapses(model)} synapses, on which this network was trained, "
            f"found {trials.n_synapses}: give trials of the same cell"
        )
    if isinstance(model.input, dict) and len(trials.spike_time_ms) < len(trials):
        raise DatasetError(
            f"{model_path}: expected trials with output spikes, which this network reads too, found input alone: "
            "give shards of the cell's trials"
        )


def predict(model_path: str | Path, trials: Trials | np.ndarray) -> Predictions:
    """Predict whole trials from their input.

    Args:
        model_path: As for `describe`.
        trials: Whose input is read; or input spikes, shape (trials, time, synapses). For events alone see `input_spikes`.

    Raises:
        DatasetError: If the network is missing, was trained on another cell, or also reads output spikes that are not
            known.
    """
    from neurodepth import training  # TensorFlow takes seconds to import

    if isinstance(trials, np.ndarray):
        trials = input_spikes.from_array(trials)
    model, scaling = load(model_path)
    check_input(model, model_path, trials)
    logit, voltage_mv = training.predict(model, trials, scaling)
    return Predictions(trials.index, special.expit(logit), voltage_mv)


def write(
    path: str | Path, predictions: Predictions, network: dict[str, Any], shard: Mapping[str, Any] | None = None
) -> None:
    """Write predictions as HDF5, whole or not at all.

    Args:
        path: Where to.
        predictions: What `predict` returns.
        network: What `describe` returns.
        shard: Attributes of the shards that were predicted: cell, variant, split and seed; None for input alone.
    """
    attributes = {
        "format": FORMAT,
        "network": json.dumps(network),
        **({name: shard[name] for name in IDENTITY} if shard else {}),
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
