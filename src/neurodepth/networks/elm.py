"""The branch version of the Expressive Leaky Memory neuron: leaky branches, and memory updated by a small perceptron.

Spieler et al. 2024 (ICLR, arXiv 2306.16922), with the update and the settings of their published models of 1278
synapses. Each millisecond, for branches b, input x (1 at an excitatory event, -1 at an inhibitory one, as the published
program reads them), weights w >= 0 and memory m with decays k = exp(-1 ms / time constant):

    b = k_b b + w x        d = tanh'(MLP(b, k_m m))        m = k_m m + lambda (1 - k_m) d
"""

from typing import Any

import numpy as np

from neurodepth.networks.backend import keras
from neurodepth.networks.frame import Frame
from neurodepth.networks.routing import overlapping_windows

# Spieler et al. 2024 and their program
BRANCH_TIME_CONSTANT_MS = 5.0
FIRST_SYNAPSE_WEIGHT = 0.5
UPDATE_SCALE = 5.0  # lambda
HIDDEN_PER_MEMORY = 2


def build(architecture: dict[str, Any], depth: int, frame: Frame) -> keras.Model:
    """Build a neuron of `memory_units`; see `networks.build`."""
    inputs, spikes = frame.input_spikes(architecture["synapse_dropout"])
    branches = architecture["n_branches"], architecture["synapses_per_branch"]
    drive = BranchSynapses(frame.excitatory("elm"), *branches, dtype=frame.policy, name="synapses")(spikes)
    cell = LeakyMemory(
        *(architecture[key] for key in ("n_branches", "memory_units", "shortest_memory_ms", "longest_memory_ms")),
        dtype="float32",
    )
    memory = keras.layers.RNN(cell, return_sequences=True, dtype="float32", name="memory")(drive)
    return keras.Model(inputs, frame.heads(memory), name="elm")


@keras.saving.register_keras_serializable("neurodepth")
class BranchSynapses(keras.layers.Layer):
    """Input of each branch: excitation less inhibition, through weights that are not negative.

    Attributes:
        weight: Before its rectification, shape (connections,).
    """

    def __init__(self, n_excitatory: int, n_branches: int, synapses_per_branch: int, **options: Any):
        """Route inputs, the excitatory ones first, to branches by `routing.overlapping_windows`."""
        super().__init__(**options)
        self.n_excitatory, self.n_branches, self.synapses_per_branch = n_excitatory, n_branches, synapses_per_branch

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make weights for inputs of this shape."""
        self.n_synapses = int(shape[-1])  # type: ignore[arg-type]
        routes = overlapping_windows(self.n_synapses, self.n_excitatory, self.n_branches, self.synapses_per_branch)
        self.sign = np.where(routes[0] < self.n_excitatory, 1, -1).astype("float32")
        self.connections = np.stack(routes, axis=1).astype("int32")
        self.weight = self.add_weight(
            shape=(len(self.connections),),
            initializer=keras.initializers.Constant(FIRST_SYNAPSE_WEIGHT),
            name="weight",
        )

    def call(self, x: Any) -> Any:
        """Shape (trials, time, synapses) to (trials, time, branches)."""
        ops = keras.ops
        signed = ops.relu(self.weight) * ops.cast(self.sign, self.compute_dtype)
        kernel = ops.scatter(self.connections, signed, (self.n_synapses, self.n_branches))
        return ops.matmul(x, kernel)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """As `call` does."""
        return (*shape[:-1], self.n_branches)

    def get_config(self) -> dict[str, Any]:
        """What makes this layer again."""
        return super().get_config() | {
            "n_excitatory": self.n_excitatory,
            "n_branches": self.n_branches,
            "synapses_per_branch": self.synapses_per_branch,
        }


@keras.saving.register_keras_serializable("neurodepth")
class LeakyMemory(keras.layers.Layer):
    """One millisecond of the neuron."""

    def __init__(
        self,
        n_branches: int,
        memory_units: int,
        shortest_memory_ms: float,
        longest_memory_ms: float,
        **options: Any,
    ):
        """Make memory units with fixed time constants, logarithmically spaced from the shortest to the longest."""
        super().__init__(**options)
        self.n_branches, self.memory_units = n_branches, memory_units
        self.shortest_memory_ms, self.longest_memory_ms = shortest_memory_ms, longest_memory_ms
        self.state_size = [n_branches, memory_units]
        self.output_size = memory_units
        time_constant_ms = np.geomspace(shortest_memory_ms, longest_memory_ms, memory_units)
        self.memory_decay = np.exp(-1 / time_constant_ms).astype("float32")
        # The published program is in PyTorch, whose linear layers start with weights of variance 1 / (3 inputs).
        first, second = (keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform") for _ in range(2))
        self.hidden = keras.layers.Dense(
            HIDDEN_PER_MEMORY * memory_units, "relu", kernel_initializer=first, dtype=self.dtype_policy
        )
        self.update = keras.layers.Dense(memory_units, kernel_initializer=second, dtype=self.dtype_policy)

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the perceptron's weights."""
        self.hidden.build((None, self.n_branches + self.memory_units))
        self.update.build((None, HIDDEN_PER_MEMORY * self.memory_units))

    def call(self, inputs: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        """Branches, shape (trials, branches), and memory, shape (trials, memory units), one millisecond on."""
        ops = keras.ops
        branches = float(np.exp(-1 / BRANCH_TIME_CONSTANT_MS)) * states[0] + inputs
        kept = self.memory_decay * states[1]
        proposed = self.update(self.hidden(ops.concatenate([branches, kept], axis=-1)))
        change = 1.7159 * ops.tanh(2 / 3 * proposed)  # LeCun et al. 1998, Efficient BackProp, section 4.4
        memory = kept + UPDATE_SCALE * (1 - self.memory_decay) * change
        return memory, [branches, memory]

    def get_config(self) -> dict[str, Any]:
        """What makes this layer again."""
        return super().get_config() | {
            "n_branches": self.n_branches,
            "memory_units": self.memory_units,
            "shortest_memory_ms": self.shortest_memory_ms,
            "longest_memory_ms": self.longest_memory_ms,
        }
