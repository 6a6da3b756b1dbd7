"""A recurrent layer of leaky integrate-and-fire units, trained with surrogate gradients.

Neftci, Mostafa & Zenke 2019 (IEEE Signal Process Mag 36:51), in steps of 1 ms: synaptic current I, membrane voltage U
with threshold 1 and reset by subtraction, spikes S. The heads are units that do not spike: linear sums of low-passed S.
"""

from typing import Any

import numpy as np

from neurodepth.networks.backend import keras
from neurodepth.networks.frame import Frame

# SpyTorch, the source's own tutorial
STEEPNESS = 100.0  # of the fast sigmoid whose derivative stands in for the step's
FIRST_RECURRENT_WEIGHT = 0.2  # standard deviation times the root of the units


def build(architecture: dict[str, Any], depth: int, frame: Frame) -> keras.Model:
    """Build one layer of `width` units; see `networks.build`."""
    inputs, spikes = frame.input_spikes(architecture["synapse_dropout"])
    width = architecture["width"]
    drive = keras.layers.Dense(width, dtype=frame.policy, name="input_weights")(spikes)
    cell = LeakyIntegrateAndFire(
        width, architecture["synapse_time_constant_ms"], architecture["membrane_time_constant_ms"], dtype="float32"
    )
    hidden = keras.layers.RNN(cell, return_sequences=True, dtype="float32", name="units")(drive)
    return keras.Model(inputs, frame.heads(hidden), name="spiking")


@keras.saving.register_keras_serializable("neurodepth")
class LeakyIntegrateAndFire(keras.layers.Layer):
    """One millisecond of the units.

    Attributes:
        recurrent_weight: From the spikes of the millisecond before, shape (units, units).
    """

    def __init__(self, width: int, synapse_time_constant_ms: float, membrane_time_constant_ms: float, **options: Any):
        """Make `width` units."""
        super().__init__(**options)
        self.width = width
        self.synapse_time_constant_ms = synapse_time_constant_ms
        self.membrane_time_constant_ms = membrane_time_constant_ms
        self.state_size = [width] * 4

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the recurrent weights."""
        weak = keras.initializers.RandomNormal(stddev=FIRST_RECURRENT_WEIGHT / np.sqrt(self.width))
        self.recurrent_weight = self.add_weight(
            shape=(self.width, self.width), initializer=weak, name="recurrent_weight"
        )

    def call(self, inputs: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        """Input current and the states I, U, S and low-passed S, each of shape (trials, units), one millisecond on."""
        current, voltage, spikes, trace = states
        synapse_decay = float(np.exp(-1 / self.synapse_time_constant_ms))
        membrane_decay = float(np.exp(-1 / self.membrane_time_constant_ms))
        current = synapse_decay * current + inputs + keras.ops.matmul(spikes, self.recurrent_weight)
        # No gradient through the reset: it would cancel that of the spike (Zenke & Vogels 2021, Neural Comput 33:899).
        voltage = membrane_decay * voltage + current - keras.ops.stop_gradient(spikes)
        spikes = fire(voltage - 1)
        trace = membrane_decay * trace + (1 - membrane_decay) * spikes
        return trace, [current, voltage, spikes, trace]

    def get_config(self) -> dict[str, Any]:
        """What makes this layer again."""
        return super().get_config() | {
            "width": self.width,
            "synapse_time_constant_ms": self.synapse_time_constant_ms,
            "membrane_time_constant_ms": self.membrane_time_constant_ms,
        }


def fire(excess: Any) -> Any:
    """1 where the excess over the threshold is positive, else 0, with the derivative of a fast sigmoid."""
    ops = keras.ops
    soft = excess / (1 + STEEPNESS * ops.abs(excess))  # derivative 1 / (1 + STEEPNESS |excess|)^2
    return soft + ops.stop_gradient(ops.cast(excess > 0, soft.dtype) - soft)
