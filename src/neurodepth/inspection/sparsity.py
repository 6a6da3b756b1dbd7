"""How sparse the responses of each layer are."""

import numpy as np

from neurodepth import metrics
from neurodepth.inspection import layers
from neurodepth.networks.backend import keras
from neurodepth.training.windows import feed
from neurodepth.trials import Trials


def measure(model: keras.Model, trials: Trials) -> tuple[np.ndarray, np.ndarray]:
    """Measure how sparse the rectified responses of each layer are, from 500 ms on.

    Returns:
        Fraction of units and milliseconds whose response is 0, shape (layers,); and the lifetime sparseness of Treves and
        Rolls 1991 in the form of Vinje and Gallant 2000, (1 - mean(r)^2 / mean(r^2)) / (1 - 1 / n) over the n milliseconds
        of a unit, averaged over the units that ever respond, shape (layers,); NaN where none does.
    """
    responder = layers.responder(model)
    silent, sums, squares, n_ms = [], [], [], 0
    for position in range(len(trials)):
        inputs = feed(model, trials, np.array([position]), np.array([0]), trials.duration_ms)
        responses = responder.predict_on_batch(inputs)
        kept = [one[0, metrics.WARM_UP_MS :] for one in (responses if isinstance(responses, list) else [responses])]
        silent.append([np.mean(one == 0) for one in kept])
        sums.append([one.sum(axis=0, dtype=float) for one in kept])
        squares.append([(one.astype(float) ** 2).sum(axis=0) for one in kept])
        n_ms += len(kept[0])
    sparseness = [
        lifetime_sparseness(np.sum(own, axis=0) / n_ms, np.sum(own_squares, axis=0) / n_ms, n_ms)
        for own, own_squares in zip(zip(*sums, strict=True), zip(*squares, strict=True), strict=True)
    ]
    return np.mean(silent, axis=0), np.array(sparseness)


def lifetime_sparseness(mean: np.ndarray, mean_square: np.ndarray, n_ms: int) -> float:
    """Mean lifetime sparseness of the units that ever respond: 0 for a constant response, 1 for a single one.

    Args:
        mean: Mean response of each unit, shape (units,).
        mean_square: Mean of its square, shape (units,).
        n_ms: Milliseconds.
    """
    responds = mean_square > 0
    if not responds.any():
        return np.nan
    return float(np.mean(1 - mean[responds] ** 2 / mean_square[responds]) / (1 - 1 / n_ms))
