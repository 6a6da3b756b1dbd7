"""Whether input is like that of training: counts of input spikes by place and time, and how far they lie from the known ones.

Counts are taken over the last 5, 50 and 150 ms, as volleys, ups and downs of rates, and mean rates differ in these: of
each type of synapses, and of the busiest branch. Their square roots, whose Poisson noise is alike at all rates, are held
against those of training trials by Mahalanobis distance.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodepth.cells.trial import Events
from neurodepth.synapse_types import SynapseTypes
from neurodepth.trials import Trials

WINDOWS_MS = (5, 50, 150)  # ASSUME: a volley, a step of the rates (25 to 450 ms), a receptive field
FROM_MS = max(WINDOWS_MS)  # before it a window is not full
EVERY_MS = 7  # of the training trials: neighbouring ms are alike; prime, so that it meets no rhythm
FAMILIAR_SHARE = 0.999  # of training ms that count as familiar
TRIAL_SHARE = 0.99  # of training trials that do


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
    def names(self) -> tuple[str, ...]:
        """Of the features."""
        groups = (*self.types.names, "busiest branch")
        return tuple(f"{group}, {window_ms} ms" for window_ms in WINDOWS_MS for group in groups)


@dataclass(frozen=True)
class Limits:
    """What is familiar, from training trials.

    Attributes:
        names: Of the features.
        mean: Of each, shape (features,).
        deviation: Of each, shape (features,).
        precision: Inverse of their covariance, shape (features, features).
        largest_distance: That is familiar.
        largest_share: Of unfamiliar ms in a familiar trial.
    """

    names: tuple[str, ...]
    mean: np.ndarray
    deviation: np.ndarray
    precision: np.ndarray
    largest_distance: float
    largest_share: float


@dataclass(frozen=True)
class Familiarity:
    """How familiar the input of trials is.

    Attributes:
        distance: From what was trained on, in units of the largest familiar one, float32, shape (trials, time); 0 in the
            first 150 ms, of which too little is known.
        is_unfamiliar: Of each trial, shape (trials,).
        reason: Of each trial the feature that is farthest off, in words; empty for a familiar trial.
    """

    distance: np.ndarray
    is_unfamiliar: np.ndarray
    reason: list[str]


def learn(train: Trials, places: Places) -> Limits:
    """Learn from training trials what input is familiar."""
    sampled = np.stack([one[FROM_MS::EVERY_MS] for one in _features_of(train, places)])
    flat = sampled.reshape(-1, sampled.shape[-1])
    mean, covariance = flat.mean(axis=0), np.cov(flat, rowvar=False)
    moments = (places.names, mean, np.sqrt(np.diag(covariance)), np.linalg.pinv(covariance, hermitian=True))
    limits = Limits(*moments, largest_distance=1.0, largest_share=1.0)
    distance = np.stack([_distance(one, limits) for one in sampled])
    largest = float(np.quantile(distance, FAMILIAR_SHARE))
    share = float(np.quantile((distance > largest).mean(axis=1), TRIAL_SHARE))
    return Limits(*moments, largest, share)


def judge(trials: Trials, places: Places, limits: Limits) -> Familiarity:
    """Say of every millisecond and trial whether its input is like that of training."""
    distances, reasons = [], []
    for features in _features_of(trials, places):
        distance = _distance(features, limits) / limits.largest_distance
        distance[:FROM_MS] = 0
        distances.append(distance.astype(np.float32))
        reasons.append(_reason(features[distance > 1], limits))
    distance = np.stack(distances)
    is_unfamiliar = (distance[:, FROM_MS:] > 1).mean(axis=1) > limits.largest_share
    return Familiarity(
        distance, is_unfamiliar, [why if off else "" for why, off in zip(reasons, is_unfamiliar, strict=True)]
    )


def _reason(unfamiliar: np.ndarray, limits: Limits) -> str:
    """The feature that is on average farthest from training in some milliseconds."""
    if not len(unfamiliar):
        return ""
    score = ((unfamiliar - limits.mean) / limits.deviation).mean(axis=0)
    worst = int(np.argmax(np.abs(score)))
    side = "above" if score[worst] > 0 else "below"
    return f"{limits.names[worst]}: {abs(score[worst]):.1f} standard deviations {side} training"


def _distance(features: np.ndarray, limits: Limits) -> np.ndarray:
    """Mahalanobis distance of each row."""
    centred = features - limits.mean
    return np.sqrt(np.einsum("ti,ij,tj->t", centred, limits.precision, centred, optimize=True))


def _features_of(trials: Trials, places: Places) -> Iterator[np.ndarray]:
    for events in trials.events:
        yield features(events, trials.duration_ms, places)


def features(events: Events, duration_ms: int, places: Places) -> np.ndarray:
    """Square roots of the counts of input spikes up to every millisecond, shape (time, features)."""
    by_type = _count(events, places.types.of_synapse, duration_ms)
    heard = places.is_excitatory[events.synapse]
    excitatory: Any = Events(events.time_ms[heard], events.synapse[heard])
    by_branch = _count(excitatory, places.branch, duration_ms)
    found = []
    for window_ms in WINDOWS_MS:
        found += [_windowed(by_type, window_ms), _windowed(by_branch, window_ms).max(axis=1, keepdims=True)]
    return np.sqrt(np.concatenate(found, axis=1))


def _count(events: Events, group: np.ndarray, duration_ms: int) -> np.ndarray:
    """Input spikes of each group in each millisecond, shape (time, groups)."""
    n_groups = int(group.max()) + 1
    cell = events.time_ms.astype(int) * n_groups + group[events.synapse]
    return np.bincount(cell, minlength=duration_ms * n_groups).reshape(duration_ms, n_groups)


def _windowed(count: np.ndarray, window_ms: int) -> np.ndarray:
    """Sum over the last `window_ms`, fewer at the start."""
    summed = np.cumsum(count, axis=0)
    summed[window_ms:] -= summed[:-window_ms].copy()
    return summed
