"""A recurrent network whose neurons are trained networks: advanced millisecond by millisecond, spikes exchanged in between."""

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from neurodepth.cells.trial import Events
from neurodepth.population import Activity, Wiring
from neurodepth.streaming import Stream, Weights
from neurodepth.trials import Trials

FEWEST_INTERVALS = 200  # ASSUME: of the shipped point neuron 49 give 32 ms, 1000 and more 9 ms


class SpikeDraws:
    """Spikes of neurons, drawn from what a surrogate predicts, with the pause after a spike that it does not know of.

    A surrogate gives the probability of a spike in a millisecond over all that may have happened before. Drawn each by itself,
    the milliseconds over which it spreads one spike may give two. Here a neuron is silent for a while after a spike, and
    spikes the likelier when it might have done so but did not, such that every millisecond keeps its probability, as long as
    the probabilities within a pause sum to at most 1. What goes beyond is lost.

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
        left = 1 - self._recent.sum(axis=0)  # the chance that it may
        kept = np.clip(probability, 0, np.maximum(left, 0))
        spiked = may & (self._rng.random(len(may)) * left < kept)
        self._silent_ms[spiked] = 0
        self._recent = np.concatenate([self._recent, kept[None]])[1:]
        return spiked


def shortest_interval_ms(trials: Trials) -> int:
    """Whole milliseconds that pass at least between two spikes of a trial, for `refractory_ms`.

    Raises:
        ValueError: If there are too few intervals to know.
    """
    intervals_ms = np.concatenate([np.diff(times) for times in trials.spike_time_ms])
    if len(intervals_ms) < FEWEST_INTERVALS:
        raise ValueError(
            f"expected at least {FEWEST_INTERVALS} intervals between spikes, found {len(intervals_ms)}, whose shortest may be far "
            "too long: give more trials, or the pause by hand"
        )
    return max(1, int(intervals_ms.min()))


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
        rng: Draws the spikes, and whether one arrives in the millisecond of its delay or in the next: within its own
            millisecond it may have been early or late.
        refractory_ms: Of every neuron (`SpikeDraws`).

    Raises:
        ValueError: If wiring or background do not fit the neurons and their synapses.
    """
    _check(wiring, background, weights.n_synapses)
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
        sent = np.flatnonzero(spiked[wiring.source])
        after_ms = wiring.delay_ms[sent] + rng.integers(0, 2, n_neurons)[wiring.source[sent]]
        for later_ms in np.unique(after_ms):
            if time_ms + later_ms < duration_ms:
                arriving[time_ms + later_ms].append(reached[sent[after_ms == later_ms]])
        neurons.append(np.flatnonzero(spiked))
        times_ms.append(np.full(len(neurons[-1]), time_ms + 0.5))  # somewhere in this millisecond
    return Activity(n_neurons, duration_ms, np.concatenate(times_ms), np.concatenate(neurons))


def _check(wiring: Wiring, background: Sequence[Events], n_synapses: int) -> None:
    """Check that everything arrives at a synapse that there is, and after it was sent."""
    if len(background) != wiring.n_neurons:
        raise ValueError(f"expected the background of {wiring.n_neurons} neurons, found {len(background)}")
    for neuron, events in enumerate(background):
        if (np.diff(events.time_ms.astype(np.int64)) < 0).any():
            raise ValueError(f"background of neuron {neuron}: expected events sorted by time")
    for name, found, n_allowed in (
        ("synapses of the wiring", wiring.synapse, n_synapses),
        ("synapses of the background", np.concatenate([events.synapse for events in background]), n_synapses),
        ("sources of the wiring", wiring.source, wiring.n_neurons),
        ("targets of the wiring", wiring.target, wiring.n_neurons),
    ):
        if len(found) and not 0 <= found.min() <= found.max() < n_allowed:
            raise ValueError(f"{name}: expected 0 to {n_allowed - 1}, found {found.min()} to {found.max()}")
    if len(wiring.delay_ms) and wiring.delay_ms.min() < 1:
        raise ValueError(f"delays of the wiring: expected at least 1 ms, found {wiring.delay_ms.min()} ms")
