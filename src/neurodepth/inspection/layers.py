"""The layers of a stack as arrays: kernels, gains and what each unit answers to input."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodepth.networks.backend import keras
from neurodepth.networks.convolution import CausalConvolution, OutOfTiles
from neurodepth.networks.synapse_dropout import SynapseDropout


@dataclass(frozen=True)
class Layer:
    """One layer of a stack: a causal convolution, a gain and a rectification.

    Attributes:
        kernel: Shape (lags, inputs, units), lag 0 first; of the first layer the inputs are the synapses.
        gain: Factor of the normalisation behind it, shape (units,).
    """

    kernel: np.ndarray
    gain: np.ndarray


def read(model: keras.Model) -> list[Layer]:
    """Layers of a network of one of `networks.STACKS`, the first one first."""
    linear = [one for one in model.layers if isinstance(one, CausalConvolution) or one.name.startswith("dense_")]
    found = []
    for number, layer in enumerate(linear, start=1):
        kernel = _array(layer.kernel)
        kernel = kernel[::-1] if kernel.ndim == 3 else kernel[None]
        if number == 1:
            kernel = kernel if "mix_synapses" not in _names(model) else _array(_mixing(model).kernel) @ kernel
            kernel = kernel * np.prod([1 - one.rate for one in model.layers if isinstance(one, SynapseDropout)])
        normalisation = model.get_layer(f"normalisation_{number}")
        deviation = np.sqrt(_array(normalisation.moving_variance) + normalisation.epsilon)
        found.append(Layer(kernel, _array(normalisation.gamma) / deviation))
    return found


def spike_weights(model: keras.Model) -> np.ndarray:
    """What each unit of the last layer adds to the spike logit, shape (units,)."""
    return _array(model.get_layer("spike_logit").kernel)[:, 0]


def responder(model: keras.Model) -> keras.Model:
    """A model from the same input to the rectified responses of every layer, each of shape (trials, time, units)."""
    rectified = [one for one in model.layers if isinstance(one, keras.layers.ReLU)]
    return keras.Model(model.input, [OutOfTiles(dtype="float32")(one.output, model.input) for one in rectified])


def _mixing(model: keras.Model) -> Any:
    return model.get_layer("mix_synapses")


def _names(model: keras.Model) -> list[str]:
    return [layer.name for layer in model.layers]


def _array(weights: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(weights), np.float32)
