"""Long short-term memory (Hochreiter & Schmidhuber 1997, Neural Comput 9:1735), one layer, as Keras has it."""

from typing import Any

from neurodepth.networks.backend import keras
from neurodepth.networks.frame import Frame


def build(architecture: dict[str, Any], depth: int, frame: Frame) -> keras.Model:
    """Build one layer of `width` cells; see `networks.build`."""
    inputs, spikes = frame.input_spikes(architecture["synapse_dropout"])
    hidden = keras.layers.LSTM(architecture["width"], return_sequences=True, dtype="float32", name="lstm")(spikes)
    return keras.Model(inputs, frame.heads(hidden), name="lstm")
