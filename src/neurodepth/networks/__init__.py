"""Networks that stand in for a neuron: definitions from models/networks, built in Keras 3.

Each `type` of a definition is a module of this package with its name. Reading a definition does not import Keras.
"""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurodepth import validation

STACKS = ("tcn", "fully_connected")  # types of which a study chooses the depth
OTHERS = (
    *("perceptron", "linear_nonlinear_poisson", "two_layer", "dendritic_segments"),
    *("lstm", "spiking", "elm"),
)

# What synapses of a group have in common; excitatory and inhibitory ones are always apart.
INPUT_GROUPS = {"branch": ["kind", "branch"], "tree": ["kind", "tree"], "kind": ["kind"]}


def read(path: str | Path) -> dict[str, Any]:
    """Read and check a network definition.

    Raises:
        InvalidFileError: If the file or a key is unknown.
    """
    architecture = validation.read_yaml(path)
    validation.check(architecture, "network", str(path))
    return architecture


def baseline_depth(architecture: dict[str, Any], depths: Sequence[int]) -> int:
    """Layers of a network that a study of these depths trains beside its own: a `depth` of its own, else the largest.

    0 for types without layers to stack.
    """
    return architecture.get("depth", max(depths)) if architecture["type"] in STACKS else 0


def grouped_by(architecture: dict[str, Any]) -> list[str]:
    """Columns of the table of synapses (`cells.branches.tabulate`) whose values make a group; none for most types."""
    if architecture["type"] == "two_layer":
        return ["branch"]
    return INPUT_GROUPS[architecture["input_groups"]] if "input_groups" in architecture else []


def build(
    architecture: dict[str, Any],
    depth: int,
    n_synapses: int,
    n_regions: int = 0,
    spike_probability: float = 1e-3,
    seed: int = 0,
    precision: str = "float32",
    synapse_group: Sequence[int] | None = None,
    n_excitatory: int | None = None,
) -> Any:
    """Build the network that a definition describes.

    Args:
        architecture: What `read` returns.
        depth: Layers with a nonlinearity between the input and the heads; 0 where the type has no depth to choose.
        n_synapses: Input channels.
        n_regions: Dendritic regions to predict besides; 0 leaves that head out.
        spike_probability: Fraction of milliseconds with a spike, where the spike head starts.
        seed: Of the initial weights and of dropout.
        precision: `float32` or `bfloat16`; the latter computes in bfloat16 and keeps weights in float32.
        synapse_group: Group of each synapse, whole numbers from 0 on, where `grouped_by` says by what.
        n_excitatory: Synapses that excite, the first ones; type `elm` needs it.

    Returns:
        A `keras.Model` from input spikes, uint8, shape (trials, time, synapses), to a mapping of `spike_logit` and
        `soma_voltage` (normalised), shape (trials, time, 1), and `dendrite_regions` (normalised), shape (trials,
        time, regions). Type `linear_nonlinear_poisson` also takes the cell's own spikes: see there.

    Raises:
        ValueError: If the depth does not fit the type, or the groups or the number of excitatory synapses are missing.
    """
    name = architecture["type"]
    if (depth > 0) != (name in STACKS):
        wanted = "at least 1" if name in STACKS else "0, since this type has no layers to stack"
        raise ValueError(f"network of type {name}: expected depth {wanted}, found {depth}")
    module = importlib.import_module(f"neurodepth.networks.{name}")
    from neurodepth.networks.backend import keras
    from neurodepth.networks.frame import Frame

    keras.utils.set_random_seed(seed)
    frame = Frame(n_synapses, n_regions, spike_probability, precision, synapse_group, n_excitatory)
    return module.build(architecture, depth, frame)


def in_use(architecture: dict[str, Any]) -> dict[str, Any]:
    """The definition of the network that is left after training: with weights like any other's, of each synapse and lag."""
    in_training = ("input_groups", "weight_levels", "kernel_cosines")
    return {key: value for key, value in architecture.items() if key not in in_training}


def weights_in_use(model: Any) -> list[np.ndarray]:
    """Weights for the network `in_use` of one in training, in its order: spread over synapses and lags, and rounded."""
    used = {id(one.kernel): one.kernel_in_use() for one in model.layers if hasattr(one, "kernel_in_use")}
    return [np.asarray(used.get(id(one), one)) for one in model.weights]


def load(path: str | Path) -> Any:
    """Read a saved network of any type; it predicts but does not train on."""
    for name in STACKS + OTHERS:  # Keras finds layers of ours only once their modules are imported
        importlib.import_module(f"neurodepth.networks.{name}")
    from neurodepth.networks.backend import keras

    return keras.saving.load_model(path, compile=False)


def history_ms(architecture: dict[str, Any]) -> int:
    """Time that a network needs before what it says counts: its receptive field, or the burn-in of a recurrent one."""
    return architecture["burn_in_ms" if "burn_in_ms" in architecture else "receptive_field_ms"]


def kernel_sizes(receptive_field_ms: int, depth: int, first_kernel_ms: int | None = None) -> list[int]:
    """Kernels of a stack of causal convolutions that sees `receptive_field_ms`, as equal as can be, longer ones first.

    Args:
        receptive_field_ms: What the whole stack sees, the present millisecond included.
        depth: Number of kernels; a single one is the receptive field.
        first_kernel_ms: Of the first of several layers; the others share what is left. None shares out everything.

    Raises:
        ValueError: If a layer is left without a kernel of at least 2 ms.
    """
    given = [] if first_kernel_ms is None or depth == 1 else [first_kernel_ms]
    n_shared = depth - len(given)
    reach_ms = receptive_field_ms - 1 - sum(kernel_ms - 1 for kernel_ms in given)  # k samples add k - 1 to what is seen
    if depth < 1 or (depth > 1 and reach_ms < n_shared):
        first = f" with a first kernel of {first_kernel_ms} ms" if given else ""
        raise ValueError(
            f"depth {depth}{first} does not fit a receptive field of {receptive_field_ms} ms: expected at least 1 layer and "
            f"{receptive_field_ms - reach_ms + n_shared} ms, so that each kernel has 2 ms; use fewer layers or a longer field"
        )
    return given + [1 + reach_ms // n_shared + (layer < reach_ms % n_shared) for layer in range(n_shared)]


def n_kernel_weights(kernel_ms: int, n_cosines: int | None) -> int:
    """Weights that training sets for one kernel: one a ms, or `n_cosines` where that is at most half as many."""
    return n_cosines if n_cosines and kernel_ms >= 2 * n_cosines else kernel_ms
