"""What one event at each synapse does, on average, to soma and dendrite: where a network's first layer starts.

A network that begins with random sums over a thousand synapses spends most of its training on finding which of them
belong together. Linear regression of the voltages on filtered input finds it at once, and explains half of them.
"""

from collections.abc import Sequence

import numpy as np
from scipy import signal

from neurodepth import metrics
from neurodepth.networks.backend import keras
from neurodepth.networks.synapse_dropout import synapse_dropout
from neurodepth.networks.synaptic_filter import SynapticFilter
from neurodepth.training.windows import ENOUGH_TRIALS, Scaling
from neurodepth.trials import Trials

# Between those of AMPA and GABA_A, and of NMDA: one is what the membrane makes of a fast synapse, one of a slow one.
TIME_CONSTANTS_MS = (4.0, 30.0)
SAMPLE_MS = 30  # from 12 on the start explains as much, to 0.01, and takes two thirds of the time
EVENT_LAG_MS = 5.0  # where only one number a synapse fits: its effect this long after an event, near the peak
BRANCH_DEVIATION = 0.3  # of the drive of a branch of a two-layer model, roughly: its sigmoid is bent a little
RIDGE = 3e-4  # of the number of samples: keeps a synapse without events at 0


def regress(trials: Trials, scaling: Scaling, rotation: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Regress soma and dendritic voltages on input filtered with `TIME_CONSTANTS_MS`.

    Args:
        trials: Training trials; the first `ENOUGH_TRIALS` are used.
        scaling: Their normalisation.
        rotation: From dendritic components to regions; None where there are no components.

    Returns:
        Normalised voltage that an event adds at once, to decay with each time constant; float32, shape (time
        constants, synapses, 1 + regions), the soma first. And the normalised voltage without any event, shape (1 + regions,).
    """
    n_columns = trials.n_synapses * len(TIME_CONSTANTS_MS) + 1  # the last one is the mean
    squares = np.zeros((n_columns, n_columns))
    products: np.ndarray | float = 0.0
    n_samples = 0
    for position in range(min(len(trials), ENOUGH_TRIALS)):
        at_ms = np.arange(metrics.WARM_UP_MS + position % SAMPLE_MS, trials.duration_ms, SAMPLE_MS)
        filtered = _filter(trials, position, at_ms)
        targets = _targets(trials, position, at_ms, scaling, rotation)
        squares += filtered.T @ filtered
        products = products + filtered.T @ targets
        n_samples += len(at_ms)
    squares[np.diag_indices(n_columns - 1)] += RIDGE * n_samples
    weights = np.linalg.solve(squares, products).astype(np.float32)
    return weights[:-1].reshape(len(TIME_CONSTANTS_MS), trials.n_synapses, -1), weights[-1]


def start(model: keras.Model, effects: np.ndarray, at_rest: np.ndarray, n_excitatory: int) -> None:
    """Start the first layer of a network from the mean effects of single events; the other layers stay as they are.

    A layer that mixes the synapses takes their effects on soma and regions, a convolution the decaying exponentials
    themselves; both keep excitatory and inhibitory synapses apart where they are wide enough for that. Channels beyond
    the soma and the regions stay random. One filter a synapse takes the effect on the soma, larger by what silent synapses
    take away in training, for the spikes too: a standard deviation of the voltage is worth a unit of the logit. The branches
    of a two-layer model take it as well, where their sigmoids are still nearly linear.

    Args:
        model: Any network; one with another kind of first layer is left alone.
        effects: What `regress` returns.
        at_rest: The same.
        n_excitatory: Number of excitatory synapses, which come first.
    """
    time_constants_ms = np.array(TIME_CONSTANTS_MS)[:, None]
    names = [layer.name for layer in model.layers]
    kept = 1 - synapse_dropout(model)
    if "mix_synapses" in names:
        layer = model.get_layer("mix_synapses")
        if getattr(layer, "groups", None):
            n_excitatory = max(layer.groups[:n_excitatory]) + 1
            effects = _means_of_groups(effects, layer.groups)
        _start_channels(layer, np.exp(-EVENT_LAG_MS / time_constants_ms), effects, n_excitatory)
    elif "convolution_1" in names:
        layer = model.get_layer("convolution_1")
        decay = np.exp(-np.arange(layer.kernel_ms)[::-1] / time_constants_ms)
        if layer.cosines is not None:
            decay = decay @ np.linalg.pinv(layer.cosines).T  # the sum of cosines nearest to it
        _start_channels(layer, decay, effects, n_excitatory)
    for layer in model.layers:
        if isinstance(layer, SynapticFilter):
            decay = np.exp(-np.arange(layer.kernel_ms) / time_constants_ms)
            if layer.cosines is not None:
                decay = decay @ np.linalg.pinv(layer.cosines)
            layer.kernel.assign(np.einsum("kt,ks->st", decay, effects[:, :, 0]) / kept)
            layer.bias.assign_add(at_rest[:1])
    if "branch_sums" in names:
        _start_branches(model, effects[:, :, 0] / kept, at_rest[0])


def _start_branches(model: keras.Model, effects: np.ndarray, at_rest: float) -> None:
    """Make a two-layer model nearly the linear one: sigmoid(x) is 1/2 + x/4 around 0.

    Args:
        model: Of type `two_layer`.
        effects: Normalised soma voltage that an event adds at once, shape (time constants, synapses).
        at_rest: The same without any event.
    """
    filters = np.asarray(model.get_layer("temporal_filters").kernel)
    decay = np.exp(-np.arange(filters.shape[1]) / np.array(TIME_CONSTANTS_MS)[:, None])
    drive = np.einsum("kf,ks->sf", decay @ np.linalg.pinv(filters), effects)
    n_branches = model.get_layer("branch_sums").n_branches
    gain = BRANCH_DEVIATION * np.sqrt(n_branches)  # independent branches share a deviation of 1
    model.get_layer("branch_sums").weight.assign(gain * drive)
    for name in ("spike_logit", "soma_voltage"):
        head = model.get_layer(name)
        head.kernel.assign(np.full(head.kernel.shape, 4 / gain, np.float32))
        head.bias.assign_add([at_rest - n_branches * 2 / gain])


def _means_of_groups(effects: np.ndarray, groups: Sequence[int]) -> np.ndarray:
    """Mean effect of the synapses of each group, shape (time constants, groups, 1 + regions)."""
    share = np.eye(max(groups) + 1, dtype=effects.dtype)[list(groups)] / np.bincount(groups)
    return np.einsum("ksr,sg->kgr", effects, share)


def _start_channels(layer: keras.layers.Layer, decay: np.ndarray, effects: np.ndarray, n_excitatory: int) -> None:
    """Put effects, decayed as they are at each lag, shape (time constants, lags), into a layer's first channels."""
    kernel = layer.get_weights()[0].reshape(decay.shape[1], *effects.shape[1:2], -1)
    filters = np.einsum("kt,ksr->tsr", decay, effects)
    width = kernel.shape[2]
    if width > 1.5 * filters.shape[2]:
        excitatory, inhibitory = filters[:, :, : width // 2].copy(), filters[:, :, : width // 2].copy()
        excitatory[:, n_excitatory:], inhibitory[:, :n_excitatory] = 0, 0
        filters = np.concatenate([excitatory, inhibitory], axis=2)
    filters = filters[:, :, :width]
    # As large as the random weights were: normalisation follows, only the pace of learning depends on it.
    size = np.sqrt(np.mean(filters**2, axis=(0, 1)))
    kernel[:, :, : filters.shape[2]] = filters * np.where(size > 0, kernel.std() / np.where(size > 0, size, 1), 0)
    layer.set_weights([kernel.reshape(layer.get_weights()[0].shape)])


def _filter(trials: Trials, position: int, at_ms: np.ndarray) -> np.ndarray:
    """Sums of decaying events of one trial at evenly spaced times, and ones; float32, shape (samples, columns)."""
    events, n_synapses = trials.events[position], trials.n_synapses
    time_ms = events.time_ms.astype(np.int64)
    sample = np.searchsorted(at_ms, time_ms)  # the first one that sees the event
    seen = sample < len(at_ms)
    where = (sample * n_synapses + events.synapse)[seen]
    age_ms = (at_ms[sample[seen]] - time_ms[seen]).astype(float)
    columns = []
    for time_constant_ms in TIME_CONSTANTS_MS:
        added = np.bincount(where, np.exp(-age_ms / time_constant_ms), len(at_ms) * n_synapses)
        decay = np.exp(-SAMPLE_MS / time_constant_ms)
        columns.append(signal.lfilter([1.0], [1.0, -decay], added.reshape(len(at_ms), n_synapses), axis=0))
    return np.concatenate([*columns, np.ones((len(at_ms), 1))], axis=1).astype(np.float32)


def _targets(
    trials: Trials, position: int, at_ms: np.ndarray, scaling: Scaling, rotation: np.ndarray | None
) -> np.ndarray:
    """Normalised voltages of one trial at some times, float32, shape (samples, 1 + regions)."""
    soma_mv = np.minimum(trials.soma_voltage_mv[position, at_ms], metrics.CLIP_MV)
    targets = ((soma_mv - scaling.soma_mean_mv) / scaling.soma_deviation_mv)[:, None]
    if rotation is None or trials.dendrite_components_mv is None:
        return targets
    components_mv = trials.dendrite_components_mv[position, at_ms].astype(np.float32)
    return np.concatenate([targets, components_mv @ (rotation / scaling.region_deviation_mv)], axis=1)
