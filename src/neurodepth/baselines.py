"""Networks of other kinds, trained on the same data and held against the same test trials; no part of the verdict."""

from collections.abc import Sequence

import pandas as pd

from neurodepth import scores
from neurodepth.criterion import Criterion
from neurodepth.evaluation import ARCHITECTURE, Scored


def tabulate(scored: Sequence[Scored], criterion: Criterion, seed: int) -> pd.DataFrame:
    """Tabulate the scores of baselines of one cell.

    Args:
        scored: Of every network and training seed; their rows say `network`.
        criterion: Of which resamples and confidence are used.
        seed: Of the resamples.

    Returns:
        The rows of `scored` with, of each network, the AUC averaged over seeds (auc_mean) and its interval over test trials
        and training seeds (auc_low, auc_high).
    """
    parts = []
    for _, rows in pd.DataFrame([one.row for one in scored]).groupby("network", sort=False):
        evaluations = [scored[position].evaluation() for position in rows.index]
        resampled = scores.resample(evaluations, criterion.resamples, criterion.confidence, seed)
        (auc,) = scores.tabulate(resampled, criterion.confidence).to_dict("records")
        parts.append(rows.assign(auc_mean=auc["auc"], auc_low=auc["auc_low"], auc_high=auc["auc_high"]))
    return pd.concat(parts)


def average(table: pd.DataFrame) -> pd.DataFrame:
    """Average what `tabulate` returned over training seeds: one row a network, columns as in accuracy_vs_depth.csv."""
    grouped = table.assign(auc=table["auc_mean"]).groupby(list(ARCHITECTURE), sort=False)
    return grouped.mean().assign(seeds=grouped.size()).reset_index().drop(columns=["auc_mean", "seed"])
