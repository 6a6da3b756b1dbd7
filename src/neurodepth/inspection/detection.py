"""ROC curve of spike prediction."""

import numpy as np
from numpy.typing import ArrayLike

from neurodepth import metrics

FALSE_POSITIVE_RATES = np.append(0, np.geomspace(1e-4, 1, 121))  # thirty a decade


def hit_rates(
    score: np.ndarray, spikes: np.ndarray, false_positive_rate: ArrayLike = FALSE_POSITIVE_RATES
) -> np.ndarray:
    """Fraction of spikes that are predicted at thresholds which given fractions of the empty bins exceed.

    Args:
        score: Predicted spike probability, or anything that rises with it, shape (trials, time).
        spikes: 1 where the cell spiked, else 0, shape (trials, time).
        false_positive_rate: From 0 to 1, shape (points,).

    Returns:
        As `metrics.hit_rate` at each rate; 1 at rate 1; NaN if no bin holds a spike. Shape (points,).
    """
    spikes, rates = spikes.astype(bool), np.asarray(false_positive_rate)
    hits = np.sort(score[spikes])
    if not hits.size:
        return np.full(len(rates), np.nan)
    empty = np.sort(score[~spikes])
    thresholds = empty[metrics.first_kept_out(empty.size, rates)]
    return np.where(rates < 1, 1 - np.searchsorted(hits, thresholds, "right") / hits.size, 1.0)
