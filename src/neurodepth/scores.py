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
        improvement: Fraction of its validation loss that it surely still lost in each tenth of its training, at the end
            (`convergence.improvement`).
        passes: Time that the updates it was given score, in units of its training data.
        seen: Fraction of its training data that those it did scored at least once.
    """

    depth: int
    training_trials: int
    seed: int
    counts: PairCounts
    voltage: VoltageSums
    improvement: float = 0.0
    passes: float = np.inf
    seen: float = 1.0


@dataclass(frozen=True)
class Scores:
    """What is known of the error (1 - score) of every depth and amount of data.

    Attributes:
        depths: Tried ones, ascending.
        sizes: Training trials, ascending.
        n_seeds: Trained networks of each (depth, training trials).
        n_trials: Test trials.
        n_spikes: Milliseconds with a spike in the test trials.
        point: For each measure and (depth, training trials) the error, averaged over seeds.
        resampled: The same, one value a resample, shape (resamples,).
        gain: For each measure and depth, by how much the last addition of data lowered the logarithm of the error, one value a
            resample, shape (resamples,). What seeds add to its spread is that of a two-sample t-test, whose variance over
            seeds is one for both amounts: two seeds drawn for each amount on their own would show next to nothing.
        improvement: For each depth, the median over seeds of `Evaluation.improvement` on all the data; infinite if it is not
            known of half of them.
        passes: The same of `Evaluation.passes`.
        trials_at_equal_passes: Each (depth, training trials) as learning curves count it, by the median over seeds of
            `Evaluation.seen` (`learning_curve.at_equal_passes`).
    """

    depths: list[int]
    sizes: list[int]
    n_seeds: dict[tuple[int, int], int]
    n_trials: int
    n_spikes: int
    point: dict[str, dict[tuple[int, int], float]]
    resampled: dict[str, dict[tuple[int, int], np.ndarray]]
    gain: dict[str, dict[int, np.ndarray]]
    improvement: dict[int, float]
    passes: dict[int, float]
    trials_at_equal_passes: dict[tuple[int, int], float]
    _curves: dict[tuple[str, int], LearningCurve] = field(default_factory=dict, init=False, repr=False, compare=False)

    def errors_by_size(self, measure: str, depth: int) -> np.ndarray:
        """Resampled errors of one depth on every amount of data, shape (sizes, resamples)."""
        return np.stack([self.resampled[measure][depth, size] for size in self.sizes])

    def fit(self, depth: int, errors: np.ndarray) -> LearningCurve:
        """Fit learning curves of one depth to errors of shape (sizes, curves)."""
        return learning_curve.fit([self.trials_at_equal_passes[depth, size] for size in self.sizes], errors)

    def curve(self, measure: str, depth: int) -> LearningCurve:
        """Learning curves of one depth, one a resample; fitted once."""
        key = measure, depth
        if key not in self._curves:
            self._curves[key] = self.fit(depth, self.errors_by_size(measure, depth))
        return self._curves[key]


def resample(evaluations: Sequence[Evaluation], n_resamples: int, confidence: float, seed: int) -> Scores:
    """Bootstrap the errors of all networks of one cell.

    All networks meet the same resampled trials, so that differences between them can be read resample by resample.
    Seeds are drawn for each depth and amount of data on its own, the same draw for all measures, whatever other networks
    there are.

    Args:
        evaluations: Networks of one cell.
        n_resamples: How often.
        confidence: At which the interval of few trials or seeds has its right width.
        seed: Of the draws.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, 1]))
    n_trials = len(evaluations[0].counts.positives)
    weights = metrics.resampled_trials(n_trials, n_resamples, rng)
    grouped: dict[tuple[int, int], list[Evaluation]] = {}
    for one in evaluations:
        grouped.setdefault((one.depth, one.training_trials), []).append(one)
    point: dict[str, dict[tuple[int, int], float]] = {measure: {} for measure in MEASURES}
    of_seeds: dict[str, dict[tuple[int, int], np.ndarray]] = {measure: {} for measure in MEASURES}
    resampled: dict[str, dict[tuple[int, int], np.ndarray]] = {measure: {} for measure in MEASURES}
    for key, unsorted in sorted(grouped.items()):
        group = sorted(unsorted, key=lambda one: one.seed)  # draws count by place, whatever order the networks come in
        rng = np.random.default_rng(np.random.SeedSequence([seed, 1, *key]))
        drawn = rng.integers(len(group), size=(len(group), n_resamples))
        for measure in MEASURES:
            point[measure][key] = float(np.mean([_error(one, measure)[0] for one in group]))
            errors = np.stack([_resample_trials(one, measure, weights) for one in group])
            of_seeds[measure][key] = errors
            resampled[measure][key] = np.clip(
                _resample_seeds(errors, drawn, confidence), SMALLEST_ERROR, LARGEST_ERROR[measure]
            )
    depths, sizes = (sorted(set(one)) for one in zip(*grouped, strict=True))
    largest = {depth: group for (depth, size), group in grouped.items() if size == sizes[-1]}
    return Scores(
        depths,
        sizes,
        {key: len(group) for key, group in grouped.items()},
        n_trials,
        int(evaluations[0].counts.positives.sum()),
        point,
        resampled,
        {measure: _gains(errors, sizes, seed) for measure, errors in of_seeds.items()},
        {depth: _median_improvement(group) for depth, group in largest.items()},
        {depth: float(np.median([one.passes for one in group])) for depth, group in largest.items()},
        _at_equal_passes(grouped),
    )


def _at_equal_passes(grouped: dict[tuple[int, int], list[Evaluation]]) -> dict[tuple[int, int], float]:
    seen = {key: float(np.median([one.seen for one in group])) for key, group in sorted(grouped.items())}
    comparable: dict[tuple[int, int], float] = {}
    for depth in {depth for depth, _ in seen}:
        keys = [key for key in seen if key[0] == depth]
        trials = learning_curve.at_equal_passes([size for _, size in keys], [seen[key] for key in keys])
        comparable |= zip(keys, trials.tolist(), strict=True)
    return comparable


def _gains(errors: dict[tuple[int, int], np.ndarray], sizes: list[int], seed: int) -> dict[int, np.ndarray]:
    """`Scores.gain` of every depth that has the two largest sizes, from errors of shape (seeds, resamples)."""
    gains = {}
    for depth in {depth for depth, _ in errors}:
        pair = [np.log(errors[depth, size]) for size in sizes[-2:] if (depth, size) in errors]
        if len(pair) < 2:
            continue
        before, now = pair
        gains[depth] = before.mean(axis=0) - now.mean(axis=0)
        if (freedom := len(before) + len(now) - 2) > 0:
            variance = sum(len(one) * one.var(axis=0) for one in pair) / freedom
            rng = np.random.default_rng(np.random.SeedSequence([seed, 2, depth]))
            drawn = rng.standard_t(freedom, size=before.shape[1])
            gains[depth] += drawn * np.sqrt(variance * (1 / len(before) + 1 / len(now)))
    return gains


def _median_improvement(group: Sequence[Evaluation]) -> float:
    return float(np.median([np.inf if np.isnan(one.improvement) else one.improvement for one in group]))


def tabulate(scores: Scores, confidence: float) -> pd.DataFrame:
    """Scores with their intervals for every depth and training size.

    Returns:
        One row a (depth, training_trials), with trials_at_equal_passes, seeds and, for auc and variance_explained, the mean
        over seeds and its interval (`_low`, `_high`).
    """
    rows = []
    for (depth, size), n_seeds in scores.n_seeds.items():
        row: dict[str, float] = {"depth": depth, "training_trials": size}
        row["trials_at_equal_passes"] = scores.trials_at_equal_passes[depth, size]
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
