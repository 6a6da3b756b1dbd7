"""How the answer depends on the criterion: the verdict at other values of the AUC to reach."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from neurodepth import depth
from neurodepth.criterion import Criterion
from neurodepth.scores import Scores

# From an AUC that one layer reaches to one that no published network has: even steps of the logarithm of 1 - AUC.
BARS = np.round(1 - np.geomspace(0.1, 0.001, 41), 5)


def tabulate(scores: Scores, criterion: Criterion, trial_h: float, depths: Iterable[int]) -> pd.DataFrame:
    """Decide at every AUC of `BARS` and at the criterion's own; all else is the criterion's.

    Args:
        scores: Of the networks of one cell.
        criterion: The study's.
        trial_h: Length of a trial in hours.
        depths: Of the study. A sequential search ends at the first that meets the study's criterion, and a higher AUC that no
            depth trained reaches has the status `not searched`.

    Returns:
        One row an AUC, ascending: criterion_auc, status, required_depth and the depths that the data allow,
        required_depth_low and required_depth_high; NaN where there is none.
    """
    deeper = [one for one in depths if one > max(scores.depths)]
    rows = []
    for auc in np.union1d(BARS, criterion.auc):
        verdict = depth.decide(scores, replace(criterion, auc=float(auc)), trial_h)
        low, high = verdict.interval
        status = verdict.status
        if deeper and high is None and status in ("undecided", "not reached"):
            status, low = "not searched", min(deeper) if low is None else low
        row: dict[str, object] = {"criterion_auc": auc, "status": status}
        row |= {"required_depth": verdict.required_depth, "required_depth_low": low, "required_depth_high": high}
        rows.append(row)
    whole = ["required_depth", "required_depth_low", "required_depth_high"]
    return pd.DataFrame(rows).astype(dict.fromkeys(whole, "Int64"))
