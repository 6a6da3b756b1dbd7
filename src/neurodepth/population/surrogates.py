"""A recurrent network whose neurons are trained networks: advanced millisecond by millisecond, spikes exchanged in between."""

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from neurodepth.cells.trial import Events
from neurodepth.population import Activity, Wiring
from neurodepth.streaming import Stream, Weights
from neurodepth.trials import Trials


class SpikeDraws:
    """Spikes of neurons, drawn from what a surrogate predicts, with the pause after a spike that it does not know of.

    A surrogate gives the probability of a spike in a millisecond over all that may have happened before. Drawn each by itself,
    the milliseconds over which it spreads one spike may give two. Here a neuron is silent for a while after a spike, and
    spikes the likelier when it might have done so but did not, such that every millisecond keeps its probability, as long as
    the probabilities within a pause sum to at most 1.

    Args:
        n_neurons: Drawn side by side, each by itself.
        refractory_ms: From a spike to the next that is possible; 1 draws every millisecond by itself.
        rng: Draws the spikes.
    """

    def __init__(self, n_neurons: int, refractory_ms: int, rng: np.random.Generator) -> None:
        if refractory_ms < 1:
            raise ValueError(f"expected a refractory period of at least 1 ms, found {refractory_ms} ms")
        self._recent = np.zeros((refractory_ms - 1, n_neurons))
        self._silent_ms = np.full(n_neurons, refractory_ms)
        self._refractory_ms = refractory_ms
        self._rng = rng

    def draw(self, probability: np.ndarray) -> np.ndarray:
        """The next millisecond: who spikes, bool, shape (neurons,), from what the surrogate predicts, of that shape."""
        self._silent_ms += 1
        may = self._silent_ms >= self._refractory_ms
        hazard = probability / np.maximum(1 - self._recent.sum(axis=0), np.maximum(probability, np.finfo(float).tiny))
        spiked = may & (self._rng.random(len(may)) < hazard)
        self._silent_ms[spiked] = 0
        self._recent = np.concatenate([self._recent, probability[None]])[1:]
        return spiked


def shortest_interval_ms(trials: Trials) -> int:
    """Whole milliseconds that pass at least between two spikes of a trial, for `refractory_ms`; 1 if no trial has two."""
    return max(1, int(min((np.diff(times).min() for times in trials.spike_time_ms if len(times) > 1), default=1)))


def simulate(
    weights: Weights,
    wiring: Wiring,
    background: Sequence[Events],
    duration_ms: int,
    rng: np.random.Generator,
    refractory_ms: int = 1,
) -> Activity:
    """Run the network; a neuron spikes with the probability that the surrogate predicts.

    Args:
        weights: Of the surrogate, what `streaming.read_weights` returns.
        wiring: Connections.
        background: Input of each neuron besides.
        duration_ms: How long.
        rng: Draws the spikes.
        refractory_ms: Of every neuron (`SpikeDraws`).
    """
    n_neurons, n_synapses = wiring.n_neurons, weights.n_synapses
    stream, draws = Stream(weights, n_neurons), SpikeDraws(n_neurons, refractory_ms, rng)
    reached = wiring.target * n_synapses + wiring.synapse  # numbers of synapses over all neurons
    arriving: list[list[np.ndarray]] = [[] for _ in range(duration_ms)]
    for neuron, events in enumerate(background):
        place = neuron * n_synapses + events.synapse.astype(np.int64)
        first = np.searchsorted(
            events.time_ms, np.arange(duration_ms + 1)
        )  # of each millisecond; later events are not heard
        for time_ms in range(duration_ms):
            arriving[time_ms].append(place[first[time_ms] : first[time_ms + 1]])
    times_ms, neurons = [], []
    for time_ms in range(duration_ms):
        rows, columns = np.divmod(np.concatenate(arriving[time_ms]), n_synapses)
        spikes_in = np.ones(len(rows), np.float32)
        probability, _ = stream.advance(sparse.coo_array((spikes_in, (rows, columns)), shape=(n_neurons, n_synapses)))
        spiked = draws.draw(probability[:, 0])
        is_sent = spiked[wiring.source]
        for delay_ms in np.unique(wiring.delay_ms[is_sent]):
            if time_ms + delay_ms < duration_ms:
                arriving[time_ms + delay_ms].append(reached[is_sent & (wiring.delay_ms == delay_ms)])
        neurons.append(np.flatnonzero(spiked))
        times_ms.append(np.full(len(neurons[-1]), time_ms + 0.5))  # somewhere in this millisecond
    return Activity(n_neurons, duration_ms, np.concatenate(times_ms), np.concatenate(neurons))
