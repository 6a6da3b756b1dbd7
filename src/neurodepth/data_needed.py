"""The amount of training data with which each depth would meet the criterion, by its learning curve."""

import numpy as np
import pandas as pd

from neurodepth import metrics
from neurodepth.criterion import Criterion
from neurodepth.scores import Scores


def tabulate(scores: Scores, criterion: Criterion, trial_h: float) -> pd.DataFrame:
    """Read the learning curve of each depth at the criterion.

    Args:
        scores: Of the networks of one cell.
        criterion: With a voltage criterion, the larger of the two amounts counts.
        trial_h: Length of a trial in hours.

    Returns:
        One row a depth: data_needed_h and its interval (`_low`, `_high`; inf means never, and no value is below the
        smallest training set; as many passes through them as through the largest), and the AUC with endless data,
        auc_asymptote, with its interval. That is NaN where a line goes on, and so is its interval where one does in too many
        resamples.
    """
    rows = []
    for depth in scores.depths:
        point, resampled = _needed(scores, criterion, depth, False), _needed(scores, criterion, depth, True)
        row: dict[str, float] = {"depth": depth}
        for name, scale in (("data_needed_h", trial_h), ("auc_asymptote", 1)):
            low, high = metrics.interval(scale * resampled[name], criterion.confidence)
            if np.mean(np.isnan(resampled[name])) > 1 - criterion.confidence:  # known of too few to have an interval
                low, high = np.nan, np.nan
            row |= {name: scale * float(point[name][0]), f"{name}_low": low, f"{name}_high": high}
        rows.append(row)
    return pd.DataFrame(rows)


def _needed(scores: Scores, criterion: Criterion, depth: int, resampled: bool) -> dict[str, np.ndarray]:
    """Both figures of one depth, the data in trials, from the resampled errors or from their estimates."""
    trials, asymptote = [], np.empty(0)
    for measure, limit in criterion.largest_errors.items():
        curve = scores.curve(measure, depth)
        if not resampled:
            estimates = np.array([[scores.point[measure][depth, size]] for size in scores.sizes])
            curve = scores.fit(depth, estimates)
        trials.append(curve.trials_to_reach(limit))
        if measure == "auc":
            asymptote = 1 - curve.asymptote
    return {"data_needed_h": np.max(trials, axis=0), "auc_asymptote": asymptote}
