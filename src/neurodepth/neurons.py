"""Neurons of a study side by side: how complex each is, how large its tree, ranked."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurodepth.evaluation import COMPLEXITY

NOT_DENDRITE = ("soma", "axon")
COLUMNS = (
    *("cell", "variant", *COMPLEXITY, "required_depth", "required_depth_low", "required_depth_high", "status"),
    *("best_depth", "best_auc", "ceiling_auc", "ceiling_variance_explained"),
    *("training_h", "output_rate_hz", "synapses"),
    *("dendritic_length_um", "dendritic_area_um2", "dendritic_branches"),
)


def rank(
    verdicts: Sequence[Mapping[str, Any]], accuracy: pd.DataFrame, trees: Sequence[Mapping[str, np.ndarray]]
) -> pd.DataFrame:
    """Rank neurons by their functional complexity index, the most complex first; those without one last.

    Args:
        verdicts: `cells` of verdict.json.
        accuracy: accuracy_vs_depth.csv.
        trees: tree.npz of each verdict.

    Returns:
        A row a neuron, with `COLUMNS`: the index on the largest training set with its interval; the depth required and
        those that are possible; what unreliable synapses leave to predict, where they are; and the tree's size,
        without soma and axon.
    """
    rows = []
    for verdict, tree in zip(verdicts, trees, strict=True):
        names = {name: verdict[name] for name in ("cell", "variant")}
        own = accuracy[(accuracy.cell == names["cell"]) & (accuracy.variant == names["variant"])]
        largest = own[own.training_trials == own.training_trials.max()]
        complexity = largest[list(COMPLEXITY)].dropna().mean()  # of the one depth that has it
        low, high = verdict["interval"]
        row = names | complexity.to_dict() | {"required_depth_low": low, "required_depth_high": high}
        row |= {name: verdict[name] for name in COLUMNS if name in verdict}
        rows.append(row | measure(tree))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    depths = ["required_depth", "required_depth_low", "required_depth_high"]
    table = table.astype(dict.fromkeys(depths, "Int64"))
    return table.sort_values([COMPLEXITY[0], "cell", "variant"], ascending=[False, True, True], ignore_index=True)


def measure(tree: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Size of a neuron's dendrites, without soma and axon: all 0 for a point neuron.

    Args:
        tree: As tree.npz holds it.
    """
    dendrite = ~np.isin(tree["segment_region"], NOT_DENDRITE)
    return {
        "synapses": len(tree["synapse_segment"]),
        "dendritic_length_um": length_um(tree, dendrite),
        "dendritic_area_um2": float(tree["segment_area_um2"][dendrite].sum()),
        "dendritic_branches": len(np.unique(tree["segment_section"][dendrite])),
    }


def length_um(tree: Mapping[str, np.ndarray], which: np.ndarray) -> float:
    """Length along some of the segments, which bend between their ends: that of cylinders of their area and diameter.

    Args:
        tree: As tree.npz holds it.
        which: True for those, shape (segments,).
    """
    area_um2, diameter_um = tree["segment_area_um2"][which], tree["segment_diameter_um"][which]
    is_cylinder = diameter_um > 0  # the one segment of a point neuron has no extent
    return float((area_um2[is_cylinder] / (np.pi * diameter_um[is_cylinder])).sum())
