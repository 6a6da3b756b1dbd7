"""Synapses that are silent in training: the trainer leaves out their events, a layer makes up for it."""

from typing import Any

from neurodepth.networks.backend import keras


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
