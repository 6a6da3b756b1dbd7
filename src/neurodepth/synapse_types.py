"""Types of synapses, excitatory and inhibitory ones of each region of the dendrite, from `tree.npz`."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurodepth.cells.anatomy import REGIONS


@dataclass(frozen=True)
class SynapseTypes:
    """Types of the synapses of a cell.

    Attributes:
        names: Such as `basal excitatory`; only types that the cell has, excitatory ones first.
        of_synapse: Position in `names` of each synapse's type, shape (synapses,).
    """

    names: tuple[str, ...]
    of_synapse: np.ndarray

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Mean over the synapses of each type, shape (synapses, ...) to (types, ...)."""
        return np.stack([values[self.of_synapse == number].mean(axis=0) for number in range(len(self.names))])


def read(tree_path: str | Path) -> SynapseTypes:
    """Read the types of a cell's synapses from its `tree.npz`."""
    with np.load(tree_path) as tree:
        region = tree["segment_region"][tree["synapse_segment"]]
        is_excitatory = tree["synapse_excitatory"]
    kind = np.where(is_excitatory, "excitatory", "inhibitory")
    names = [f"{one} {which}" for which in ("excitatory", "inhibitory") for one in REGIONS]
    position = np.array([names.index(f"{one} {which}") for one, which in zip(region, kind, strict=True)])
    present, of_synapse = np.unique(position, return_inverse=True)
    return SynapseTypes(tuple(names[number] for number in present), of_synapse)
