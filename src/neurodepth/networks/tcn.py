"""Temporal convolutional networks from synaptic input to spikes, soma voltage and dendritic voltages."""

from typing import Any

import numpy as np

from neurodepth.networks import kernel_sizes
from neurodepth.networks.backend import keras
from neurodepth.networks.convolution import CausalConvolution, IntoTiles, OutOfTiles
from neurodepth.networks.normalisation import Normalisation

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
    width, rate = architecture["width"], architecture["synapse_dropout"]
    inputs = keras.Input((None, n_synapses), name="input_spikes", dtype="uint8")
    x = inputs
    if architecture["factorised"]:
        x = keras.ops.cast(x, policy.removeprefix("mixed_"))
        x = keras.layers.Dense(width, use_bias=False, dtype=policy, name="mix_synapses")(x)
    x = IntoTiles(dtype=policy, name="into_tiles")(x)
    x = keras.ops.cast(x, policy.removeprefix("mixed_"))
    for layer, kernel_ms in enumerate(kernel_sizes(architecture["receptive_field_ms"], depth), start=1):
        x = CausalConvolution(width, kernel_ms, dtype=policy, name=f"convolution_{layer}")(x)
        if layer == 1:
            x = SynapseDropout(rate, dtype=policy, name="synapse_dropout")(x)
        x = Normalisation(momentum=BATCH_NORMALISATION_MEMORY, dtype=policy, name=f"normalisation_{layer}")(x)
        x = keras.layers.ReLU(dtype=policy, name=f"relu_{layer}")(x)
        if architecture["channel_dropout"]:
            x = keras.layers.Dropout(
                architecture["channel_dropout"], (1, 1, None, width), dtype=policy, name=f"channel_dropout_{layer}"
            )(x)
    x = OutOfTiles(dtype=policy, name="out_of_tiles")(x, inputs)
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


@keras.saving.register_keras_serializable("neurodepth")
class SynapseDropout(keras.layers.Layer):
    """Makes up for synapses that are silent in training only, behind a linear layer.

    The trainer leaves out the events of a fraction `rate` of the synapses, another choice in every window, which costs
    less than a mask over all inputs. Without that, the sums here would be larger by 1 / (1 - rate).
    """

    def __init__(self, rate: float, **options: Any):
        """Leave out a fraction `rate` of the synapses."""
        super().__init__(**options)
        self.rate = rate

    def call(self, x: Any, training: bool | None = None) -> Any:
        """Scale the sums outside training; any shape."""
        return x if training or not self.rate else x * (1 - self.rate)

    def get_config(self) -> dict[str, Any]:
        """What makes this layer again."""
        return super().get_config() | {"rate": self.rate}


def synapse_dropout(model: keras.Model) -> float:
    """Fraction of the synapses that the trainer must leave out in every window for a model."""
    return sum(layer.rate for layer in model.layers if isinstance(layer, SynapseDropout))
