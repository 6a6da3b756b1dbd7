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
    kernel_ms = architecture["receptive_field_ms"]
    outputs = {
        "spike_logit": SynapticFilter(kernel_ms, frame.spike_bias, dtype=frame.policy, name="spike_logit")(spikes),
        "soma_voltage": SynapticFilter(kernel_ms, dtype=frame.policy, name="soma_voltage")(spikes),
    }
    return keras.Model(inputs, outputs, name="perceptron")
