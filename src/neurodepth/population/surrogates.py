"""A recurrent network whose neurons are trained networks: advanced millisecond by millisecond, spikes exchanged in between."""

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from neurodepth.cells.trial import Events
from neurodepth.population import Activity, Wiring
from neurodepth.streaming import Stream, Weights


def simulate(
    weights: Weights, wiring: Wiring, background: Sequence[Events], duration_ms: int, rng: np.random.Generator
) -> Activity:
    """Run the network; a neuron spikes with the probability that the surrogate predicts, once a millisecond at most.

    Args:
        weights: Of the surrogate, what `streaming.read_weights` returns.
        wiring: Connections.
        background: Input of each neuron besides.
        duration_ms: How long.
        rng: Draws the spikes.
    """
    n_neurons, n_synapses = wiring.n_neurons, weights.n_synapses
    stream = Stream(weights, n_neurons)
    reached = wiring.target * n_synapses + wiring.synapse  # numbers of synapses over all neurons
    arriving: list[list[np.ndarray]] = [[] for _ in range(duration_ms)]
    for neuron, events in enumerate(background):
        place = neuron * n_synapses + events.synapse.astype(np.int64)
        for time_ms, one in enumerate(np.split(place, np.searchsorted(events.time_ms, np.arange(1, duration_ms)))):
            arriving[time_ms].append(one)
    times_ms, neurons = [], []
    for time_ms in range(duration_ms):
        rows, columns = np.divmod(np.concatenate(arriving[time_ms]), n_synapses)
        spikes_in = np.ones(len(rows), np.float32)
        probability, _ = stream.advance(sparse.coo_array((spikes_in, (rows, columns)), shape=(n_neurons, n_synapses)))
        spiked = rng.random(n_neurons) < probability[:, 0]
        is_sent = spiked[wiring.source]
        for delay_ms in np.unique(wiring.delay_ms[is_sent]):
            if time_ms + delay_ms < duration_ms:
                arriving[time_ms + delay_ms].append(reached[is_sent & (wiring.delay_ms == delay_ms)])
        neurons.append(np.flatnonzero(spiked))
        times_ms.append(np.full(len(neurons[-1]), time_ms + 0.5))  # somewhere in this millisecond
    return Activity(n_neurons, duration_ms, np.concatenate(times_ms), np.concatenate(neurons))
