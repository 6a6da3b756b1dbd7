"""Whether a training had come to its end."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

LAST_PART = 1 / 3  # of the training, in which the trend is sought
FEWEST_EPOCHS = 4  # of noise alone, four seem to fall in 0.04, three in 0.16
DECAYED = 2 / 3  # of the updates: there a cosine has brought the learning rate to a quarter


def improvement(history: pd.DataFrame, updates: int, confidence: float, measures: Iterable[str] = ("auc",)) -> float:
    """Fraction of its validation loss that a network surely still lost in each tenth of its training, at the end.

    The trend is the median of the slopes between all pairs of epochs (Theil-Sen, of the loss's logarithm) over the last
    third of the training, at least four epochs; one bad epoch does not move it. It counts if its interval excludes 0 and
    the training loss falls, too.

    Where no better epoch came for `patience_epochs`, the trend is sought in all epochs since the best, at least four. Such an
    end is one only if the loss surely rose or the learning rate had decayed: at a high rate a loss rests that would fall when
    the rate does.

    Args:
        history: One row an epoch, with updates, training_loss, validation_spike_loss and validation_variance_explained.
        updates: At which the training would have ended by itself.
        confidence: Of the interval.
        measures: Of the criterion: for the voltage, a fall of the unexplained variance counts as well.

    Returns:
        The largest of the measures; 0 if no loss surely fell; NaN if there were too few epochs to tell, or if patience ended the
        training too early.
    """
    done = history["updates"].to_numpy()
    spike_loss = history["validation_spike_loss"].to_numpy()
    ended_early = done[-1] < updates
    sought = spike_loss.argmin() + 1 if ended_early else np.searchsorted(done, (1 - LAST_PART) * done[-1])
    first = min(sought, len(done) - FEWEST_EPOCHS)
    if first < 0:
        return np.nan
    tenths = 10 * done[first:] / done[-1]

    def trend(loss: np.ndarray) -> Any:
        return stats.theilslopes(np.log(loss[first:]), tenths, confidence)

    if ended_early and done[-1] < DECAYED * updates and trend(spike_loss).low_slope <= 0:
        return np.nan
    if trend(history["training_loss"].to_numpy()).slope >= 0:
        return 0.0
    losses = [
        spike_loss if measure == "auc" else 1 - history["validation_variance_explained"].to_numpy()
        for measure in measures
    ]
    trends = [trend(loss) for loss in losses]
    return max(float(-np.expm1(one.slope)) if one.high_slope < 0 else 0.0 for one in trends)
