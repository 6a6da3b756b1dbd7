"""Temporal convolutional networks from synaptic input to spikes, soma voltage and dendritic voltages."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurodepth.networks import kernel_sizes
from neurodepth.networks.backend import keras
from neurodepth.networks.convolution import CausalConvolution, IntoTiles, OutOfTiles
from neurodepth.networks.frame import Frame
from neurodepth.networks.normalisation import Normalisation
from neurodepth.networks.synapse_dropout import SynapseDropout

# The published batch normalisation forgets over 100 updates; short trainings need a faster memory.
BATCH_NORMALISATION_MEMORY = 0.95
DENDRITE_LAYER = 2  # the head of the dendritic regions reads this layer: what the dendrite does comes before the spike
EVENT_LAG_MS = 5.0  # the effect of an event is read this long after it, near the peak of a synaptic potential


def build(architecture: dict[str, Any], depth: int, frame: Frame) -> keras.Model:
    """Build a network of `depth` layers; see `networks.build`."""
    policy = frame.policy
    width, rate = architecture["width"], architecture["synapse_dropout"]
    inputs = keras.Input((None, frame.n_synapses), name="input_spikes", dtype="uint8")
    x = inputs
    if architecture["factorised"]:
        x = keras.ops.cast(x, policy.removeprefix("mixed_"))
        x = keras.layers.Dense(width, use_bias=False, dtype=policy, name="mix_synapses")(x)
    x = IntoTiles(dtype=policy, name="into_tiles")(x)
    x = keras.ops.cast(x, policy.removeprefix("mixed_"))
    kernels_ms = kernel_sizes(architecture["receptive_field_ms"], depth, architecture.get("first_kernel_ms"))
    for layer, kernel_ms in enumerate(kernels_ms, start=1):
        x = CausalConvolution(width, kernel_ms, dtype=policy, name=f"convolution_{layer}")(x)
        if layer == 1:
            x = SynapseDropout(rate, dtype=policy, name="synapse_dropout")(x)
        x = Normalisation(momentum=BATCH_NORMALISATION_MEMORY, dtype=policy, name=f"normalisation_{layer}")(x)
        x = keras.layers.ReLU(dtype=policy, name=f"relu_{layer}")(x)
        if architecture["channel_dropout"]:
            x = keras.layers.Dropout(
                architecture["channel_dropout"], (1, 1, None, width), dtype=policy, name=f"channel_dropout_{layer}"
            )(x)
        if layer == min(DENDRITE_LAYER, depth):
            dendrite = x
    dendrite = OutOfTiles(dtype=policy, name="dendrite_out_of_tiles")(dendrite, inputs)
    x = OutOfTiles(dtype=policy, name="out_of_tiles")(x, inputs)
    return keras.Model(inputs, frame.heads(x, dendrite), name=f"tcn_depth_{depth}")


def start_from(model: keras.Model, effects: np.ndarray, time_constants_ms: Sequence[float], n_excitatory: int) -> None:
    """Start the first layer of a network from the mean effects of single events; the other layers stay random.

    A factorised layer mixes the synapses by the effect that they have on soma and regions, excitatory and inhibitory ones
    apart where it is wide enough for that; a full one takes the decaying exponentials themselves. Channels beyond
    the soma and the regions stay random.

    Args:
        model: Any network; one without a first layer of this module is left alone.
        effects: What `training.synaptic_effects.regress` returns, shape (time constants, synapses, targets).
        time_constants_ms: Decay of each effect.
        n_excitatory: Number of excitatory synapses, which come first.
    """
    names = [layer.name for layer in model.layers]
    if "mix_synapses" in names:
        layer = model.get_layer("mix_synapses")
        shape = np.exp(-EVENT_LAG_MS / np.array(time_constants_ms))[:, None]
    elif "convolution_1" in names:
        layer = model.get_layer("convolution_1")
        lag_ms = np.arange(layer.kernel_ms)[::-1]
        shape = np.exp(-lag_ms / np.array(time_constants_ms)[:, None])
    else:
        return
    kernel = layer.get_weights()[0].reshape(shape.shape[1], *effects.shape[1:2], -1)
    filters = np.einsum("kt,ksr->tsr", shape, effects)
    width = kernel.shape[2]
    if width > 1.5 * filters.shape[2]:
        excitatory, inhibitory = filters[:, :, : width // 2].copy(), filters[:, :, : width // 2].copy()
        excitatory[:, n_excitatory:], inhibitory[:, :n_excitatory] = 0, 0
        filters = np.concatenate([excitatory, inhibitory], axis=2)
    filters = filters[:, :, :width]
    # As large as the random weights were: normalisation follows, only the pace of learning depends on it.
    size = np.sqrt(np.mean(filters**2, axis=(0, 1)))
    kernel[:, :, : filters.shape[2]] = filters * np.where(size > 0, kernel.std() / np.where(size > 0, size, 1), 0)
    layer.set_weights([kernel.reshape(layer.get_weights()[0].shape)])
