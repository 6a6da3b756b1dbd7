"""Predictions of every type of network before and after one update; run with another KERAS_BACKEND by test_jax.py."""

import sys

import numpy as np

from neurodepth import networks
from neurodepth.networks.backend import keras

ARCHITECTURES = {
    "tcn": {"width": 6, "receptive_field_ms": 20, "factorised": True, "channel_dropout": 0.0, "kernel_cosines": 4},
    "fully_connected": {"width": 6, "receptive_field_ms": 20, "factorised": False, "kernel_cosines": 4},
    "perceptron": {"receptive_field_ms": 20, "kernel_cosines": 4},
    "linear_nonlinear_poisson": {"receptive_field_ms": 20},
    "two_layer": {"temporal_filters": 2, "receptive_field_ms": 20},
    "dendritic_segments": {"n_segments": 8, "receptive_field_ms": 20},
    "lstm": {"width": 6, "burn_in_ms": 20},
    "spiking": {
        "width": 8,
        "synapse_time_constant_ms": 5,
        "membrane_time_constant_ms": 10,
        "burn_in_ms": 20,
    },
    "elm": {
        "memory_units": 4,
        "n_branches": 3,
        "synapses_per_branch": 6,
        "shortest_memory_ms": 1,
        "longest_memory_ms": 50,
        "burn_in_ms": 20,
    },
}
N_SYNAPSES, DURATION_MS = 12, 120


def predictions() -> dict[str, np.ndarray]:
    """Soma voltage of every type, before and after one step of gradient descent."""
    found = {}
    for name, architecture in ARCHITECTURES.items():
        rng = np.random.default_rng(1)
        model = networks.build(
            {"type": name, "synapse_dropout": 0.0, "weight_decay": 0.0} | architecture,
            2 if name in networks.STACKS else 0,
            N_SYNAPSES,
            synapse_group=np.arange(N_SYNAPSES) % 3,
            n_excitatory=8,
        )
        model.set_weights([weight + 0.1 * rng.random(weight.shape) for weight in map(fixed, model.get_weights())])
        inputs = rng.integers(0, 2, (2, DURATION_MS, N_SYNAPSES)).astype(np.uint8)
        spikes = rng.integers(0, 2, (2, DURATION_MS, 1)).astype(np.uint8)
        if isinstance(model.input, dict):
            inputs = {"input_spikes": inputs, "output_spikes": spikes}
        targets = {key: rng.random((2, DURATION_MS, 1)).astype(np.float32) for key in model.output}
        model.compile(keras.optimizers.SGD(0.01), loss=dict.fromkeys(targets, "mse"))
        found[f"{name} before"] = np.asarray(model.predict_on_batch(inputs)["soma_voltage"])
        model.train_on_batch(inputs, targets)
        found[f"{name} after"] = np.asarray(model.predict_on_batch(inputs)["soma_voltage"])
    return found


def fixed(weight: np.ndarray) -> np.ndarray:
    """Weights that do not depend on a backend's random numbers; constants keep their value."""
    return weight if np.ptp(weight) == 0 else np.linspace(-0.3, 0.3, weight.size).reshape(weight.shape)


if __name__ == "__main__":
    np.savez(sys.argv[1], **predictions())
