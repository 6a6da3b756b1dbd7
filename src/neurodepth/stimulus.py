"""Random presynaptic spike trains for one trial.

The statistics are those of Beniaguev et al. 2021: rates of each dendritic tree are redrawn every few tens of
milliseconds, spread over the tree's synapses by segment length, smoothed in time, and turned into spikes.
"""

from typing import Any

import numpy as np
import pandas as pd

from neurodepth.cells.trial import Events

SPLITS = ("train", "validation", "test", "pilot")
LARGEST_DURATION_MS = 65_535  # event times are stored as 16-bit integers


def trial_rng(seed: int, split: str, index: int) -> np.random.Generator:
    """Generator of one trial's random numbers: a function of these three alone."""
    return np.random.default_rng(np.random.SeedSequence([seed, SPLITS.index(split), index]))


def draw_events(
    synapses: pd.DataFrame, statistics: dict[str, Any], duration_ms: int, rng: np.random.Generator
) -> Events:
    """Draw the input of one trial.

    Args:
        synapses: One row a synapse with columns kind (excitatory, inhibitory), tree and length_um.
        statistics: The `input` mapping of a cell definition.
        duration_ms: Length of the trial.
        rng: The trial's own generator.

    Returns:
        Events in whole milliseconds, sorted by time, then by synapse.

    Raises:
        ValueError: If the duration does not fit the event format, or a tree has synapses but no statistics.
    """
    probability = spike_probability(synapses, statistics, duration_ms, rng)
    spikes = rng.random(probability.shape, dtype=np.float32) < probability
    time_ms, synapse = np.nonzero(spikes.T)
    return Events(time_ms.astype(np.uint16), synapse.astype(np.uint16))


def spike_probability(
    synapses: pd.DataFrame, statistics: dict[str, Any], duration_ms: int, rng: np.random.Generator
) -> np.ndarray:
    """Probability of a spike in each millisecond of one trial, shape (synapses, time)."""
    if not 0 < duration_ms <= LARGEST_DURATION_MS:
        raise ValueError(f"duration_ms is {duration_ms}, expected 1 to {LARGEST_DURATION_MS}")
    if missing := set(synapses["tree"]) - set(statistics["trees"]):
        raise ValueError(
            f"input.trees has no entry for {', '.join(sorted(missing))}: every tree with synapses needs one"
        )
    keep_ms = max(1, _jittered(statistics["keep_ms"], statistics["jitter_ms"], rng))
    sigma_ms = max(1, _jittered(statistics["sigma_ms"], statistics["jitter_ms"], rng))
    n_windows = -(-duration_ms // keep_ms)
    rate = np.zeros((len(synapses), n_windows))  # spikes per ms and synapse
    weight = synapses["length_um"].to_numpy() + statistics["extra_length_um"]
    for tree, bounds in statistics["trees"].items():
        totals_per_ms = _draw_tree_rates(bounds, statistics["inhibition_below_zero"], n_windows, rng)
        for kind, total_per_ms in totals_per_ms.items():
            rows = np.flatnonzero((synapses["tree"] == tree) & (synapses["kind"] == kind))
            rate[rows] = np.outer(weight[rows] / weight[rows].sum(), total_per_ms)
    lowest, highest = statistics["synapse_factor"]
    rate *= rng.uniform(lowest, highest, rate.shape)
    smooth = rate @ _smoothing(duration_ms, keep_ms, n_windows, sigma_ms)
    # The published program draws an exponential number with this mean and compares it with a uniform one: the
    # probability of a spike is then r (1 - exp(-1/r)), and one comparison gives the same trains.
    with np.errstate(divide="ignore", over="ignore"):
        return np.where(smooth > 0, -smooth * np.expm1(-1 / smooth), 0)


def _jittered(choices: list[int], jitter_ms: int, rng: np.random.Generator) -> int:
    return int(rng.choice(choices)) + (int(rng.integers(-jitter_ms, jitter_ms)) if jitter_ms else 0)


def _draw_tree_rates(
    bounds: dict[str, Any], below_zero: str, n_windows: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Spikes per ms of a whole tree in each keep window, shape (windows,)."""
    low, high = bounds["inhibitory_offset_per_100ms"]
    excitatory = rng.uniform(0, bounds["excitatory_max_per_100ms"], n_windows)
    lowest = excitatory + low if below_zero == "clip" else np.maximum(0, excitatory + low)
    inhibitory = np.maximum(0, rng.uniform(lowest, np.maximum(lowest, excitatory + high)))
    return {"excitatory": excitatory / 100, "inhibitory": inhibitory / 100}


def _smoothing(duration_ms: int, keep_ms: int, n_windows: int, sigma_ms: int) -> np.ndarray:
    """Weights of keep windows in each millisecond after a Gaussian filter, shape (windows, time).

    The filter is the published one, a normalised Gaussian of int(1 + 7 sigma) samples with zeros beyond the trial;
    for steps, convolving is summing the filter under each step.
    """
    n_taps = int(1 + 7 * sigma_ms)
    offsets = np.arange(n_taps) - (n_taps - 1) / 2
    filter_ = np.exp(-0.5 * (offsets / sigma_ms) ** 2)
    cumulative = np.concatenate([[0.0], np.cumsum(filter_ / filter_.sum())])
    start = np.arange(n_windows)[:, None] * keep_ms
    end = np.minimum(start + keep_ms, duration_ms)
    # Sample j of the step adds tap (time - j + first) to the output at `time`, as np.convolve(..., "same") aligns it.
    first = (n_taps - 1) // 2
    time = np.arange(duration_ms)[None, :]
    upper = np.clip(time - start + first + 1, 0, n_taps)
    lower = np.clip(time - end + first + 1, 0, n_taps)
    return cumulative[upper] - cumulative[lower]
