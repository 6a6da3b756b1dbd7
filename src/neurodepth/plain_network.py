"""A trained network written again in Keras's own layers, normalisation multiplied in: what other runtimes can read.

The trained form computes in tiles, which is fast in training and no other program knows. This one says the same, up to
rounding, in a matrix product, causal convolutions and rectifications.
"""

from typing import Any

from neurodepth.networks.backend import keras
from neurodepth.streaming import Weights


def build(weights: Weights) -> keras.Model:
    """Build the network that weights describe.

    Args:
        weights: What `streaming.read_weights` returns.

    Returns:
        A `keras.Model` from `input_spikes`, float32, shape (neurons, time, synapses), to a mapping of
        `spike_probability` and `soma_voltage_mv`, each of shape (neurons, time). Zeros precede the input.
    """
    layers = keras.layers
    inputs = keras.Input((None, weights.n_synapses), name="input_spikes")
    x = inputs
    if weights.mixing is not None:
        x = _with(layers.Dense(weights.mixing.shape[1], use_bias=False, name="mix_synapses"), x, weights.mixing)
    for number, (kernel, shift) in enumerate(zip(weights.kernels, weights.shifts, strict=True), start=1):
        kernel_ms, _, width = kernel.shape
        layer = layers.Conv1D(width, kernel_ms, padding="causal", activation="relu", name=f"convolution_{number}")
        x = _with(layer, x, kernel, shift)
    heads = {"spike_probability": "sigmoid", "soma_voltage_mv": "linear"}
    outputs = {}
    for column, (name, activation) in enumerate(heads.items()):
        head = layers.Dense(1, activation=activation, name=f"{name}_head")
        one = _with(head, x, weights.head[:, column : column + 1], weights.head_bias[column : column + 1])
        outputs[name] = layers.Reshape((-1,), name=name)(one)
    return keras.Model(inputs, outputs, name="surrogate")


def with_ends_of_training(plain: keras.Model) -> keras.Model:
    """What `build` built, with the ends that `networks.build` describes; its soma voltage stays in mV."""
    inputs = keras.Input(plain.input.shape[1:], name="input_spikes", dtype="uint8")
    x = keras.ops.cast(inputs, "float32")
    for layer in plain.layers:
        if layer.name == "mix_synapses" or layer.name.startswith("convolution_"):
            x = layer(x)
    heads = {"spike_logit": "spike_probability_head", "soma_voltage": "soma_voltage_mv_head"}
    outputs = {
        name: _with(keras.layers.Dense(1, name=name), x, *plain.get_layer(head).get_weights())
        for name, head in heads.items()
    }
    return keras.Model(inputs, outputs, name=plain.name)


def _with(layer: Any, x: Any, *values: Any) -> Any:
    """What a layer with given weights makes of x."""
    output = layer(x)
    layer.set_weights(values)
    return output
