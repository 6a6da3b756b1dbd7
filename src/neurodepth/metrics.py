"""How well a network predicts spikes and voltage, with intervals over held-out trials. docs/metrics.md defines each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

WARM_UP_MS = 500  # Beniaguev et al. 2021: the start of a trial is left out of every evaluation
CLIP_MV = -55.0  # Beniaguev et al. 2021: the voltage above which a spike, not a potential, is predicted
ROUNDING = 1e-9  # of the mean square: a smaller variance is none, only what floats lose
FALSE_POSITIVE_RATE = 0.002  # Beniaguev et al. 2021: where the hit rate is read
CORRELOGRAM_MS = 50  # on either side of a spike
CALIBRATION_BINS = 15  # Guo et al. 2017
COMPLEXITY_RATE_HZ = 1.0  # Aizenbud et al. 2026: output rate of the test set behind the functional complexity index
COMPLEXITY_CONFIDENCE = 0.95  # of the index's interval
COMPLEXITY_DEPTH = 3  # Aizenbud et al. 2026: layers of the network behind it


@dataclass(frozen=True)
class PairCounts:
    """Counts from which the ROC AUC of any weighting of trials follows exactly.

    Attributes:
        wins: Pairs of a bin with a spike in trial i and one without in trial j, in which the former is predicted
            higher; a tie counts one half. Shape (trials, trials).
        positives: Bins with a spike, shape (trials,).
        negatives: Bins without, shape (trials,).
    """

    wins: np.ndarray
    positives: np.ndarray
    negatives: np.ndarray

    def auc(self, weights: np.ndarray | None = None) -> np.ndarray:
        """ROC AUC with each trial counted `weights` times, shape (..., trials) to shape (...); None counts all once.

        A weighting without a spike gives NaN.
        """
        weights = np.ones(len(self.positives)) if weights is None else weights
        wins = np.einsum("...i,ij,...j->...", weights, self.wins, weights, optimize=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            return wins / ((weights @ self.positives) * (weights @ self.negatives))

    def standard_error(self, weights: np.ndarray | None = None) -> np.ndarray:
        """Standard error of `auc` over trials, by the infinitesimal jackknife (Efron 1982); shapes and NaN as there."""
        weights = np.ones(len(self.positives)) if weights is None else weights
        won_and_lost = weights @ (self.wins + self.wins.T)
        with np.errstate(invalid="ignore", divide="ignore"):
            positives, negatives = (weights @ one for one in (self.positives, self.negatives))
            auc = np.sum(weights * won_and_lost, axis=-1) / (2 * positives * negatives)
            slope = won_and_lost / _last(positives * negatives)
            slope -= _last(auc) * (self.positives / _last(positives) + self.negatives / _last(negatives))
        return np.sqrt(np.sum(weights * slope**2, axis=-1))


def count_pairs(score: np.ndarray, spikes: np.ndarray) -> PairCounts:
    """Compare every bin with a spike with every bin without one.

    Args:
        score: Predicted spike probability, or anything that rises with it, shape (trials, time).
        spikes: 1 where the cell spiked, else 0, shape (trials, time).

    Raises:
        ValueError: If every bin holds a spike, or a score is not a number. If no bin does, the AUC is NaN.
    """
    spikes = spikes.astype(bool)
    if n_lost := int(np.isnan(score).sum()):
        raise ValueError(
            f"score: expected numbers, found NaN in {n_lost} of {score.size} bins: the network is of no use"
        )
    if spikes.all():
        raise ValueError(f"all {spikes.size} bins hold a spike, expected some without: check the spike threshold")
    positive = [np.asarray(s[m], np.float64) for s, m in zip(score, spikes, strict=True)]
    negative = [np.sort(np.asarray(s[~m], np.float64)) for s, m in zip(score, spikes, strict=True)]
    cuts = np.cumsum([len(p) for p in positive])[:-1]
    together = np.concatenate(positive)
    wins = np.empty((len(positive), len(negative)))
    for column, lower in enumerate(negative):
        below = (np.searchsorted(lower, together, "left") + np.searchsorted(lower, together, "right")) / 2
        wins[:, column] = [part.sum() for part in np.split(below, cuts)]
    return PairCounts(wins, np.array([len(p) for p in positive]), np.array([len(n) for n in negative]))


def resampled_trials(n_trials: int, n_resamples: int, rng: np.random.Generator) -> np.ndarray:
    """How often each trial appears in each bootstrap resample, shape (resamples, trials)."""
    return rng.multinomial(n_trials, np.full(n_trials, 1 / n_trials), size=n_resamples).astype(float)


def interval(values: np.ndarray, confidence: float) -> tuple[float, float]:
    """Central interval of bootstrap values, some of which may be infinite, leaving out undefined ones; NaN if all are."""
    known, tail = values[~np.isnan(values)], (1 - confidence) / 2
    if not known.size:
        return np.nan, np.nan
    # There is nothing between a number and infinity to interpolate.
    finite = np.isfinite(known).all()
    low, high = np.quantile(known, [tail, 1 - tail], method="linear" if finite else "inverted_cdf")
    return float(low), float(high)


def output_rates_hz(spike_time_ms: Sequence[np.ndarray], duration_ms: int) -> np.ndarray:
    """Output spikes a second of each trial without its start, in Hz, shape (trials,).

    Depressing synapses, all of them full when a trial begins, make a cell spike ten times as often in its first half second.

    Args:
        spike_time_ms: Of each trial.
        duration_ms: Of a trial, more than `WARM_UP_MS`.
    """
    counted = [np.count_nonzero(times >= WARM_UP_MS) for times in spike_time_ms]
    return 1000 * np.array(counted) / (duration_ms - WARM_UP_MS)


def hit_rate(score: np.ndarray, spikes: np.ndarray, false_positive_rate: float = FALSE_POSITIVE_RATE) -> float:
    """Fraction of spikes predicted at the threshold that `false_positive_rate` of the empty bins exceed.

    Args:
        score: Predicted spike probability, shape (trials, time).
        spikes: 1 where the cell spiked, else 0, shape (trials, time).
        false_positive_rate: Between 0 and 1.

    Returns:
        NaN if no bin holds a spike.
    """
    hits = score[spikes.astype(bool)] > operating_threshold(score, spikes, false_positive_rate)
    return float(hits.mean()) if hits.size else np.nan


def operating_threshold(
    score: np.ndarray, spikes: np.ndarray, false_positive_rate: float = FALSE_POSITIVE_RATE
) -> float:
    """Least score that at most `false_positive_rate` of the empty bins exceed; arguments as for `hit_rate`."""
    empty = score[~spikes.astype(bool)]
    place = int(first_kept_out(empty.size, np.asarray(false_positive_rate)))
    return float(np.partition(empty, place)[place])


def first_kept_out(n_empty: int, false_positive_rate: np.ndarray) -> np.ndarray:
    """Place, among the ascending scores of the empty bins, of the largest that must not be let through; 0 if all may be."""
    let_through = np.floor(n_empty * false_positive_rate * (1 + 1e-12)).astype(int)
    return np.maximum(n_empty - 1 - let_through, 0)


def average_precision(score: np.ndarray, spikes: np.ndarray) -> float:
    """Area under the precision-recall curve, as a sum of steps: precision at each threshold times the recall gained.

    Args:
        score: Predicted spike probability, or anything that rises with it, shape (trials, time).
        spikes: 1 where the cell spiked, else 0, shape (trials, time).

    Returns:
        NaN if no bin holds a spike.
    """
    order = np.argsort(-score.ravel(), kind="stable")
    ordered = score.ravel()[order]
    last_of_ties = np.append(np.flatnonzero(np.diff(ordered)), ordered.size - 1)
    hits = np.cumsum(spikes.ravel()[order], dtype=float)[last_of_ties]
    area = np.sum(np.diff(hits, prepend=0) * hits / (last_of_ties + 1))
    return float(area / hits[-1]) if hits[-1] else np.nan


def correlogram(predicted: np.ndarray, spikes: np.ndarray, reach_ms: int = CORRELOGRAM_MS) -> np.ndarray:
    """Cross-correlogram of true and predicted spikes: predicted spikes per true spike at each lag.

    True spikes nearer than `reach_ms` to an end of the trial are left out, so that every lag counts the same spikes.

    Args:
        predicted: True in each millisecond in which the network spikes, shape (trials, time).
        spikes: 1 where the cell spiked, else 0, shape (trials, time).
        reach_ms: Largest lag.

    Returns:
        One value a lag, from -reach_ms (the prediction comes early) to reach_ms, shape (2 reach_ms + 1,); NaN if no
        true spike is left.
    """
    trial, time_ms = np.nonzero(spikes[:, reach_ms : spikes.shape[1] - reach_ms])
    if not len(trial):
        return np.full(2 * reach_ms + 1, np.nan)
    return predicted[trial[:, None], time_ms[:, None] + np.arange(2 * reach_ms + 1)].mean(axis=0)


def correlogram_width(values: np.ndarray, chance: float) -> tuple[float, float]:
    """Full width at half maximum of a correlogram's peak above chance, and the peak's lag.

    Args:
        values: What `correlogram` returns.
        chance: Predicted spikes per millisecond of the whole test set: what every lag would hold by chance.

    Returns:
        Width in ms, with crossings found by straight lines between lags: 1 if all hits are in one and the same bin.
        Lag of the peak in ms, positive if the prediction is late. NaN for both if no lag exceeds chance, NaN for the
        width if the peak does not fall to its half within the correlogram.
    """
    peak = int(np.argmax(values))
    if not values[peak] > chance:  # NaN included
        return np.nan, np.nan
    half = (values[peak] + chance) / 2
    sides_ms = []
    for side in (values[peak:], values[peak::-1]):
        below = np.flatnonzero(side < half)
        if not len(below):
            return np.nan, float(peak - len(values) // 2)
        after = below[0]
        sides_ms.append(after - (half - side[after]) / (side[after - 1] - side[after]))
    return float(sum(sides_ms)), float(peak - len(values) // 2)


def reliability(
    probability: np.ndarray, spikes: np.ndarray, n_bins: int = CALIBRATION_BINS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reliability curve: how often the cell spikes where the network says it does with a given probability.

    Args:
        probability: Predicted spike probability, shape (trials, time).
        spikes: 1 where the cell spiked, else 0, shape (trials, time).
        n_bins: Bins of equal width from 0 to 1; empty ones are left out.

    Returns:
        Mean prediction, fraction of milliseconds with a spike and number of milliseconds of each bin.
    """
    inside = np.minimum((probability.ravel() * n_bins).astype(int), n_bins - 1)
    count = np.bincount(inside, minlength=n_bins)
    kept = count > 0
    predicted = np.bincount(inside, probability.ravel(), n_bins)[kept] / count[kept]
    observed = np.bincount(inside, spikes.ravel(), n_bins)[kept] / count[kept]
    return predicted, observed, count[kept]


def calibration_error(probability: np.ndarray, spikes: np.ndarray) -> float:
    """Expected calibration error (Guo et al. 2017): mean distance of the reliability curve from the diagonal."""
    predicted, observed, count = reliability(probability, spikes)
    return float(np.average(np.abs(predicted - observed), weights=count))


def brier_score(probability: np.ndarray, spikes: np.ndarray) -> float:
    """Mean squared error of the predicted spike probability, both of shape (trials, time); 0 is perfect."""
    return float(np.mean((probability - spikes) ** 2))


def functional_complexity_index(
    counts: PairCounts, rng: np.random.Generator, n_resamples: int = 200
) -> tuple[float, float, float]:
    """Functional complexity index of Aizenbud et al. 2026: log10(1000 (1 - AUC)) / 2 at an output rate of 1 Hz.

    Test trials are drawn with replacement, as many as there are, with chances proportional to exp(k rate): k makes the
    expected rate 1 Hz. The AUC is the mean over resamples. ASSUME: the paper draws whole trials, too, but not how.

    Args:
        counts: Of a network of `COMPLEXITY_DEPTH` layers.
        rng: Of the draws.
        n_resamples: How often a test set is drawn.

    Returns:
        The index, 1 at AUC 0.9, 0 at 0.999, and the ends of its interval over test sets, at `COMPLEXITY_CONFIDENCE`; NaN
        if all trials are above 1 Hz, or all below.
    """
    rate_hz = 1000 * counts.positives / (counts.positives + counts.negatives)
    if not rate_hz.min() < COMPLEXITY_RATE_HZ < rate_hz.max():
        return np.nan, np.nan, np.nan

    def excess_hz(k: float) -> float:
        return float(special.softmax(k * rate_hz) @ rate_hz - COMPLEXITY_RATE_HZ)

    bound = 1.0
    while excess_hz(-bound) > 0 or excess_hz(bound) < 0:
        bound *= 2
    chance = special.softmax(optimize.brentq(excess_hz, -bound, bound) * rate_hz)
    auc = counts.auc(rng.multinomial(len(chance), chance, size=n_resamples).astype(float))
    lowest, highest = interval(auc, COMPLEXITY_CONFIDENCE)
    index, low, high = (_complexity(one) for one in (float(np.nanmean(auc)), highest, lowest))
    return index, low, high


def _complexity(auc: float) -> float:
    return float(np.log10(1000 * (1 - auc)) / 2) if auc < 1 else -np.inf


@dataclass(frozen=True)
class VoltageSums:
    """Sums from which the error of the clipped soma voltage follows for any weighting of trials.

    Attributes:
        residual: Mean squared difference of prediction and truth, mV^2, shape (trials,).
        mean: Mean of the true voltage, mV, shape (trials,).
        square: Mean of its square, mV^2, shape (trials,).
    """

    residual: np.ndarray
    mean: np.ndarray
    square: np.ndarray

    def variance_explained(self, weights: np.ndarray | None = None) -> np.ndarray:
        """1 - residual / variance, with trials counted as in `PairCounts.auc`; 1 is perfect, not bounded below.

        NaN of a constant voltage.
        """
        weights = np.ones(len(self.mean)) if weights is None else weights
        residual, mean, square = (weights @ one / weights.sum(-1) for one in (self.residual, self.mean, self.square))
        return 1 - residual / _variance(mean, square)

    def standard_error(self, weights: np.ndarray | None = None) -> np.ndarray:
        """Standard error of `variance_explained` over trials, as `PairCounts.standard_error`."""
        weights = np.ones(len(self.mean)) if weights is None else weights
        residual, mean, square = (
            _last(weights @ one / weights.sum(-1)) for one in (self.residual, self.mean, self.square)
        )
        variance = _variance(mean, square)
        of_variance = self.square - square - 2 * mean * (self.mean - mean)
        slope = ((self.residual - residual) - residual / variance * of_variance) / (variance * _last(weights.sum(-1)))
        return np.sqrt(np.sum(weights * slope**2, axis=-1))

    def rmse_mv(self) -> float:
        """Root mean square error over all trials."""
        return float(np.sqrt(self.residual.mean()))


def _variance(mean: np.ndarray, square: np.ndarray) -> np.ndarray:
    """NaN where it is no more than rounding."""
    variance = square - mean**2
    return np.where(variance > ROUNDING * square, variance, np.nan)


def _last(values: np.ndarray) -> np.ndarray:
    """One value a weighting, with an axis for trials."""
    return np.asarray(values)[..., None]


def sum_voltage(predicted_mv: np.ndarray, true_mv: np.ndarray, clip_mv: float = CLIP_MV) -> VoltageSums:
    """Compare the clipped soma voltage trial by trial.

    Nothing is rescaled: the prediction is compared as it is.

    Args:
        predicted_mv: shape (trials, time).
        true_mv: shape (trials, time).
        clip_mv: Both are clipped from above here.
    """
    true, predicted = np.minimum(true_mv, clip_mv).astype(float), np.minimum(predicted_mv, clip_mv).astype(float)
    return VoltageSums(((true - predicted) ** 2).mean(axis=1), true.mean(axis=1), (true**2).mean(axis=1))


def voltage_errors(predicted_mv: np.ndarray, true_mv: np.ndarray, clip_mv: float = CLIP_MV) -> tuple[float, float]:
    """RMSE in mV and variance explained of the clipped soma voltage; arguments as for `sum_voltage`."""
    sums = sum_voltage(predicted_mv, true_mv, clip_mv)
    return sums.rmse_mv(), float(sums.variance_explained())
