"""Vesicles that presynaptic spikes release: unreliable synapses with short-term plasticity.

The model of Tsodyks & Markram 1997 (PNAS 94:719), with the facilitation of Tsodyks, Pawelzik & Markram 1998 (Neural
Comput 10:821), as a chance for each site of release (Fuhrmann et al. 2002, J Neurophysiol 87:140): a spike raises the use
u by U (1 - u), after which u falls back to U within the time of facilitation; each site that holds a vesicle releases it
with probability u, and an empty site is filled again at a rate of one over the time of recovery.
"""

from typing import Any

import numpy as np

from neurodepth.cells.trial import Events


def release(events: Events, kinds: np.ndarray, synapses: dict[str, Any], rng: np.random.Generator) -> Events:
    """Draw the vesicles that the spikes of one trial release.

    Args:
        events: Presynaptic spikes.
        kinds: excitatory or inhibitory for each synapse, shape (synapses,).
        synapses: The `synapses` mapping of a cell definition; a kind without `release` releases one vesicle a spike.
        rng: Source of random numbers; each kind has a child of its own.

    Returns:
        One event a vesicle, in the order of the spikes: a spike that fails has none, one of several sites has several.
    """
    n_vesicles = np.ones(len(events.time_ms), np.int64)
    for kind, child in zip(("excitatory", "inhibitory"), rng.spawn(2), strict=True):
        settings = synapses.get(kind, {}).get("release")
        if settings is not None:
            rows = np.flatnonzero(kinds[events.synapse] == kind)
            n_vesicles[rows] = _count(events.time_ms[rows], events.synapse[rows], settings, child)
    return Events(np.repeat(events.time_ms, n_vesicles), np.repeat(events.synapse, n_vesicles))


def _count(time_ms: np.ndarray, synapse: np.ndarray, settings: dict[str, Any], rng: np.random.Generator) -> np.ndarray:
    """Vesicles of each spike, shape (events,); the first spikes of all synapses at once, then the second ones, and so on."""
    n_sites, use = settings["sites"], settings["probability"]
    chance = rng.random((2, len(time_ms), n_sites))
    n_synapses = int(synapse.max(initial=0)) + 1
    last_ms, present_use = np.full(n_synapses, -np.inf), np.zeros(n_synapses)
    is_full = np.ones((n_synapses, n_sites), bool)
    n_vesicles = np.zeros(len(time_ms), np.int64)
    for spikes in _by_rank(synapse):
        at, interval_ms = synapse[spikes], time_ms[spikes] - last_ms[synapse[spikes]]
        present_use[at] = use + (1 - use) * present_use[at] * _left(interval_ms, settings["facilitation_ms"])
        is_refilled = chance[0, spikes] >= _left(interval_ms, settings["recovery_ms"])[:, None]
        is_ready = is_full[at] | is_refilled
        is_released = is_ready & (chance[1, spikes] < present_use[at, None])
        is_full[at], last_ms[at] = is_ready & ~is_released, time_ms[spikes]
        n_vesicles[spikes] = is_released.sum(axis=1)
    return n_vesicles


def _by_rank(synapse: np.ndarray) -> list[np.ndarray]:
    """Events that are the first of their synapse, those that are the second, and so on."""
    by_synapse = np.argsort(synapse, kind="stable")
    first = np.searchsorted(synapse[by_synapse], synapse[by_synapse])
    rank = np.arange(len(synapse)) - first
    by_rank = by_synapse[np.argsort(rank, kind="stable")]
    return np.split(by_rank, np.cumsum(np.bincount(rank))[:-1]) if len(synapse) else []


def _left(interval_ms: np.ndarray, time_constant_ms: float) -> np.ndarray:
    """What an exponential decay leaves after an interval; nothing where there is no time constant."""
    return np.exp(-interval_ms / time_constant_ms) if time_constant_ms else np.zeros(len(interval_ms))
