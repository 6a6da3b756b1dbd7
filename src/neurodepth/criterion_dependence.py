"""How the answer depends on the criterion: the verdict at other values of the AUC to reach."""

from dataclasses import replace

import numpy as np
import pandas as pd

from neurodepth import depth
from neurodepth.criterion import Criterion
from neurodepth.scores import Scores

# From an AUC that one layer reaches to one that no published network has: even steps of the logarithm of 1 - AUC.
BARS = np.round(1 - np.geomspace(0.1, 0.001, 41), 5)


def tabulate(scores: Scores, criterion: Criterion, trial_h: float) -> pd.DataFrame:
    """Decide at every AUC of `BARS` and at the criterion's own; all else is the criterion's.

    Args:
        scores: Of the networks of one cell.
        criterion: The study's.
        trial_h: Length of a trial in hours.

    Returns:
        One row an AUC, ascending: criterion_auc, status, required_depth and the depths that the data allow,
        required_depth_low and required_depth_high; NaN where there is none.
    """
    rows = []
    for auc in np.union1d(BARS, criterion.auc):
        verdict = depth.decide(scores, replace(criterion, auc=float(auc)), trial_h)
        low, high = verdict.interval
        row: dict[str, object] = {"criterion_auc": auc, "status": verdict.status}
        row |= {"required_depth": verdict.required_depth, "required_depth_low": low, "required_depth_high": high}
        rows.append(row)
    depths = ["required_depth", "required_depth_low", "required_depth_high"]
    return pd.DataFrame(rows).astype(dict.fromkeys(depths, "Int64"))
