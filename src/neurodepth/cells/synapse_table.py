"""The synapses of a cell: how many lie on each segment, and the weight of each."""

from typing import Any

import numpy as np
import pandas as pd

from neurodepth.cells.synaptic_weights import draw_weights
from neurodepth.validation import InvalidFileError

KINDS = ("excitatory", "inhibitory")
MOST_SYNAPSES = 2**16


def place_synapses(segments: pd.DataFrame, synapses: dict[str, Any]) -> pd.DataFrame:
    """Place the synapses of each kind: one a segment, or with `per_um` as many as its length gives.

    Args:
        segments: One row a dendritic segment with columns tree, length_um and path_distance_um.
        synapses: The `synapses` mapping of a cell definition.

    Returns:
        One row a synapse in input order, excitatory ones first, those of a segment next to each other: kind, tree,
        segment (row of `segments`), length_um (of dendrite that is the synapse's own), weight.
    """
    length_um = segments["length_um"].to_numpy()
    parts = []
    for kind in KINDS:
        number = _numbers(length_um, synapses[kind].get("per_um"))
        segment = np.repeat(np.arange(len(segments)), number)
        rows = {"tree": segments["tree"].to_numpy()[segment], "length_um": (length_um / np.maximum(number, 1))[segment]}
        parts.append(pd.DataFrame({"kind": kind, "segment": segment} | rows))
    table = pd.concat(parts, ignore_index=True)
    if len(table) > MOST_SYNAPSES:
        raise InvalidFileError(
            f"synapses: expected at most {MOST_SYNAPSES} of both kinds, as events keep their numbers in 16 bits, found "
            f"{len(table)}: lower synapses.excitatory.per_um or synapses.inhibitory.per_um"
        )
    distance_um = segments["path_distance_um"].to_numpy()[table["segment"]]
    table["weight"] = draw_weights(table["kind"].to_numpy(), synapses, distance_um)
    return table[["kind", "tree", "segment", "length_um", "weight"]]


def _numbers(length_um: np.ndarray, per_um: float | None) -> np.ndarray:
    """Synapses of each segment; what rounding takes from one it gives to the next, so that their total is right."""
    if per_um is None:
        return np.ones(len(length_um), int)
    so_far = np.concatenate([[0.0], np.cumsum(length_um)]) * per_um
    return np.diff(np.rint(so_far).astype(int))
