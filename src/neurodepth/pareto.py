"""Accuracy against cost: the networks that no cheaper one equals."""

import numpy as np


def front(cost: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Mark the Pareto front: networks such that none is as good for less, nor better for as much.

    Args:
        cost: Parameters or multiply-adds per ms, shape (networks,).
        score: AUC or another score of which more is better, shape (networks,); NaN is never on the front.

    Returns:
        True on the front, shape (networks,); of equal networks, all.
    """
    dominated = (
        (cost[None] <= cost[:, None])
        & (score[None] >= score[:, None])
        & ((cost[None] < cost[:, None]) | (score[None] > score[:, None]))
    )
    return ~dominated.any(axis=1) & ~np.isnan(score)
