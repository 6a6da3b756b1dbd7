"""Random presynaptic spike trains for one trial.

The statistics are those of Beniaguev et al. 2021: rates of each dendritic tree are redrawn every few tens of
milliseconds, spread over the tree's synapses by segment length, smoothed in time, and turned into spikes. Options of a
cell's `input` mapping change the rates, add events or play a recording instead; docs/input.md describes them.
"""

from typing import Any

import numpy as np
import pandas as pd

from neurodepth.cells.trial import Events
from neurodepth.stimulus import modifiers, replay
from neurodepth.stimulus.rates import Rates, draw_rates, smooth
from neurodepth.stimulus.spikes import draw_spikes, merge, probability

__all__ = ["LARGEST_DURATION_MS", "SPLITS", "draw_events", "release_rng", "spike_probability", "trial_rng"]
SPLITS = ("train", "validation", "test", "pilot")
RELEASE_KEY = 1_000_000  # options are children 0, 1, 2 ... of a trial's generator
LARGEST_DURATION_MS = 65_535  # event times are stored as 16-bit integers


def trial_rng(seed: int, split: str, index: int) -> np.random.Generator:
    """Generator of one trial's random numbers: a function of these three alone."""
    return np.random.default_rng(np.random.SeedSequence([seed, SPLITS.index(split), index]))


def release_rng(seed: int, split: str, index: int, repeat: int) -> np.random.Generator:
    """Generator of the vesicles that one repetition of a trial releases; no child of the trial's own generator is equal."""
    sequence = np.random.SeedSequence([seed, SPLITS.index(split), index], spawn_key=(RELEASE_KEY, repeat))
    return np.random.default_rng(sequence)


def draw_events(
    synapses: pd.DataFrame, statistics: dict[str, Any], duration_ms: int, rng: np.random.Generator
) -> Events:
    """Draw the input of one trial.

    Args:
        synapses: One row a synapse with columns kind (excitatory, inhibitory), tree and length_um; rows of a kind and
            tree stand together, neighbours on the dendrite next to each other.
        statistics: The `input` mapping of a cell definition.
        duration_ms: Length of the trial.
        rng: The trial's own generator, fresh from `trial_rng`.

    Returns:
        Events in whole milliseconds, sorted by time, then by synapse; a synapse has at most one in a millisecond.

    Raises:
        ValueError: If the duration does not fit the event format, a tree has synapses but no statistics, or an option
            does not fit the cell or the trial.
    """
    _check_duration(duration_ms)
    streams = _streams(rng)
    if "replay" in statistics:
        parts = [replay.cut(statistics, *_trial_of(rng), len(synapses), duration_ms)]
        groups = []
    else:
        groups = modifiers.draw_groups(synapses, statistics, streams["clusters"])
        parts = [draw_spikes(_rates(synapses, statistics, duration_ms, rng, streams, groups), rng)]
    if "volleys" in statistics:
        volleys = statistics["volleys"]
        rows = np.flatnonzero(synapses["kind"] == volleys["kind"])
        parts.append(modifiers.draw_volleys(rows, volleys, duration_ms, streams["volleys"]))
    for group in groups:
        parts.append(modifiers.draw_volleys(group, statistics["clusters"], duration_ms, streams["clusters"]))
    time_ms, synapse = merge(parts, len(synapses)) if len(parts) > 1 else parts[0]
    return Events(time_ms.astype(np.uint16), synapse.astype(np.uint16))


def spike_probability(
    synapses: pd.DataFrame, statistics: dict[str, Any], duration_ms: int, rng: np.random.Generator
) -> np.ndarray:
    """Probability of a spike in each millisecond of one trial, shape (synapses, time).

    It is that of the spikes which `draw_events` draws from an equal generator, before volleys are added to them. The
    array is large: simulations draw their events without it.
    """
    _check_duration(duration_ms)
    streams = _streams(rng)
    groups = modifiers.draw_groups(synapses, statistics, streams["clusters"])
    return probability(smooth(_rates(synapses, statistics, duration_ms, rng, streams, groups)))


def _rates(
    synapses: pd.DataFrame,
    statistics: dict[str, Any],
    duration_ms: int,
    rng: np.random.Generator,
    streams: dict[str, np.random.Generator],
    groups: list[np.ndarray],
) -> Rates:
    share = synapses["length_um"].to_numpy() + statistics["extra_length_um"]
    if groups:
        share = modifiers.enrich(share, groups, statistics["clusters"]["share_factor"])
    rates = draw_rates(synapses, share, statistics, duration_ms, rng)
    rates = modifiers.scale(rates, synapses, statistics.get("rate_factor", {}))
    return modifiers.oscillate(rates, statistics.get("oscillations", []), streams["oscillations"])


def _streams(rng: np.random.Generator) -> dict[str, np.random.Generator]:
    """A generator for each option, so that one changes neither the published rates nor another option's draws."""
    names = ("clusters", "oscillations", "volleys")
    return dict(zip(names, rng.spawn(len(names)), strict=True))


def _trial_of(rng: np.random.Generator) -> tuple[str, int]:
    """Split and index of the trial that `trial_rng` made a generator for."""
    entropy = rng.bit_generator.seed_seq.entropy  # type: ignore[attr-defined]
    if not isinstance(entropy, list) or len(entropy) != 3:
        raise ValueError(f"input.replay needs a generator of trial_rng, which knows its trial; found one of {entropy}")
    _, split, index = entropy
    return SPLITS[split], index


def _check_duration(duration_ms: int) -> None:
    if not 0 < duration_ms <= LARGEST_DURATION_MS:
        raise ValueError(f"duration_ms is {duration_ms}, expected 1 to {LARGEST_DURATION_MS}")
