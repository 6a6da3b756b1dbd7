"""How well a network predicts spikes and voltage, with intervals over held-out trials."""

from dataclasses import dataclass

import numpy as np

WARM_UP_MS = 500  # Beniaguev et al. 2021: the start of a trial is left out of every evaluation
CLIP_MV = -55.0  # Beniaguev et al. 2021: the voltage above which a spike, not a potential, is predicted
FALSE_POSITIVE_RATE = 0.002  # Beniaguev et al. 2021: where the hit rate is read


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


def count_pairs(score: np.ndarray, spikes: np.ndarray) -> PairCounts:
    """Compare every bin with a spike with every bin without one.

    Args:
        score: Predicted spike probability, or anything that rises with it, shape (trials, time).
        spikes: 1 where the cell spiked, else 0, shape (trials, time).

    Raises:
        ValueError: If no bin holds a spike, or none is without; the curve is then undefined.
    """
    spikes = spikes.astype(bool)
    if not spikes.any() or spikes.all():
        raise ValueError(
            f"{spikes.sum()} of {spikes.size} bins hold a spike: a ROC curve needs bins of both kinds; use more trials"
        )
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
    """Central interval of bootstrap values, leaving out undefined ones."""
    tail = 100 * (1 - confidence) / 2
    low, high = np.nanpercentile(values, [tail, 100 - tail])
    return float(low), float(high)


def hit_rate(score: np.ndarray, spikes: np.ndarray, false_positive_rate: float = FALSE_POSITIVE_RATE) -> float:
    """Fraction of spikes predicted at the threshold that `false_positive_rate` of the empty bins exceed.

    Args:
        score: Predicted spike probability, shape (trials, time).
        spikes: 1 where the cell spiked, else 0, shape (trials, time).
        false_positive_rate: Between 0 and 1.
    """
    spikes = spikes.astype(bool)
    threshold = np.quantile(score[~spikes], 1 - false_positive_rate, method="higher")
    return float(np.mean(score[spikes] > threshold))


def voltage_errors(predicted_mv: np.ndarray, true_mv: np.ndarray, clip_mv: float = CLIP_MV) -> tuple[float, float]:
    """Root mean square error and variance explained of the clipped soma voltage.

    Nothing is rescaled: the prediction is compared as it is.

    Args:
        predicted_mv: shape (trials, time).
        true_mv: shape (trials, time).
        clip_mv: Both are clipped from above here.

    Returns:
        RMSE in mV, and 1 - residual variance / variance (1 is perfect; not bounded below).
    """
    true, predicted = np.minimum(true_mv, clip_mv).astype(float), np.minimum(predicted_mv, clip_mv).astype(float)
    residual = np.mean((true - predicted) ** 2)
    return float(np.sqrt(residual)), float(1 - residual / np.var(true))
