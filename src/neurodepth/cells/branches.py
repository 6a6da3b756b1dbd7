"""Synapses of a cell with the branch of the dendrite that each lies on."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

COLUMNS = ["kind", "tree", "section", "segment", "branch", "path_distance_um", "length_um", "weight"]


def tabulate(cell: Any) -> pd.DataFrame:
    """Tabulate the synapses of a cell.

    A branch is a section of the morphology, an unbranched stretch of dendrite.

    Args:
        cell: What `cells.build` returns.

    Returns:
        One row a synapse in input order: kind, tree, section (number within its tree), segment, branch (whole numbers
        from 0 on), path_distance_um (from the soma; NaN for a point neuron), length_um (of the segment), weight (factor
        on its conductance). A point neuron is one branch.
    """
    if not hasattr(cell, "segments"):
        return cell.synapses.assign(section=0, branch=0, path_distance_um=np.nan)[COLUMNS]
    of_segments = cell.segments[["section", "path_distance_um"]].assign(
        branch=cell.segments.groupby(["tree", "section"], sort=False).ngroup()
    )
    return cell.synapses.join(of_segments, on="segment")[COLUMNS]


def group(table: pd.DataFrame, columns: Sequence[str]) -> list[int] | None:
    """Number the groups of synapses that have some columns of `tabulate` in common, as `networks.grouped_by` names them.

    Returns:
        The group of each synapse, whole numbers from 0 on; None for no columns.
    """
    return table.groupby(list(columns), sort=False).ngroup().tolist() if columns else None
