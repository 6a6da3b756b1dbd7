"""Spikes at given rates, drawn at a cost that grows with their number and not with synapses times milliseconds."""

from collections.abc import Sequence

import numpy as np

from neurodepth.stimulus.rates import Rates, filter_taps, rate_at

Spikes = tuple[np.ndarray, np.ndarray]  # time in ms and synapse of each


def draw_spikes(rates: Rates, rng: np.random.Generator) -> Spikes:
    """Draw spikes, each millisecond of each synapse on its own with `probability` of its rate.

    Smoothing a rate is moving its spikes: a Poisson process of the steps, each point moved by a random tap of the
    filter, is a Poisson process of the smoothed rate. Where it leaves at least one point in a millisecond of a synapse,
    with probability 1 - exp(-density rate), there is a spike with probability / (1 - exp(-density rate)).

    Returns:
        Time in ms and synapse of each spike, sorted by time, then by synapse.
    """
    n_synapses, n_windows = rates.per_window.shape
    peak = 1.0 if rates.modulation is None else rates.modulation.max()
    density = _points_per_spike(peak * rates.per_window.max(axis=1))
    n_points = rng.poisson((density * peak * rates.keep_ms)[:, None] * rates.per_window).ravel()
    synapse, window = np.divmod(np.repeat(np.arange(n_points.size), n_points), n_windows)
    start_ms = window * rates.keep_ms + rng.integers(0, rates.keep_ms, window.size)
    taps, centre = filter_taps(rates.sigma_ms)
    tap = np.repeat(np.arange(taps.size), rng.multinomial(window.size, taps))
    rng.shuffle(tap)
    time_ms = start_ms + tap - centre
    inside = (start_ms < rates.duration_ms) & (time_ms >= 0) & (time_ms < rates.duration_ms)
    if rates.modulation is not None:
        inside[inside] = rng.random(inside.sum()) * peak < rates.modulation[time_ms[inside]]
    time_ms, synapse = merge([(time_ms[inside], synapse[inside])], n_synapses)
    # No probability over (1 - exp(-density rate)) is below 1 / density, so that only the draws above it need the rate.
    chance, density = rng.random(time_ms.size), density[synapse]
    kept = chance < 0.999 / density
    unsure = np.flatnonzero(~kept)
    rate = rate_at(rates, synapse[unsure], time_ms[unsure])
    kept[unsure] = chance[unsure] * -np.expm1(-density[unsure] * rate) < probability(rate)
    return time_ms[kept], synapse[kept]


def merge(parts: Sequence[Spikes], n_synapses: int) -> Spikes:
    """Join spikes, at most one of a synapse in a millisecond, sorted by time, then by synapse."""
    # 16 bits each for time and synapse fit into 32; unsigned numbers of 32 bits sort fastest.
    bins = np.concatenate([time_ms * n_synapses + synapse for time_ms, synapse in parts]).astype(np.uint32)
    bins.sort()
    first = np.ones(bins.size, bool)
    first[1:] = bins[1:] != bins[:-1]
    time_ms, synapse = np.divmod(bins[first].astype(np.int64), n_synapses)
    return time_ms, synapse


def probability(rate: np.ndarray) -> np.ndarray:
    """Probability of a spike in a millisecond at a rate in spikes per ms.

    The published program draws an exponential number with this mean and compares it with a uniform one: the
    probability of a spike is then r (1 - exp(-1/r)), and one comparison gives the same trains.
    """
    with np.errstate(divide="ignore", over="ignore"):
        return np.where(rate > 0, -rate * np.expm1(-1 / rate), 0)


def _points_per_spike(largest_per_ms: np.ndarray) -> np.ndarray:
    """Density of Poisson points, over the rate, at which a millisecond holds one at least as often as a spike.

    -log(1 - probability) / rate grows from 1 to its maximum, 1.1444, at a rate of 0.3753 per ms.
    """
    rate = np.clip(largest_per_ms, 1e-6, 0.3753)
    return -np.log1p(-probability(rate)) / rate
