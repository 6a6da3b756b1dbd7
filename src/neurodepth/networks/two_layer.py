"""The pyramidal cell as a two-layer network: branches with a sigmoid each, and their weighted sum at the soma.

Poirazi, Brannon & Mel 2003 (Neuron 37:989): y = g(sum of alpha_b s(sum of the branch's inputs)). Theirs predicts mean
rates; here the inputs of a branch pass a few temporal filters that all branches share. g is the output's own function,
logistic for spikes, none for the voltage.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurodepth.networks.backend import keras
from neurodepth.networks.convolution import IntoTiles, OutOfTiles, with_history
from neurodepth.networks.frame import Frame

FIRST_TIME_CONSTANTS_MS = (5.0, 50.0)  # ASSUME fast and NMDA-like synaptic currents; training changes the filters


def build(architecture: dict[str, Any], depth: int, frame: Frame) -> keras.Model:
    """Build a two-layer model; see `networks.build`.

    Raises:
        ValueError: If the branches of the synapses are not known, or not of this many synapses.
    """
    branch = frame.groups("two_layer")
    inputs, spikes = frame.input_spikes(architecture["synapse_dropout"])
    n_filters, kernel_ms = architecture["temporal_filters"], architecture["receptive_field_ms"]
    sums = BranchSums(branch, n_filters, dtype=frame.policy, name="branch_sums")(spikes)
    tiles = IntoTiles(dtype=frame.policy, name="into_tiles")(sums)
    drive = TemporalFilters(n_filters, kernel_ms, dtype=frame.policy, name="temporal_filters")(tiles)
    drive = OutOfTiles(dtype="float32", name="out_of_tiles")(drive, inputs)
    branches = keras.layers.EinsumDense(
        "nib,b->nib",  # a gain and a threshold for each branch
        (None, drive.shape[2]),
        bias_axes="b",
        activation="sigmoid",
        kernel_initializer="ones",
        dtype="float32",
        name="branches",
    )(drive)
    return keras.Model(inputs, frame.heads(branches), name="two_layer")


@keras.saving.register_keras_serializable("neurodepth")
class BranchSums(keras.layers.Layer):
    """Weighted sums over the synapses of each branch, one for every temporal filter.

    Attributes:
        weight: Shape (synapses, filters).
    """

    def __init__(self, branch: Sequence[int], n_filters: int, **options: Any):
        """Sum the synapses of which `branch` says the branch, `n_filters` times with different weights."""
        super().__init__(**options)
        self.branch, self.n_filters = list(branch), n_filters
        self.n_branches = max(self.branch) + 1

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the weights."""
        self.weight = self.add_weight(
            shape=(len(self.branch), self.n_filters),
            initializer=keras.initializers.RandomNormal(stddev=0.05),
            name="weight",
        )

    def call(self, x: Any) -> Any:
        """Shape (trials, time, synapses) to (trials, time, branches * filters), filter by filter within a branch."""
        ops = keras.ops
        member = ops.convert_to_tensor(np.eye(self.n_branches)[self.branch], self.compute_dtype)
        kernel = ops.reshape(member[:, :, None] * self.weight[:, None, :], (len(self.branch), -1))
        return ops.matmul(x, kernel)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """As `call` does."""
        return (*shape[:-1], self.n_branches * self.n_filters)

    def get_config(self) -> dict[str, Any]:
        """What makes this layer again."""
        return super().get_config() | {"branch": self.branch, "n_filters": self.n_filters}


@keras.saving.register_keras_serializable("neurodepth")
class TemporalFilters(keras.layers.Layer):
    """Causal filters that all branches share: each branch's sums are filtered, one filter a sum, and added.

    Attributes:
        kernel: Shape (filters, kernel_ms), the latest input first.
    """

    def __init__(self, n_filters: int, kernel_ms: int, **options: Any):
        """Make `n_filters` filters of `kernel_ms` milliseconds."""
        super().__init__(**options)
        self.n_filters, self.kernel_ms = n_filters, kernel_ms

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the filters, decaying from the start as synaptic currents do."""
        time_constant_ms = np.geomspace(*FIRST_TIME_CONSTANTS_MS, self.n_filters)
        decay = np.exp(-np.arange(self.kernel_ms) / time_constant_ms[:, None])
        self.kernel = self.add_weight(
            shape=decay.shape,
            initializer=lambda shape, dtype: keras.ops.convert_to_tensor(decay, dtype),
            name="kernel",
        )

    def call(self, x: Any) -> Any:
        """Tiles of (tile_ms, tiles, trials, branches * filters) to (tile_ms, tiles, trials, branches)."""
        ops = keras.ops
        tile_ms, n_tiles, n_trials, _ = ops.shape(x)
        past = with_history(x, self.kernel_ms - 1)
        past = ops.reshape(past, (tile_ms + self.kernel_ms - 1, -1, self.n_filters))
        # How long before output i input j comes; a lag that no kernel has takes the zero at the kernel's end.
        lag_ms = np.arange(tile_ms)[:, None] + self.kernel_ms - 1 - np.arange(tile_ms + self.kernel_ms - 1)
        lag_ms = np.where((lag_ms >= 0) & (lag_ms < self.kernel_ms), lag_ms, self.kernel_ms)
        matrix = ops.take(ops.pad(self.kernel, [[0, 0], [0, 1]]), lag_ms, axis=1)
        return ops.reshape(ops.einsum("fij,jnf->in", matrix, past), (tile_ms, n_tiles, n_trials, -1))

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """As `call` does."""
        return (*shape[:-1], shape[-1] // self.n_filters)  # type: ignore[operator]

    def get_config(self) -> dict[str, Any]:
        """What makes this layer again."""
        return super().get_config() | {"n_filters": self.n_filters, "kernel_ms": self.kernel_ms}
