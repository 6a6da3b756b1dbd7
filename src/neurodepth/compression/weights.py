"""A trained network with fewer, coarser or noisier weights, without training it again.

Each function takes and gives the plain weights of `streaming.read_weights`. Shifts and biases, one a unit, stay as they are.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from neurodepth.networks import few_levels
from neurodepth.streaming import Weights

CLIPS = np.linspace(0.1, 1, 37)  # of the largest weight: where the levels may end


def quantise(weights: Weights, n_levels: int) -> Weights:
    """Round the weights onto each unit to evenly spaced levels around 0, from those ranges that lose least.

    Args:
        weights: Of a network.
        n_levels: 256 are 8 bits, 26 are 4.7 (a hippocampal synapse: Bartol et al. 2015), 2 are the signs alone.
    """
    return _each(weights, lambda matrix: _rounded(matrix, n_levels))


def prune(weights: Weights, fraction: float) -> Weights:
    """Set the smallest weights of each layer to 0, and of each output: they have units of their own."""

    def smallest_gone(matrix: np.ndarray) -> np.ndarray:
        return np.where(np.abs(matrix) < np.quantile(np.abs(matrix), fraction), 0, matrix)

    outputs = [smallest_gone(column) for column in weights.head.T]
    return replace(_each(weights, smallest_gone), head=np.stack(outputs, axis=1).astype(np.float32))


def disturb(weights: Weights, deviation: float, rng: np.random.Generator) -> Weights:
    """Write the weights into devices that miss their value, once and for all, as memristors do.

    Args:
        weights: Of a network.
        deviation: Standard deviation of the error, as a fraction of the largest weight onto a unit.
        rng: Draws the errors.
    """

    def miss(matrix: np.ndarray) -> np.ndarray:
        return matrix + deviation * np.abs(matrix).max(axis=0) * rng.standard_normal(matrix.shape)

    return _each(weights, miss)


def n_weights(weights: Weights) -> int:
    """Weights that are not 0, shifts and biases apart."""
    return sum(
        int(np.count_nonzero(one)) for one in (weights.mixing, *weights.kernels, weights.head) if one is not None
    )


def _each(weights: Weights, change: Callable[[np.ndarray], np.ndarray]) -> Weights:
    """Change every matrix, given as rows of inputs and columns of units."""

    def changed(array: np.ndarray) -> np.ndarray:
        return change(array.reshape(-1, array.shape[-1])).reshape(array.shape).astype(np.float32)

    return replace(
        weights,
        mixing=None if weights.mixing is None else changed(weights.mixing),
        kernels=[changed(kernel) for kernel in weights.kernels],
        head=changed(weights.head),
    )


def _rounded(matrix: np.ndarray, n_levels: int) -> np.ndarray:
    """Columns rounded to `n_levels` levels from -c to c, each with the c of least squared error."""
    largest = np.maximum(np.abs(matrix).max(axis=0), np.finfo(np.float32).tiny)
    best, least = matrix, np.full(matrix.shape[1], np.inf)
    for clip in CLIPS:
        end = clip * largest
        rounded = few_levels.to_levels(np, matrix, end, n_levels)
        error = np.square(rounded - matrix).sum(axis=0)
        best, least = np.where(error < least, rounded, best), np.minimum(error, least)
    return best
