"""Temporal convolutional networks from synaptic input to spikes, soma voltage and dendritic voltages."""

from typing import Any

from neurodepth.networks import kernel_sizes
from neurodepth.networks.backend import keras
from neurodepth.networks.convolution import CausalConvolution, IntoTiles, OutOfTiles
from neurodepth.networks.frame import Frame
from neurodepth.networks.mixing import MixSynapses
from neurodepth.networks.normalisation import Normalisation
from neurodepth.networks.synapse_dropout import SynapseDropout

# The published batch normalisation forgets over 100 updates; short trainings need a faster memory.
BATCH_NORMALISATION_MEMORY = 0.95


def build(architecture: dict[str, Any], depth: int, frame: Frame) -> keras.Model:
    """Build a network of `depth` layers; see `networks.build`."""
    policy = frame.policy
    width, rate, levels = architecture["width"], architecture["synapse_dropout"], architecture.get("weight_levels")
    cosines = architecture.get("kernel_cosines")
    inputs = keras.Input((None, frame.n_synapses), name="input_spikes", dtype="uint8")
    x = inputs
    if architecture["factorised"]:
        x = keras.ops.cast(x, policy.removeprefix("mixed_"))
        mixtures = architecture.get("synapse_mixtures", width)
        groups = frame.groups("tcn") if "input_groups" in architecture else None
        options = {"dtype": policy, "name": "mix_synapses"}
        if groups or levels:
            x = MixSynapses(mixtures, groups, levels, **options)(x)
        else:
            x = keras.layers.Dense(mixtures, use_bias=False, **options)(x)
    x = IntoTiles(dtype=policy, name="into_tiles")(x)
    x = keras.ops.cast(x, policy.removeprefix("mixed_"))
    kernels_ms = kernel_sizes(architecture["receptive_field_ms"], depth, architecture.get("first_kernel_ms"))
    for layer, kernel_ms in enumerate(kernels_ms, start=1):
        x = CausalConvolution(width, kernel_ms, levels, cosines, dtype=policy, name=f"convolution_{layer}")(x)
        if layer == 1:
            x = SynapseDropout(rate, dtype=policy, name="synapse_dropout")(x)
        x = Normalisation(momentum=BATCH_NORMALISATION_MEMORY, dtype=policy, name=f"normalisation_{layer}")(x)
        x = keras.layers.ReLU(dtype=policy, name=f"relu_{layer}")(x)
        if architecture["channel_dropout"]:
            x = keras.layers.Dropout(
                architecture["channel_dropout"], (1, 1, None, width), dtype=policy, name=f"channel_dropout_{layer}"
            )(x)
        if layer == (depth + 1) // 2:  # the middle one: what the dendrite does comes before the spike
            dendrite = x
    dendrite = OutOfTiles(dtype=policy, name="dendrite_out_of_tiles")(dendrite, inputs)
    x = OutOfTiles(dtype=policy, name="out_of_tiles")(x, inputs)
    return keras.Model(inputs, frame.heads(x, dendrite), name=f"tcn_depth_{depth}")
