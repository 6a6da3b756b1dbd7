"""Places on a dendrite for experiments: branches, their synapses, and how far apart they are."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


class Sites:
    """A cell's tree, asked for places.

    Attributes:
        tree: Arrays of `cells.anatomy.describe`.
    """

    def __init__(self, tree: Mapping[str, Any]):
        """Look at a tree."""
        self.tree = tree
        parent, section = tree["segment_parent"], tree["segment_section"]
        self._has_parent = parent >= 0
        leaves = set(section) - set(section[parent[self._has_parent & (section != section[parent])]])
        self._is_terminal = np.isin(section, list(leaves))

    def has_branches(self, regions: Sequence[str], n_segments: int) -> bool:
        """Whether each of some regions has two terminal branches of at least so many segments."""
        return all(sum(len(branch) >= n_segments for branch in self.branches(region)) > 1 for region in regions)

    def branches(self, region: str) -> list[np.ndarray]:
        """Unbranched terminal stretches of a region as segments from base to tip; those of most segments first."""
        section = self.tree["segment_section"]
        own = np.unique(section[self._is_terminal & (self.tree["segment_region"] == region)])
        found = [np.flatnonzero(section == number) for number in own]
        return sorted(found, key=lambda branch: (-len(branch), branch[0]))

    def near(self, regions: Sequence[str] | np.ndarray, n: int) -> np.ndarray:
        """The `n` excitatory synapses of some regions that are nearest to the soma by path, nearest first."""
        own = self._excitatory(regions)
        distance_um = self.tree["segment_distance_um"][self.tree["synapse_segment"][own]]
        return own[np.argsort(distance_um, kind="stable")[:n]]

    def spread(self, regions: Sequence[str], n: int) -> np.ndarray:
        """`n` excitatory synapses, evenly chosen from all of some regions in the order of the cell's table."""
        own = self._excitatory(regions)
        return own[np.linspace(0, len(own) - 1, n).astype(int)]

    def synapses(self, segments: Sequence[int] | np.ndarray, is_excitatory: bool = True) -> np.ndarray:
        """Synapses of one kind on some segments, in the order of the segments."""
        own = np.flatnonzero(self.tree["synapse_excitatory"] == is_excitatory)
        at = self.tree["synapse_segment"][own]
        return np.concatenate([own[at == segment] for segment in segments])

    def path_um(self, one: int, other: int) -> float:
        """Distance of two segments along the dendrite."""
        distance_um = self.tree["segment_distance_um"]
        common = next(segment for segment in self._to_soma(one) if segment in set(self._to_soma(other)))
        return float(distance_um[one] + distance_um[other] - 2 * distance_um[common])

    def _to_soma(self, segment: int) -> list[int]:
        way = [segment]
        while (parent := int(self.tree["segment_parent"][way[-1]])) >= 0:
            way.append(parent)
        return way

    def _excitatory(self, regions: Sequence[str] | np.ndarray) -> np.ndarray:
        region = self.tree["segment_region"][self.tree["synapse_segment"]]
        return np.flatnonzero(np.isin(region, regions) & self.tree["synapse_excitatory"])
