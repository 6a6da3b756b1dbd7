"""Departures from the published input: other rates, oscillations, clusters and synchronous volleys."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from neurodepth.stimulus.rates import Rates
from neurodepth.stimulus.spikes import Spikes


def scale(rates: Rates, synapses: pd.DataFrame, factors: dict[str, float]) -> Rates:
    """Multiply the rates of each kind of synapse by a factor, 1 where none is given."""
    if not factors:
        return rates
    factor = np.array([factors.get(kind, 1.0) for kind in synapses["kind"]])
    return replace(rates, per_window=rates.per_window * factor[:, None])


def oscillate(rates: Rates, oscillations: list[dict[str, Any]], rng: np.random.Generator) -> Rates:
    """Multiply all rates by 1 + depth sin(2 pi frequency t + phase) for each oscillation.

    Args:
        rates: What to modulate.
        oscillations: Each with `frequency_hz`, the range of a trial's uniformly drawn frequency, and `depth`.
        rng: Draws frequency and phase.

    Raises:
        ValueError: If a frequency range runs downwards.
    """
    modulation = np.ones(rates.duration_ms)
    time_s = np.arange(rates.duration_ms) / 1000
    for number, one in enumerate(oscillations):
        lowest_hz, highest_hz = one["frequency_hz"]
        if lowest_hz > highest_hz:
            raise ValueError(
                f"input.oscillations.{number}.frequency_hz is {one['frequency_hz']}, expected the lower bound first"
            )
        frequency_hz, phase = rng.uniform(lowest_hz, highest_hz), rng.uniform(0, 2 * np.pi)
        modulation *= 1 + one["depth"] * np.sin(2 * np.pi * frequency_hz * time_s + phase)
    return replace(rates, modulation=modulation) if oscillations else rates


def draw_groups(synapses: pd.DataFrame, statistics: dict[str, Any], rng: np.random.Generator) -> list[np.ndarray]:
    """Draw the clusters of one trial: runs of neighbouring excitatory synapses of one tree, which may overlap.

    Returns:
        Rows of the synapses of each cluster; none where `statistics` has no `clusters`.

    Raises:
        ValueError: If no tree is large enough for a cluster.
    """
    if "clusters" not in statistics:
        return []
    n_groups, size = statistics["clusters"]["groups"], statistics["clusters"]["synapses"]
    rows = np.flatnonzero(synapses["kind"] == "excitatory")
    tree = synapses["tree"].to_numpy()[rows]
    starts = np.flatnonzero(tree[: rows.size - size + 1] == tree[size - 1 :]) if size <= rows.size else np.array([])
    if not starts.size:
        largest = max(np.unique(tree, return_counts=True)[1], default=0)
        raise ValueError(
            f"input.clusters.synapses is {size}, but the largest tree has {largest} excitatory synapses: expected no more"
        )
    return [rows[start : start + size] for start in rng.choice(starts, n_groups)]


def enrich(share: np.ndarray, groups: list[np.ndarray], factor: float) -> np.ndarray:
    """Multiply the share of clustered synapses in their tree's rate, once for a synapse of several clusters."""
    enriched = share.copy()
    enriched[np.unique(np.concatenate(groups))] *= factor
    return enriched


def draw_volleys(rows: np.ndarray, settings: dict[str, Any], duration_ms: int, rng: np.random.Generator) -> Spikes:
    """Draw synchronous volleys: at Poisson times, a random fraction of some synapses fire within a few ms.

    Args:
        rows: The synapses that may take part.
        settings: `rate_hz` of volleys, `fraction` with which each synapse takes part and `jitter_ms`, the standard
            deviation of its time.
        duration_ms: Length of the trial; what jitter puts beyond it is lost.
        rng: Source of random numbers.

    Returns:
        Time in ms and synapse of each spike, in no order.
    """
    n_volleys = rng.poisson(settings["rate_hz"] * duration_ms / 1000)
    centre_ms = rng.integers(0, duration_ms, n_volleys)
    volley, member = np.nonzero(rng.random((n_volleys, rows.size)) < settings["fraction"])
    jitter_ms = np.rint(settings["jitter_ms"] * rng.standard_normal(volley.size)).astype(np.int64)
    time_ms = centre_ms[volley] + jitter_ms
    inside = (time_ms >= 0) & (time_ms < duration_ms)
    return time_ms[inside], rows[member[inside]]
