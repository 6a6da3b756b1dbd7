"""A fully connected network: every layer after the first sees one millisecond, so that depth is not mixed with memory.

The first layer holds the whole receptive field, as in the fully connected networks of Beniaguev et al. 2021 (Neuron
109:2727); what mixes the synapses, normalisation and heads are those of `tcn`.
"""

from typing import Any

from neurodepth.networks.backend import keras
from neurodepth.networks.convolution import CausalConvolution, IntoTiles, OutOfTiles
from neurodepth.networks.frame import Frame
from neurodepth.networks.normalisation import Normalisation
from neurodepth.networks.tcn import BATCH_NORMALISATION_MEMORY


def build(architecture: dict[str, Any], depth: int, frame: Frame) -> keras.Model:
    """Build a network of `depth` layers; see `networks.build`."""
    inputs, x = frame.input_spikes(architecture["synapse_dropout"])
    width, policy = architecture["width"], frame.policy
    if architecture["factorised"]:
        mixtures = architecture.get("synapse_mixtures", width)
        x = keras.layers.Dense(mixtures, use_bias=False, dtype=policy, name="mix_synapses")(x)
    x = IntoTiles(dtype=policy, name="into_tiles")(x)
    for layer in range(1, depth + 1):
        x = (
            CausalConvolution(
                width,
                architecture["receptive_field_ms"],
                n_cosines=architecture.get("kernel_cosines"),
                dtype=policy,
                name="convolution_1",
            )
            if layer == 1
            else keras.layers.Dense(width, use_bias=False, dtype=policy, name=f"dense_{layer}")
        )(x)
        x = Normalisation(momentum=BATCH_NORMALISATION_MEMORY, dtype=policy, name=f"normalisation_{layer}")(x)
        x = keras.layers.ReLU(dtype=policy, name=f"relu_{layer}")(x)
        if layer == (depth + 1) // 2:  # as in `tcn`
            dendrite = x
    dendrite = OutOfTiles(dtype=policy, name="dendrite_out_of_tiles")(dendrite, inputs)
    x = OutOfTiles(dtype=policy, name="out_of_tiles")(x, inputs)
    return keras.Model(inputs, frame.heads(x, dendrite), name=f"fully_connected_depth_{depth}")
