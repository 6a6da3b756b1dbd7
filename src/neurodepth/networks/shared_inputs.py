"""Synapses that a network cannot tell apart: those of a group share one input channel."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurodepth.networks.backend import keras


@keras.saving.register_keras_serializable("neurodepth")
class SharedWithin(keras.constraints.Constraint):
    """Gives all synapses of a group the same weights, their mean, after every update.

    It is as if the spikes of a group were counted in one channel, while the input keeps its form. The weights lie in an
    array of shape (synapses, channels).
    """

    def __init__(self, groups: Sequence[int]):
        """Synapse i belongs to group `groups[i]`, whole numbers from 0 on, none left out."""
        self.groups = [int(one) for one in groups]
        self.sizes = np.bincount(self.groups).astype(np.float32)

    def __call__(self, weights: Any) -> Any:
        """Shape (synapses, channels), and the same."""
        ops = keras.ops
        groups = ops.convert_to_tensor(self.groups, "int32")
        means = ops.segment_sum(weights, groups, len(self.sizes)) / self.sizes[:, None]
        return ops.take(means, groups, axis=0)

    def get_config(self) -> dict[str, Any]:
        """What makes this constraint again."""
        return {"groups": self.groups}
