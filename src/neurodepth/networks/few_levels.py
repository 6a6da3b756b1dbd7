"""Weights of few levels, as devices or synapses of few sizes have them: a network trained with them, not rounded afterwards.

Training keeps the weights in full and rounds them wherever they are used; the gradient goes past the rounding (BinaryConnect:
Courbariaux, Bengio & David 2015, arXiv:1511.00363). What is kept in the end is the rounded network.
"""

import functools
from typing import Any

import numpy as np
from scipy.special import ndtri

from neurodepth.networks.backend import keras

N_QUANTILES = 100_000


@functools.cache
def end_of_levels(n_levels: int) -> float:
    """Where evenly spaced levels around 0 end to round a standard normal number with the least square error (Max 1960)."""
    quantiles = ndtri((np.arange(N_QUANTILES) + 0.5) / N_QUANTILES)
    ends = np.linspace(0.5, 5, 181)
    errors = [np.square(to_levels(np, quantiles, end, n_levels) - quantiles).mean() for end in ends]
    return float(ends[np.argmin(errors)])


def to_levels(ops: Any, weights: Any, end: Any, n_levels: int) -> Any:
    """Round to `n_levels` levels, evenly spaced from -end to end, with the operations of `numpy` or `keras.ops`."""
    step = 2 * end / (n_levels - 1)
    return ops.clip(ops.round((weights + end) / step), 0, n_levels - 1) * step - end


def rounded(weights: Any, n_levels: int | None) -> Any:
    """Round the weights onto each unit, the last axis, to `n_levels` levels around 0, evenly spaced over what their size needs.

    None leaves them as they are.
    """
    if n_levels is None:
        return weights
    ops = keras.ops
    values = ops.cast(weights, "float32")
    size = ops.sqrt(ops.mean(ops.square(values), axis=tuple(range(len(values.shape) - 1)), keepdims=True))
    return to_levels(ops, values, end_of_levels(n_levels) * size + keras.config.epsilon(), n_levels)


def straight_through(weights: Any, n_levels: int | None) -> Any:
    """Weights as `rounded` gives them, with their own gradient."""
    if n_levels is None:
        return weights
    weights = keras.ops.convert_to_tensor(weights)
    return weights + keras.ops.stop_gradient(keras.ops.cast(rounded(weights, n_levels), weights.dtype) - weights)
