"""Temporal convolutional networks from synaptic input to spikes, soma voltage and dendritic voltages."""

from typing import Any

import numpy as np

from neurodepth.networks import kernel_sizes
from neurodepth.networks.backend import keras

# The published batch normalisation forgets over 100 updates; short trainings need a faster memory.
BATCH_NORMALISATION_MEMORY = 0.95


def build(
    architecture: dict[str, Any],
    depth: int,
    n_synapses: int,
    n_components: int = 0,
    spike_probability: float = 1e-3,
    seed: int = 0,
    precision: str = "float32",
) -> keras.Model:
    """Build a network of a given depth.

    Args:
        architecture: What `networks.read` returns.
        depth: Layers with a nonlinearity between the input and the heads.
        n_synapses: Input channels.
        n_components: Dendritic components to predict besides; 0 leaves that head out.
        spike_probability: Fraction of milliseconds with a spike, where the spike head starts.
        seed: Of the initial weights and of dropout.
        precision: `float32` or `bfloat16`; the latter computes in bfloat16 and keeps weights in float32.

    Returns:
        A model from input spikes, shape (trials, time, synapses), to a mapping of `spike_logit` and `soma_voltage`
        (normalised), shape (trials, time, 1), and `dendrite_components` (normalised), shape (trials, time, components).
    """
    keras.utils.set_random_seed(seed)
    policy = "mixed_bfloat16" if precision == "bfloat16" else "float32"
    width = architecture["width"]
    inputs = keras.Input((None, n_synapses), name="input_spikes", dtype="uint8")
    x = keras.ops.cast(inputs, "bfloat16" if precision == "bfloat16" else "float32")
    if architecture["synapse_dropout"]:
        x = keras.layers.SpatialDropout1D(architecture["synapse_dropout"], dtype=policy, name="synapse_dropout")(x)
    if architecture["factorised"]:
        x = keras.layers.Dense(width, use_bias=False, dtype=policy, name="mix_synapses")(x)
    for layer, kernel_ms in enumerate(kernel_sizes(architecture["receptive_field_ms"], depth), start=1):
        x = keras.layers.Conv1D(
            width, kernel_ms, padding="causal", use_bias=False, dtype=policy, name=f"convolution_{layer}"
        )(x)
        x = keras.layers.BatchNormalization(
            momentum=BATCH_NORMALISATION_MEMORY, dtype=policy, name=f"normalisation_{layer}"
        )(x)
        x = keras.layers.ReLU(dtype=policy, name=f"relu_{layer}")(x)
        if architecture["channel_dropout"]:
            x = keras.layers.SpatialDropout1D(
                architecture["channel_dropout"], dtype=policy, name=f"channel_dropout_{layer}"
            )(x)
    start = keras.initializers.Constant(float(np.log(spike_probability / (1 - spike_probability))))
    outputs = {
        "spike_logit": keras.layers.Dense(1, bias_initializer=start, dtype="float32", name="spike_logit")(x),
        "soma_voltage": keras.layers.Dense(1, dtype="float32", name="soma_voltage")(x),
    }
    if n_components:
        outputs["dendrite_components"] = keras.layers.Dense(n_components, dtype="float32", name="dendrite_components")(
            x
        )
    return keras.Model(inputs, outputs, name=f"tcn_depth_{depth}")
