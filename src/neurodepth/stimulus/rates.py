"""Firing rates of one trial's synapses, as Beniaguev et al. 2021 draw them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Rates:
    """Firing rates of one trial before they are smoothed in time.

    Attributes:
        per_window: Spikes per ms in each window, shape (synapses, windows).
        keep_ms: Length of a window; the last one ends with the trial.
        sigma_ms: Width of the Gaussian that smooths the rates.
        duration_ms: Length of the trial.
        modulation: Factor on all rates after smoothing, shape (time,); None for 1.
    """

    per_window: np.ndarray
    keep_ms: int
    sigma_ms: int
    duration_ms: int
    modulation: np.ndarray | None = None


def draw_rates(
    synapses: pd.DataFrame, share: np.ndarray, statistics: dict[str, Any], duration_ms: int, rng: np.random.Generator
) -> Rates:
    """Draw the rates of one trial.

    Args:
        synapses: One row a synapse with columns kind and tree.
        share: What each synapse's part of the rate of its tree and kind is proportional to, shape (synapses,).
        statistics: The `input` mapping of a cell definition.
        duration_ms: Length of the trial.
        rng: Source of random numbers.

    Raises:
        ValueError: If a tree has synapses but no statistics, or its synapses have no length to share the rate by.
    """
    if missing := set(synapses["tree"]) - set(statistics["trees"]):
        raise ValueError(
            f"input.trees has no entry for {', '.join(sorted(missing))}: every tree with synapses needs one"
        )
    if not (share > 0).all():
        raise ValueError(
            f"synapse {np.argmin(share)} has no share of its tree's rate: expected a length and input.extra_length_um "
            "of more than 0 um in all, found 0; give extra_length_um"
        )
    keep_ms = max(1, _jittered(statistics["keep_ms"], statistics["jitter_ms"], rng))
    sigma_ms = max(1, _jittered(statistics["sigma_ms"], statistics["jitter_ms"], rng))
    per_window = np.zeros((len(synapses), -(-duration_ms // keep_ms)))
    trees, kinds = synapses["tree"].to_numpy(), synapses["kind"].to_numpy()
    for tree, bounds in statistics["trees"].items():
        totals_per_ms = _draw_tree_rates(bounds, statistics["inhibition_below_zero"], per_window.shape[1], rng)
        for kind, total_per_ms in totals_per_ms.items():
            rows = np.flatnonzero((trees == tree) & (kinds == kind))
            per_window[rows] = np.outer(share[rows] / share[rows].sum(), total_per_ms)
    lowest, highest = statistics["synapse_factor"]
    per_window *= rng.uniform(lowest, highest, per_window.shape)
    return Rates(per_window, keep_ms, sigma_ms, duration_ms)


def smooth(rates: Rates) -> np.ndarray:
    """Spikes per ms in each millisecond, shape (synapses, time)."""
    smoothed = rates.per_window @ window_weights(rates, np.arange(rates.duration_ms)).T
    return smoothed if rates.modulation is None else smoothed * rates.modulation


def rate_at(rates: Rates, synapse: np.ndarray, time_ms: np.ndarray) -> np.ndarray:
    """Spikes per ms of given synapses at given times, shape of both; in an order of sums that no thread changes."""
    smoothed = np.einsum("ij,ij->i", rates.per_window[synapse], window_weights(rates, time_ms))
    return smoothed if rates.modulation is None else smoothed * rates.modulation[time_ms]


def window_weights(rates: Rates, time_ms: np.ndarray) -> np.ndarray:
    """Weights of the windows at given times after the filter, with zeros beyond the trial, shape (times, windows).

    For steps, convolving is summing the filter under each step: sample j of a step adds tap (time - j + centre) to the
    output at `time`.
    """
    taps, centre = filter_taps(rates.sigma_ms)
    cumulative = np.concatenate([[0.0], np.cumsum(taps)])
    edges_ms = np.minimum(np.arange(rates.per_window.shape[1] + 1) * rates.keep_ms, rates.duration_ms)
    under = cumulative[np.clip(time_ms[:, None] - edges_ms + centre + 1, 0, taps.size)]
    return under[:, :-1] - under[:, 1:]


def filter_taps(sigma_ms: int) -> tuple[np.ndarray, int]:
    """The published filter, a normalised Gaussian of int(1 + 7 sigma) samples, and the tap that moves nothing in time.

    The latter is where `np.convolve(..., "same")` aligns the filter.
    """
    n_taps = int(1 + 7 * sigma_ms)
    offsets = np.arange(n_taps) - (n_taps - 1) / 2
    taps = np.exp(-0.5 * (offsets / sigma_ms) ** 2)
    return taps / taps.sum(), (n_taps - 1) // 2


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
