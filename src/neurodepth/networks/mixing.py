"""Sums over synapses whose weights are shared or of few levels while they are trained."""

from collections.abc import Sequence
from typing import Any

from neurodepth.networks import few_levels
from neurodepth.networks.backend import keras


class MixSynapses(keras.layers.Layer):
    """What a dense layer without bias does, with one row of weights for all synapses of a group.

    It is as if the spikes of a group were counted in one channel, while the input keeps its form: the gradients of its
    synapses add up before the optimiser sees them.

    Attributes:
        kernel: Shape (groups, width), or (synapses, width) without groups.
    """

    def __init__(self, width: int, groups: Sequence[int] | None, weight_levels: int | None, **options: Any):
        """A layer of `width` channels; synapse i belongs to group `groups[i]`, whole numbers from 0 on, none left out."""
        super().__init__(**options)
        self.width, self.groups, self.weight_levels = width, groups, weight_levels

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the kernel for inputs of this shape."""
        n_rows = max(self.groups) + 1 if self.groups else shape[-1]
        self.kernel = self.add_weight(shape=(n_rows, self.width), initializer="glorot_uniform", name="kernel")

    def call(self, x: Any) -> Any:
        """Shape (..., synapses) to (..., width)."""
        kernel = few_levels.straight_through(self.kernel, self.weight_levels)
        return keras.ops.matmul(x, self._of_synapses(kernel))

    def kernel_in_use(self) -> Any:
        """Weights of each synapse, shape (synapses, width)."""
        return self._of_synapses(few_levels.rounded(self.kernel, self.weight_levels))

    def _of_synapses(self, kernel: Any) -> Any:
        return keras.ops.take(kernel, keras.ops.convert_to_tensor(self.groups), axis=0) if self.groups else kernel

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """As `call` does."""
        return (*shape[:-1], self.width)
