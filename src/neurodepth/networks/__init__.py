"""Networks that stand in for a neuron: definitions from models/networks, built in Keras 3."""

from pathlib import Path
from typing import Any

from neurodepth import validation


def read(path: str | Path) -> dict[str, Any]:
    """Read and check a network definition.

    Raises:
        InvalidFileError: If the file or a key is unknown.
    """
    architecture = validation.read_yaml(path)
    validation.check(architecture, "network", str(path))
    return architecture


def kernel_sizes(receptive_field_ms: int, depth: int) -> list[int]:
    """Kernels of a stack of causal convolutions that sees `receptive_field_ms`, as equal as can be, the longest first.

    Raises:
        ValueError: If the depth leaves a layer without a kernel of at least 2 ms.
    """
    reach_ms = receptive_field_ms - 1  # a kernel of k samples adds k - 1 to what the stack sees
    if depth < 1 or (depth > 1 and reach_ms < depth):
        raise ValueError(f"depth {depth} does not fit a receptive field of {receptive_field_ms} ms")
    return [1 + reach_ms // depth + (layer < reach_ms % depth) for layer in range(depth)]
