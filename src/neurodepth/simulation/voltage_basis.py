"""Principal components of dendritic voltages, from sums over trials: no more than one trial's voltages are held."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from neurodepth.cells.trial import VoltageBasis


@dataclass(frozen=True)
class Moments:
    """What principal components need to know of some samples.

    Attributes:
        n_samples: Number of samples.
        mean_mv: Mean of each segment, shape (segments,).
        scatter_mv2: Sum of the products of deviations from the mean, shape (segments, segments).
    """

    n_samples: int
    mean_mv: np.ndarray
    scatter_mv2: np.ndarray


def trial_moments(voltage_mv: np.ndarray) -> Moments:
    """Moments of one trial's voltages, shape (time, segments)."""
    voltage_mv = voltage_mv.astype(np.float64)
    mean_mv = voltage_mv.mean(axis=0)
    deviation_mv = voltage_mv - mean_mv
    return Moments(len(voltage_mv), mean_mv, deviation_mv.T @ deviation_mv)


def principal_components(trials: Iterable[Moments], n_components: int) -> VoltageBasis:
    """Principal components of all samples of some trials.

    Args:
        trials: Their moments; they are added in this order, for the order decides the rounding.
        n_components: Components to keep.

    Raises:
        ValueError: If there is no trial.
    """
    total: Moments | None = None
    for moments in trials:
        total = moments if total is None else _add(total, moments)
    if total is None:
        raise ValueError("expected at least one pilot trial, found none: raise simulation.pilot_trials")
    variances, vectors = np.linalg.eigh(total.scatter_mv2 / (total.n_samples - 1))
    order = np.argsort(variances)[::-1][:n_components]
    components = vectors[:, order].T
    # An eigenvector's sign is arbitrary: fix it, so that another library gives the same targets.
    components *= np.sign(components.sum(axis=1, keepdims=True))
    return VoltageBasis(total.mean_mv, components, variances[order] / variances.sum())


def _add(one: Moments, other: Moments) -> Moments:
    """Moments of both together; Chan, Golub & LeVeque 1983, Am Stat 37:242, which does not cancel."""
    n_samples = one.n_samples + other.n_samples
    shift_mv = other.mean_mv - one.mean_mv
    mean_mv = one.mean_mv + shift_mv * (other.n_samples / n_samples)
    between_mv2 = np.outer(shift_mv, shift_mv) * (one.n_samples * other.n_samples / n_samples)
    return Moments(n_samples, mean_mv, one.scatter_mv2 + other.scatter_mv2 + between_mv2)
