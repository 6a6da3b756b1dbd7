"""Whether a training had come to an end when its updates ran out."""

import numpy as np
import pandas as pd
from scipy import stats

LAST_PART = 1 / 3  # of the training, in which the trend is sought
FEWEST_EPOCHS = 4  # of noise alone, four seem to fall in 0.04, three in 0.16


def improvement(history: pd.DataFrame, updates: int, confidence: float) -> float:
    """Fraction of its validation loss that a network surely still lost in each tenth of its training, at the end.

    The trend is the median of the slopes between all pairs of epochs (Theil-Sen, of the loss's logarithm) over the last
    third of the training, at least four epochs; one bad epoch does not move it. It counts if its interval excludes 0 and
    the training loss falls, too.

    Args:
        history: One row an epoch, with updates, training_loss and validation_spike_loss.
        updates: At which the training would have ended by itself.
        confidence: Of the interval.

    Returns:
        0 if validation ended the training, or if the loss did not surely fall; NaN if it had too few epochs to tell.
    """
    done = history["updates"].to_numpy()
    first = min(np.searchsorted(done, (1 - LAST_PART) * done[-1]), len(done) - FEWEST_EPOCHS)
    if done[-1] < updates:
        return 0.0
    if first < 0:
        return np.nan
    tenths = 10 * done[first:] / done[-1]
    training, validation = (
        stats.theilslopes(np.log(history[name].to_numpy()[first:]), tenths, confidence)
        for name in ("training_loss", "validation_spike_loss")
    )
    falls = training.slope < 0 and validation.high_slope < 0
    return float(-np.expm1(validation.slope)) if falls else 0.0
