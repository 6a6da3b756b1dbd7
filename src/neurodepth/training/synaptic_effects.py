"""What one event at each synapse does, on average, to soma and dendrite: where a network's first layer starts.

A network that begins with random sums over a thousand synapses spends most of its training on finding which of them
belong together. Linear regression of the voltages on filtered input finds it at once, and explains half of them.
"""

import numpy as np
from scipy import signal

from neurodepth import metrics
from neurodepth.training.windows import Scaling
from neurodepth.trials import Trials

# Between those of AMPA and GABA_A, and of NMDA: one is what the membrane makes of a fast synapse, one of a slow one.
TIME_CONSTANTS_MS = (4.0, 30.0)
SAMPLE_MS = 12  # voltages nearer than that say little new
MOST_TRIALS = 300  # thirty minutes: more would hardly change a start
RIDGE = 3e-4  # of the number of samples: keeps a synapse without events at 0


def regress(trials: Trials, scaling: Scaling, rotation: np.ndarray | None = None) -> np.ndarray:
    """Regress soma and dendritic voltages on input filtered with `TIME_CONSTANTS_MS`.

    Args:
        trials: Training trials; the first `MOST_TRIALS` are used.
        scaling: Their normalisation.
        rotation: From dendritic components to regions; None where there are no components.

    Returns:
        Normalised voltage that an event adds at once, to decay with each time constant; float32, shape (time
        constants, synapses, 1 + regions), the soma first.
    """
    n_columns = trials.n_synapses * len(TIME_CONSTANTS_MS) + 1  # the last one is the mean
    squares = np.zeros((n_columns, n_columns))
    products: np.ndarray | float = 0.0
    n_samples = 0
    for position in range(min(len(trials), MOST_TRIALS)):
        at_ms = np.arange(metrics.WARM_UP_MS + position % SAMPLE_MS, trials.duration_ms, SAMPLE_MS)
        filtered = _filter(trials, position, at_ms)
        targets = _targets(trials, position, at_ms, scaling, rotation)
        squares += filtered.T @ filtered
        products = products + filtered.T @ targets
        n_samples += len(at_ms)
    squares[np.diag_indices(n_columns - 1)] += RIDGE * n_samples
    weights = np.linalg.solve(squares, products)[:-1]
    return weights.reshape(len(TIME_CONSTANTS_MS), trials.n_synapses, -1).astype(np.float32)


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
