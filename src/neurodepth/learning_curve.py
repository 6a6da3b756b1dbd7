"""How the error of a network falls with its training data: a fitted power law, and what it says of more data.

The error after N trials is floor + scale (N / N_max)^-exponent, none of them negative (Hestness et al. 2017,
arXiv:1712.00409). Two amounts of data cannot hold three numbers: then the error falls by the same amount in each
doubling, a line in log N, which has no floor and so errs towards more data being of use. So does an error that fell faster
in the last step than in the one before: no power law does that.

All networks of a neuron are given as many updates, so that on less data they pass through it more often and see more of
it. `at_equal_passes` takes that out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Published learning curves have exponents from 0.07 to 1 (Hestness et al. 2017); ASSUME the wider range. Without a lower
# bound the floor is undetermined.
EXPONENTS = np.geomspace(0.1, 2.0, 201)
FARTHEST_DOUBLINGS = 20  # ASSUME: what would need a million times the data is never reached


@dataclass(frozen=True)
class LearningCurve:
    """Error against training data, one curve a resample; arrays have shape (resamples,).

    Attributes:
        smallest_trials: The least training data of the fit; nothing is said of less.
        largest_trials: The most training data of the fit, N_max.
        floor: Error that remains with any amount of data; of a line, the error at N_max.
        scale: Error at N_max that data can remove; of a line, the error lost in a doubling.
        exponent: Of the power law; 0 stands for a line.
    """

    smallest_trials: float
    largest_trials: float
    floor: np.ndarray
    scale: np.ndarray
    exponent: np.ndarray

    def error_after(self, doublings: float) -> np.ndarray:
        """Error after so many doublings of the most data, shape (resamples,)."""
        falls = np.where(self.exponent > 0, 2.0 ** (-doublings * self.exponent), -doublings)
        return np.maximum(self.floor + self.scale * falls, 0)

    def trials_to_reach(self, error: float) -> np.ndarray:
        """Training trials with which the error falls to a given one, shape (resamples,); infinite means never.

        Nothing is said of less data than the least of the fit, nor of more than `FARTHEST_DOUBLINGS`.
        """
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            power = np.log2(self.scale / (error - self.floor)) / self.exponent
            doublings = np.where(self.exponent > 0, power, (self.floor - error) / self.scale)
            trials = np.where(doublings > FARTHEST_DOUBLINGS, np.inf, self.largest_trials * 2.0**doublings)
        never = (self.exponent > 0) & (self.floor >= error) | (self.scale == 0) & (self.floor > error)
        already = (self.scale == 0) & (self.floor <= error)
        found = np.where(never, np.inf, np.where(already, self.smallest_trials, trials))
        return np.where(np.isnan(self.floor), np.nan, np.maximum(found, self.smallest_trials))

    @property
    def asymptote(self) -> np.ndarray:
        """Error with endless data, shape (resamples,); NaN where a line says nothing of it."""
        return np.where(self.exponent > 0, self.floor, np.nan)


def at_equal_passes(trials: Sequence[float], seen: Sequence[float]) -> np.ndarray:
    """Training data in which as many passes as through the largest amount would show as much as was seen of each.

    Args:
        trials: Training trials, ascending.
        seen: Fraction of each amount that was seen (`coverage.Sampling.seen`).

    Returns:
        Trials, ascending; the given ones where more was seen of a smaller amount than of a larger one, whose training ended
        early.
    """
    amounts = np.asarray(trials, float)
    shown = amounts * np.asarray(seen)
    return shown * amounts[-1] / shown[-1] if np.all(np.diff(shown) > 0) else amounts


def fit(trials: Sequence[float], errors: np.ndarray) -> LearningCurve:
    """Fit a curve to each resample by least squares of the relative deviations.

    For a given exponent the rest is linear, so the exponent is searched over a grid, for all resamples at once.

    Args:
        trials: Training trials, ascending, at least two.
        errors: Above 0, shape (sizes, resamples).
    """
    lost = -np.diff(errors, axis=0) / np.diff(np.log2(trials))[:, None]
    line = np.maximum(lost[-1], 0)
    if len(trials) == 2:
        return LearningCurve(trials[0], trials[-1], errors[-1], line, np.zeros_like(line))
    found = [_fit_exponent(np.asarray(trials) / trials[-1], errors, exponent) for exponent in EXPONENTS]
    deviation, floor, scale = (np.stack(one) for one in zip(*found, strict=True))
    best = np.where(np.isnan(deviation), np.inf, deviation).argmin(axis=0)
    floor, scale = (np.take_along_axis(one, best[None], axis=0)[0] for one in (floor, scale))
    faster = lost[-1] > np.maximum(lost[-2], 0)
    floor = np.where(scale > 0, floor, errors[-1])  # what does not fall stays where it is
    floor, scale, exponent = (
        np.where(faster, *one) for one in ((errors[-1], floor), (line, scale), (0.0, EXPONENTS[best]))
    )
    floor = np.where(np.isnan(errors).any(axis=0), np.nan, floor)
    return LearningCurve(trials[0], trials[-1], floor, scale, exponent)


def _fit_exponent(share: np.ndarray, errors: np.ndarray, exponent: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum of squares, floor and scale for one exponent: non-negative least squares of two unknowns, in closed form."""
    ones, falling = 1 / errors, share[:, None] ** -exponent / errors
    aa, bb, ab = (np.sum(x * y, axis=0) for x, y in ((ones, ones), (falling, falling), (ones, falling)))
    a, b = ones.sum(axis=0), falling.sum(axis=0)
    determinant = aa * bb - ab**2
    zero = np.zeros_like(a)
    # Errors nine decades apart leave no determinant: the third candidate then falls out.
    with np.errstate(divide="ignore", invalid="ignore"):
        both = (a * bb - b * ab) / determinant, (b * aa - a * ab) / determinant
        candidates = [(zero, b / bb), (a / aa, zero), both]
        deviations = [np.sum((floor * ones + scale * falling - 1) ** 2, axis=0) for floor, scale in candidates]
    deviations[2] = np.where((both[0] >= 0) & (both[1] >= 0), deviations[2], np.inf)
    best = np.argmin(deviations, axis=0)[None]
    floor, scale = (np.take_along_axis(np.stack(one), best, axis=0)[0] for one in zip(*candidates, strict=True))
    return np.min(deviations, axis=0), floor, scale
