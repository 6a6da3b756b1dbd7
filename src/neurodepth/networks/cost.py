"""What a network costs: its parameters, and the multiply-adds for each millisecond of simulated time.

Counted from a definition alone, without Keras: what the network's equations need, not what a particular program does.
A multiply-add is a product that is added to a sum. Normalisation is folded into the weights before it; a nonlinearity
counts nothing. The head for dendritic regions serves training only and is not counted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from neurodepth.networks import grouped_by, kernel_sizes, n_kernel_weights
from neurodepth.networks.routing import overlapping_windows

MS_PER_S = 1000
N_HEADS = 2  # spike logit and soma voltage


@dataclass(frozen=True)
class Cost:
    """What a network costs.

    Attributes:
        parameters: Numbers that training sets; a smooth kernel has fewer than the lags at which the network in use has weights.
        multiply_adds_per_ms: With every input multiplied, spike or not.
        event_multiply_adds_per_ms: With the input's share spent on spikes alone, at their mean rate, where that is less: groups
            of many synapses have fewer channels than spikes.
    """

    parameters: int
    multiply_adds_per_ms: int
    event_multiply_adds_per_ms: float


@dataclass(frozen=True)
class _Count:
    """Parameters without the heads' and multiply-adds: on the input a millisecond, for one event, and elsewhere."""

    parameters: int
    on_input: int
    per_event: float
    elsewhere: int
    features: int = 0  # what each head reads; none where the filters are the heads


def count(
    architecture: dict[str, Any],
    depth: int,
    n_synapses: int,
    event_rate_hz: float,
    synapse_group: Sequence[int] | None = None,
) -> Cost:
    """Count parameters and multiply-adds of a network.

    Args:
        architecture: What `networks.read` returns.
        depth: As for `networks.build`.
        n_synapses: Input channels.
        event_rate_hz: Mean rate of the events of one synapse.
        synapse_group: As for `networks.build`.
    """
    n_groups = 0
    if grouped_by(architecture):
        if synapse_group is None:
            raise ValueError(
                f"network of type {architecture['type']}: expected synapse_group to count groups, found none"
            )
        n_groups = max(synapse_group) + 1
    if architecture["type"] == "two_layer":
        found = _two_layer(architecture, n_synapses, n_groups)
    else:
        found = COUNTS[architecture["type"]](architecture, depth, n_synapses)
        if n_groups:  # one channel stands for a group
            saved = (n_synapses - n_groups) * round(found.per_event)
            found = replace(found, parameters=found.parameters - saved, on_input=found.on_input - saved)
    heads = N_HEADS * found.features
    on_events = found.per_event * n_synapses * event_rate_hz / MS_PER_S
    return Cost(
        found.parameters + (heads + N_HEADS if heads else 0),
        found.on_input + found.elsewhere + heads,
        min(on_events, found.on_input) + found.elsewhere + heads,
    )


def _tcn(architecture: dict[str, Any], depth: int, n_synapses: int) -> _Count:
    kernels_ms = kernel_sizes(architecture["receptive_field_ms"], depth, architecture.get("first_kernel_ms"))
    return _stack(architecture, kernels_ms, n_synapses)


def _fully_connected(architecture: dict[str, Any], depth: int, n_synapses: int) -> _Count:
    return _stack(architecture, [architecture["receptive_field_ms"]] + [1] * (depth - 1), n_synapses)


def _stack(architecture: dict[str, Any], kernels_ms: list[int], n_synapses: int) -> _Count:
    width = architecture["width"]
    mixtures = architecture.get("synapse_mixtures", width) if architecture["factorised"] else 0
    per_event = mixtures or width * kernels_ms[0]
    n_inputs = [mixtures or n_synapses] + [width] * (len(kernels_ms) - 1)
    weights_per_kernel = [n_kernel_weights(kernel_ms, architecture.get("kernel_cosines")) for kernel_ms in kernels_ms]
    products, weights = (
        n_synapses * mixtures + width * sum(n * each for n, each in zip(n_inputs, counts, strict=True))
        for counts in (kernels_ms, weights_per_kernel)
    )
    normalisation = 2 * width * len(kernels_ms)  # a scale and a shift
    on_input = n_synapses * per_event
    return _Count(weights + normalisation, on_input, per_event, products - on_input, width)


def _perceptron(architecture: dict[str, Any], depth: int, n_synapses: int) -> _Count:
    kernel_ms = architecture["receptive_field_ms"]
    weights = n_synapses * N_HEADS * n_kernel_weights(kernel_ms, architecture.get("kernel_cosines"))
    return _Count(weights + N_HEADS, n_synapses * N_HEADS * kernel_ms, N_HEADS * kernel_ms, 0)


def _linear_nonlinear_poisson(architecture: dict[str, Any], depth: int, n_synapses: int) -> _Count:
    linear = _perceptron(architecture, depth, n_synapses)
    history = N_HEADS * architecture["receptive_field_ms"]
    return _Count(linear.parameters + history, linear.on_input, linear.per_event, history)


def _two_layer(architecture: dict[str, Any], n_synapses: int, n_branches: int) -> _Count:
    per_event, kernel_ms = architecture["temporal_filters"], architecture["receptive_field_ms"]
    parameters = n_synapses * per_event + per_event * kernel_ms + 2 * n_branches  # a gain and a threshold a branch
    elsewhere = n_branches * (per_event * kernel_ms + 1)
    return _Count(parameters, n_synapses * per_event, per_event, elsewhere, n_branches)


def _dendritic_segments(architecture: dict[str, Any], depth: int, n_synapses: int) -> _Count:
    n_segments = architecture["n_segments"]
    on_input = n_synapses * n_segments
    # An event switches its synapse on, and off again later.
    return _Count(on_input + n_segments, on_input, 2 * n_segments, 0, n_segments)


def _lstm(architecture: dict[str, Any], depth: int, n_synapses: int) -> _Count:
    width = architecture["width"]
    per_event, recurrent = 4 * width, 4 * width**2
    elsewhere = recurrent + 3 * width  # three products of a gate with a state
    return _Count(n_synapses * per_event + recurrent + 4 * width, n_synapses * per_event, per_event, elsewhere, width)


def _spiking(architecture: dict[str, Any], depth: int, n_synapses: int) -> _Count:
    width = architecture["width"]
    elsewhere = width**2 + 3 * width  # three leaks
    return _Count(n_synapses * width + width + width**2, n_synapses * width, width, elsewhere, width)


def _elm(architecture: dict[str, Any], depth: int, n_synapses: int) -> _Count:
    n_branches, memory = architecture["n_branches"], architecture["memory_units"]
    n_connections = len(overlapping_windows(n_synapses, n_synapses, n_branches, architecture["synapses_per_branch"])[0])
    hidden = 2 * memory
    products = (n_branches + memory) * hidden + hidden * memory
    leaks = n_branches + 2 * memory  # of branches and memory, and the change's share
    return _Count(
        n_connections + products + hidden + memory, n_connections, n_connections / n_synapses, products + leaks, memory
    )


COUNTS: dict[str, Callable[[dict[str, Any], int, int], _Count]] = {
    "tcn": _tcn,
    "fully_connected": _fully_connected,
    "perceptron": _perceptron,
    "linear_nonlinear_poisson": _linear_nonlinear_poisson,
    "dendritic_segments": _dendritic_segments,
    "lstm": _lstm,
    "spiking": _spiking,
    "elm": _elm,
}
