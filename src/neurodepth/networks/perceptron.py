"""A perceptron in time: one filter a synapse for each output and no hidden layer.

Its spikes are logistic regression, the generalised linear model of a binary bin (McCullagh & Nelder 1989, Generalized
linear models, chapter 4). It has no head for dendritic regions, which would share nothing with the other two.
"""

from typing import Any

from neurodepth.networks.backend import keras
from neurodepth.networks.frame import Frame
from neurodepth.networks.synaptic_filter import SynapticFilter


def build(architecture: dict[str, Any], depth: int, frame: Frame) -> keras.Model:
    """Build a perceptron; see `networks.build`."""
    inputs, spikes = frame.input_spikes(architecture["synapse_dropout"])
    kernel_ms, cosines = architecture["receptive_field_ms"], architecture.get("kernel_cosines")
    outputs = {
        name: SynapticFilter(kernel_ms, bias, cosines, dtype=frame.policy, name=name)(spikes)
        for name, bias in (("spike_logit", frame.spike_bias), ("soma_voltage", "zeros"))
    }
    return keras.Model(inputs, outputs, name="perceptron")
