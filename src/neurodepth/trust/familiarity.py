"""Whether input is like that of training: counts of input spikes by place and time, held against those of training.

Of each type of synapses, and of all excitatory and all inhibitory ones, the counts over the last 500 and 50 ms, in which mean rates and their ups and downs show; the count
over the last 5 ms against that over 50 ms, in which volleys show; and the count of the busiest branch over 5 ms. Square
roots, whose Poisson noise is alike at all rates, are held against the extremes that trials of training reach.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neurodepth import metrics
from neurodepth.cells.synapse_table import KINDS
from neurodepth.cells.trial import Events
from neurodepth.container import DatasetError
from neurodepth.synapse_types import SynapseTypes
from neurodepth.trials import Trials

SLOW_MS, MIDDLE_MS, FAST_MS = metrics.WARM_UP_MS, 50, 5  # ASSUME: mean rate, its steps of 25 to 450 ms, a volley
FROM_MS = SLOW_MS  # before it the slow window is not full
TRIAL_SHARE = 0.99  # of training trials that count as familiar
SMALLEST_REACH = 0.5  # a fluctuation of Poisson counts after the square root; of features that hardly change


@dataclass(frozen=True)
class Places:
    """Where the synapses of a cell are.

    Attributes:
        types: Region and kind of each.
        branch: Unbranched section of each, shape (synapses,).
        is_excitatory: Shape (synapses,).
    """

    types: SynapseTypes
    branch: np.ndarray
    is_excitatory: np.ndarray

    @property
    def groups(self) -> tuple[str, ...]:
        """Synapses that are counted together: each type, and all of a kind."""
        return (*self.types.names, *(f"all {kind}" for kind in KINDS))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the features."""
        slow, middle, fast = f"{SLOW_MS} ms", f"{MIDDLE_MS} ms", f"{FAST_MS} ms"
        what = (slow, middle, f"{fast} against {middle}")
        return (*(f"{group}, {span}" for span in what for group in self.groups), f"busiest branch, {fast}")


@dataclass(frozen=True)
class Limits:
    """What is familiar, from training trials.

    Attributes:
        names: Of the features.
        centre: Median of each, shape (features,).
        reach: From the median to the ends of what is familiar, downwards and upwards, shape (2, features).
    """

    names: tuple[str, ...]
    centre: np.ndarray
    reach: np.ndarray


@dataclass(frozen=True)
class Familiarity:
    """How familiar the input of trials is.

    Attributes:
        distance: From what was trained on, in units of the largest familiar one, float32, shape (trials, time); 0 in the
            first 500 ms, of which too little is known.
        is_unfamiliar: Of each trial, shape (trials,).
        reason: Of each trial the feature that is farthest off, in words; empty for a familiar trial.
    """

    distance: np.ndarray
    is_unfamiliar: np.ndarray
    reason: list[str]


def learn(train: Trials, places: Places) -> Limits:
    """Learn from training trials what input is familiar."""
    low, centre, high = np.stack([_extremes(one[FROM_MS:]) for one in _features_of(train, places)], axis=1)
    middle = np.median(centre, axis=0)
    ends = middle - np.quantile(low, 1 - TRIAL_SHARE, axis=0), np.quantile(high, TRIAL_SHARE, axis=0) - middle
    reach = np.maximum(ends, SMALLEST_REACH)
    off = [_off(extremes, Limits(places.names, middle, reach)).max(axis=1) for extremes in (low, high)]
    # Every feature has its rare trials; together they must not have more than one has.
    return Limits(places.names, middle, reach * np.quantile(np.maximum(*off), TRIAL_SHARE))


def judge(trials: Trials, places: Places, limits: Limits) -> Familiarity:
    """Say of every millisecond and trial whether its input is like that of training.

    Raises:
        ValueError: If the trials are too short.
        DatasetError: If they are of another cell.
    """
    if trials.n_synapses != len(places.branch):
        raise DatasetError(
            f"expected trials of the cell whose {len(places.branch)} synapses are known, found {trials.n_synapses} synapses: "
            "give the trust.json of the trials' own cell"
        )
    if trials.duration_ms <= FROM_MS:
        raise ValueError(
            f"trials of {trials.duration_ms} ms: expected more than the {FROM_MS} ms over which rates are taken"
        )
    distances, reasons = [], []
    for features in _features_of(trials, places):
        distance = _off(features, limits).max(axis=1)
        distance[:FROM_MS] = 0
        distances.append(distance.astype(np.float32))
        reasons.append(_reason(features[distance > 1], limits))
    distance = np.stack(distances)
    is_unfamiliar = distance.max(axis=1) > 1
    return Familiarity(
        distance, is_unfamiliar, [why if off else "" for why, off in zip(reasons, is_unfamiliar, strict=True)]
    )


def _reason(unfamiliar: np.ndarray, limits: Limits) -> str:
    """The feature that is out of its range most often in some milliseconds."""
    if not len(unfamiliar):
        return ""
    is_out = _off(unfamiliar, limits) > 1
    worst = int(is_out.sum(axis=0).argmax())
    is_above = np.median(unfamiliar[is_out[:, worst], worst]) > limits.centre[worst]
    return f"{limits.names[worst]}: {'above' if is_above else 'below'} training"


def _extremes(features: np.ndarray) -> np.ndarray:
    """Least, median and largest of each feature in a trial, shape (3, features)."""
    return np.stack([features.min(axis=0), np.median(features, axis=0), features.max(axis=0)])


def _off(features: np.ndarray, limits: Limits) -> np.ndarray:
    """How far each feature is from its median, 1 at the end of what is familiar; shape of the features."""
    off = features - limits.centre
    return np.where(off < 0, -off / limits.reach[0], off / limits.reach[1])


def _features_of(trials: Trials, places: Places) -> Iterator[np.ndarray]:
    for events in trials.events:
        yield features(events, trials.duration_ms, places)


def features(events: Events, duration_ms: int, places: Places) -> np.ndarray:
    """What is looked at of the input up to every millisecond, in the order of `Places.names`, shape (time, features)."""
    by_type = _count(events, places.types.of_synapse, len(places.types.names), duration_ms)
    by_kind = _count(events, (~places.is_excitatory).astype(int), len(KINDS), duration_ms)
    by_group = np.concatenate([by_type, by_kind], axis=1)
    heard = places.is_excitatory[events.synapse]
    n_branches = int(places.branch.max()) + 1
    by_branch = _count(Events(events.time_ms[heard], events.synapse[heard]), places.branch, n_branches, duration_ms)
    slow, middle, fast = (np.sqrt(_windowed(by_group, span_ms)) for span_ms in (SLOW_MS, MIDDLE_MS, FAST_MS))
    busiest = np.sqrt(_windowed(by_branch, FAST_MS).max(axis=1, keepdims=True))
    return np.concatenate([slow, middle, fast - middle * np.sqrt(FAST_MS / MIDDLE_MS), busiest], axis=1)


def _count(events: Events, group: np.ndarray, n_groups: int, duration_ms: int) -> np.ndarray:
    """Input spikes of each group in each millisecond, shape (time, groups)."""
    cell = events.time_ms.astype(int) * n_groups + group[events.synapse]
    return np.bincount(cell, minlength=duration_ms * n_groups).reshape(duration_ms, n_groups)


def _windowed(count: np.ndarray, window_ms: int) -> np.ndarray:
    """Sum over the last `window_ms`, fewer at the start."""
    summed = np.cumsum(count, axis=0)
    summed[window_ms:] -= summed[:-window_ms].copy()
    return summed
