"""Recurrent networks of neurons with delays: their wiring, and what they do, whether simulated or stood in for.

`cells.simulate` runs the network in NEURON, `surrogates.simulate` runs trained networks in the neurons' place: the same wiring and
the same background input, and spikes in the same form.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Wiring:
    """Connections of a network; a spike of `source` acts on `synapse` of `target` after `delay_ms`.

    Attributes:
        n_neurons: Neurons, all alike.
        source: Neuron that spikes, shape (connections,).
        target: Neuron that listens, shape (connections,).
        synapse: Row in the table of synapses of the target, shape (connections,).
        delay_ms: Whole milliseconds, at least 1, shape (connections,).
    """

    n_neurons: int
    source: np.ndarray
    target: np.ndarray
    synapse: np.ndarray
    delay_ms: np.ndarray


@dataclass(frozen=True)
class Activity:
    """Spikes of a network.

    Attributes:
        n_neurons: Neurons.
        duration_ms: Length of the simulation.
        time_ms: Of each spike, float64, shape (spikes,).
        neuron: That spiked, shape (spikes,).
    """

    n_neurons: int
    duration_ms: int
    time_ms: np.ndarray
    neuron: np.ndarray

    def rates_hz(self, from_ms: int) -> np.ndarray:
        """Rate of each neuron from a time on, shape (neurons,)."""
        counts = np.bincount(self.neuron[self.time_ms >= from_ms], minlength=self.n_neurons)
        return counts * 1000 / (self.duration_ms - from_ms)

    def counts(self, bin_ms: int, from_ms: int = 0) -> np.ndarray:
        """Spikes of all neurons in bins of time, shape (bins,)."""
        edges = np.arange(from_ms, self.duration_ms + 1, bin_ms)
        return np.histogram(self.time_ms, edges)[0]

    def synchrony(self, bin_ms: int, from_ms: int) -> float:
        """Variance over mean of the spikes in bins of time: 1 where neurons fire at random and by themselves."""
        counts = self.counts(bin_ms, from_ms)
        return float(counts.var() / counts.mean()) if counts.any() else float("nan")


def draw_wiring(
    n_neurons: int,
    n_excitatory: int,
    n_synapses: int,
    partners: int,
    contacts: int,
    inhibitory_share: float,
    delay_ms: tuple[int, int],
    rng: np.random.Generator,
) -> Wiring:
    """Draw a random network in which each neuron sends to some others.

    Args:
        n_neurons: Neurons.
        n_excitatory: Excitatory synapses of a neuron, which come first.
        n_synapses: All synapses of a neuron.
        partners: Neurons that each neuron sends to.
        contacts: Synapses of a partner that it reaches, at random places.
        inhibitory_share: Fraction of the neurons, the last ones, that reach inhibitory synapses; the others excitatory ones.
        delay_ms: Shortest and longest delay.
        rng: Draws everything.

    Raises:
        ValueError: If a neuron cannot have as many partners, or the shortest delay is below 1 ms.
    """
    if not 0 < partners < n_neurons or delay_ms[0] < 1:
        raise ValueError(
            f"expected 1 to {n_neurons - 1} partners and delays of at least 1 ms, found {partners} and {delay_ms[0]} ms"
        )
    source = np.repeat(np.arange(n_neurons), partners)
    target = np.concatenate(
        [rng.choice(np.delete(np.arange(n_neurons), one), partners, replace=False) for one in range(n_neurons)]
    )
    delay = rng.integers(delay_ms[0], delay_ms[1] + 1, len(source))  # one axon, one delay
    source, target, delay = (np.repeat(one, contacts) for one in (source, target, delay))
    inhibits = source >= round(n_neurons * (1 - inhibitory_share))
    low, high = np.where(inhibits, n_excitatory, 0), np.where(inhibits, n_synapses, n_excitatory)
    return Wiring(n_neurons, source, target, rng.integers(low, high), delay)
