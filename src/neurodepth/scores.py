"""Errors of the networks of one cell, resampled over test trials and training seeds together."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats

from neurodepth import learning_curve, metrics
from neurodepth.learning_curve import LearningCurve
from neurodepth.metrics import PairCounts, VoltageSums

MEASURES = ("auc", "variance_explained")
# Standard errors that a resample may lie from the estimate. One that misses the few trials that hold a good network's error has
# nearly no spread, and would say that nothing is known of it.
FARTHEST = 4.0
SMALLEST_ERROR = 1e-9  # keeps the logarithm of a perfect network's error finite
SMALLEST_SPREAD = 1e-6  # of that logarithm; below it is rounding
LARGEST_ERROR = {"auc": 1.0, "variance_explained": 1e6}  # where the stretch of few trials or seeds must not go beyond


@dataclass(frozen=True)
class Evaluation:
    """One trained network on the test trials.

    Attributes:
        depth: Its layers.
        training_trials: Trials that it was trained on.
        seed: Of its training.
        counts: Its spike predictions compared pair by pair.
        voltage: Its voltage predictions compared trial by trial.
        improvement: Fraction of its validation loss that it surely still lost in each tenth of its training when its
            updates ran out; 0 if its training had come to an end, NaN if it had too few epochs to tell.
        passes: Time in all the windows that it was trained on, in units of its training data; infinite if validation ended
            its training.
    """

    depth: int
    training_trials: int
    seed: int
    counts: PairCounts
    voltage: VoltageSums
    improvement: float = 0.0
    passes: float = np.inf


@dataclass(frozen=True)
class Scores:
    """What is known of the error (1 - score) of every depth and amount of data.

    Attributes:
        depths: Tried ones, ascending.
        sizes: Training trials, ascending.
        n_seeds: Trained networks of each (depth, training trials).
        n_spikes: Milliseconds with a spike in the test trials.
        point: For each measure and (depth, training trials) the error, averaged over seeds.
        resampled: The same, one value a resample, shape (resamples,).
        improvement: For each depth, the median over seeds of `Evaluation.improvement` on all the data.
        passes: The same of `Evaluation.passes`.
        sizes_at_equal_passes: `sizes` as the learning curves count them (`learning_curve.at_equal_passes`).
    """

    depths: list[int]
    sizes: list[int]
    n_seeds: dict[tuple[int, int], int]
    n_spikes: int
    point: dict[str, dict[tuple[int, int], float]]
    resampled: dict[str, dict[tuple[int, int], np.ndarray]]
    improvement: dict[int, float]
    passes: dict[int, float]
    sizes_at_equal_passes: list[float]
    _curves: dict[tuple[str, int], LearningCurve] = field(default_factory=dict, init=False, repr=False, compare=False)

    def errors_by_size(self, measure: str, depth: int) -> np.ndarray:
        """Resampled errors of one depth on every amount of data, shape (sizes, resamples)."""
        return np.stack([self.resampled[measure][depth, size] for size in self.sizes])

    def curve(self, measure: str, depth: int) -> LearningCurve:
        """Learning curves of one depth, one a resample; fitted once."""
        key = measure, depth
        if key not in self._curves:
            self._curves[key] = learning_curve.fit(self.sizes_at_equal_passes, self.errors_by_size(measure, depth))
        return self._curves[key]


def resample(
    evaluations: Sequence[Evaluation], n_resamples: int, confidence: float, seed: int, windows_trials: float = np.inf
) -> Scores:
    """Bootstrap the errors of all networks of one cell.

    All networks meet the same resampled trials, so that differences between them can be read resample by resample.
    Seeds are drawn for each depth and amount of data on its own, the same draw for all measures, whatever other networks
    there are.

    Args:
        evaluations: Networks of one cell.
        n_resamples: How often.
        confidence: At which the interval of few trials or seeds has its right width.
        seed: Of the draws.
        windows_trials: Length of all windows that each network was given to train on, in trials; infinite if it saw all of
            its data.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, 1]))
    n_trials = len(evaluations[0].counts.positives)
    weights = metrics.resampled_trials(n_trials, n_resamples, rng)
    grouped: dict[tuple[int, int], list[Evaluation]] = {}
    for one in evaluations:
        grouped.setdefault((one.depth, one.training_trials), []).append(one)
    point: dict[str, dict[tuple[int, int], float]] = {measure: {} for measure in MEASURES}
    resampled: dict[str, dict[tuple[int, int], np.ndarray]] = {measure: {} for measure in MEASURES}
    for key, unsorted in sorted(grouped.items()):
        group = sorted(unsorted, key=lambda one: one.seed)  # draws count by place, whatever order the networks come in
        rng = np.random.default_rng(np.random.SeedSequence([seed, 1, *key]))
        drawn = rng.integers(len(group), size=(len(group), n_resamples))
        for measure in MEASURES:
            point[measure][key] = float(np.mean([_error(one, measure)[0] for one in group]))
            errors = np.stack([_resample_trials(one, measure, weights) for one in group])
            errors = _resample_seeds(errors, drawn, confidence)
            resampled[measure][key] = np.minimum(errors, LARGEST_ERROR[measure])
    sizes = sorted({size for _, size in grouped})
    largest = {depth: group for (depth, size), group in grouped.items() if size == sizes[-1]}
    return Scores(
        sorted({depth for depth, _ in grouped}),
        sizes,
        {key: len(group) for key, group in grouped.items()},
        int(evaluations[0].counts.positives.sum()),
        point,
        resampled,
        {depth: float(np.median([one.improvement for one in group])) for depth, group in largest.items()},
        {depth: float(np.median([one.passes for one in group])) for depth, group in largest.items()},
        learning_curve.at_equal_passes(sizes, windows_trials).tolist(),
    )


def tabulate(scores: Scores, confidence: float) -> pd.DataFrame:
    """Scores with their intervals for every depth and training size.

    Returns:
        One row a (depth, training_trials), with trials_at_equal_passes, seeds and, for auc and variance_explained, the mean
        over seeds and its interval (`_low`, `_high`).
    """
    comparable = dict(zip(scores.sizes, scores.sizes_at_equal_passes, strict=True))
    rows = []
    for (depth, size), n_seeds in scores.n_seeds.items():
        row: dict[str, float] = {"depth": depth, "training_trials": size, "trials_at_equal_passes": comparable[size]}
        for measure in MEASURES:
            low, high = metrics.interval(1 - scores.resampled[measure][depth, size], confidence)
            row |= {measure: 1 - scores.point[measure][depth, size], f"{measure}_low": low, f"{measure}_high": high}
        rows.append(row | {"seeds": n_seeds})
    return pd.DataFrame(rows).sort_values(["depth", "training_trials"], ignore_index=True)


def _error(one: Evaluation, measure: str, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Error, and the standard error of its logarithm over trials, with each trial counted `weights` times."""
    if measure == "auc":
        score, standard_error = one.counts.auc(weights), one.counts.standard_error(weights)
    else:
        score, standard_error = one.voltage.variance_explained(weights), one.voltage.standard_error(weights)
    error = np.maximum(1 - score, SMALLEST_ERROR)
    return error, standard_error / error


def _resample_trials(one: Evaluation, measure: str, weights: np.ndarray) -> np.ndarray:
    """Errors that the test trials allow, shape (resamples,): the bootstrap-t of the logarithm (Efron 1981).

    The error of a few spikes is skewed: test sets that show a small error show a small spread, too. So each resample's
    distance from the estimate is measured in its own standard errors, and drawn from the estimate the other way.
    """
    if weights.shape[1] == 1:  # a single trial shows no spread
        return np.full(len(weights), np.nan)
    estimate, spread = _error(one, measure)
    if spread < SMALLEST_SPREAD:  # no trial differs from any other
        return _error(one, measure, weights)[0]
    error, own_spread = _error(one, measure, weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.clip(np.log(error / estimate) / own_spread, -FARTHEST, FARTHEST)
    distance = np.where(error == estimate, 0, distance)  # 0 / 0 where both are without an error
    return np.clip(estimate * np.exp(-spread * distance), SMALLEST_ERROR, LARGEST_ERROR[measure])


def _resample_seeds(errors: np.ndarray, drawn: np.ndarray, confidence: float) -> np.ndarray:
    """Mean over seeds drawn with replacement, shape (seeds, resamples) to shape (resamples,); one seed has no spread.

    A bootstrap of n draws spreads too little if they are few. Distances from the centre, in logarithms, are stretched by
    sqrt(n / (n - 1)), for the variance, times t / z, for its uncertainty, to the interval of Student's t: the expanded
    percentile interval (Hesterberg 2015, Am Stat 69:371).
    """
    if (n := len(errors)) == 1:
        return errors[0]
    resampled, centre = np.take_along_axis(errors, drawn, axis=0).mean(axis=0), errors.mean(axis=0)
    quantile = (1 + confidence) / 2
    stretch = np.sqrt(n / (n - 1)) * stats.t.ppf(quantile, n - 1) / stats.norm.ppf(quantile)
    return centre * (resampled / centre) ** stretch
