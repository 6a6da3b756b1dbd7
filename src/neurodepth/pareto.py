"""Accuracy against cost: the networks that no cheaper one equals."""

import numpy as np
import pandas as pd

COSTS = ("parameters", "event_multiply_adds_per_ms")
NOT_COMPARED = ("linear_nonlinear_poisson",)  # a type that is given the cell's true past spikes
COLUMNS = [
    *("cell", "variant", "network", "type", "depth", "training_trials", "seeds", "auc", "auc_low", "auc_high"),
    *("parameters", "multiply_adds_per_ms", "event_multiply_adds_per_ms"),
]


def front(cost: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Mark the Pareto front: networks such that none is as good for less, nor better for as much.

    Args:
        cost: Parameters or multiply-adds per ms, shape (networks,).
        score: AUC or another score of which more is better, shape (networks,); NaN, of either, is never on the front.

    Returns:
        True on the front, shape (networks,); of equal networks, all.
    """
    dominated = (
        (cost[None] <= cost[:, None])
        & (score[None] >= score[:, None])
        & ((cost[None] < cost[:, None]) | (score[None] > score[:, None]))
    )
    return ~dominated.any(axis=1) & ~np.isnan(cost) & ~np.isnan(score)


def compare(networks: pd.DataFrame) -> pd.DataFrame:
    """Mark the front of each neuron, by each cost.

    Args:
        networks: One row a kind and depth of network of a neuron, with at least COLUMNS; of each neuron only those
            trained on its largest training set are compared.

    Returns:
        COLUMNS with `on_front_of_COST` for each of COSTS; never true for a type in NOT_COMPARED.
    """
    by_neuron = networks.groupby(["cell", "variant"])["training_trials"]
    table = networks.loc[networks["training_trials"] == by_neuron.transform("max"), COLUMNS].reset_index(drop=True)
    auc = table["auc"].where(~table["type"].isin(NOT_COMPARED))
    for cost in COSTS:
        table[f"on_front_of_{cost}"] = False
        for _, rows in table.groupby(["cell", "variant"]):
            found = front(rows[cost].to_numpy(float), auc[rows.index].to_numpy(float))
            table.loc[rows.index, f"on_front_of_{cost}"] = found
    return table
