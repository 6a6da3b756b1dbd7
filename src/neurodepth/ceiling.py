"""What no network can beat: how well a cell with unreliable synapses predicts itself from the same presynaptic spikes.

A trial is simulated again and again with the same spikes and other vesicles. The mean of the other repeats is the best
prediction of a repeat that the spikes allow, as far as so few repeats know it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from neurodepth import metrics

WIDTHS_MS = (0, 1, 2, 4, 8, 16)  # of the Gaussian that smooths the mean of few spike trains


@dataclass(frozen=True)
class Ceiling:
    """How predictable a cell is.

    Attributes:
        trials: Trials that were repeated.
        repeats: Repeats of each.
        auc: AUC of one repeat's spikes, predicted by the others; it still grows with the number of repeats.
        width_ms: Of the Gaussian, the one that predicts best.
        variance_explained: Of one repeat's clipped voltage by the mean of endlessly many; 1 without noise.
    """

    trials: int
    repeats: int
    auc: float
    width_ms: int
    variance_explained: float


def estimate(spikes: np.ndarray, voltage_mv: np.ndarray) -> Ceiling:
    """Estimate the ceiling from 500 ms on.

    Args:
        spikes: 1 where the cell spiked, else 0, shape (trials, repeats, time).
        voltage_mv: Soma voltage, of the same shape.

    Raises:
        ValueError: If there are fewer than two repeats.
    """
    n_trials, n_repeats = spikes.shape[:2]
    if n_repeats < 2:
        raise ValueError(f"expected two repeats of a trial or more, found {n_repeats}: repeat it more often")
    spikes = spikes[..., metrics.WARM_UP_MS :].astype(float)
    clipped_mv = np.minimum(voltage_mv[..., metrics.WARM_UP_MS :], metrics.CLIP_MV).astype(float)
    others, others_mv = _mean_of_others(spikes), _mean_of_others(clipped_mv)
    aucs = {width_ms: _auc(spikes, _smooth(others, width_ms), others_mv) for width_ms in WIDTHS_MS}
    best_ms = max(aucs, key=lambda width_ms: np.nan_to_num(aucs[width_ms]))
    noise = clipped_mv.var(axis=1, ddof=1).mean()
    total = clipped_mv.var(axis=(0, 2)).mean()
    return Ceiling(n_trials, n_repeats, aucs[best_ms], best_ms, float(1 - noise / total))


def _mean_of_others(values: np.ndarray) -> np.ndarray:
    """For each repeat the mean over all others, shape (trials, repeats, time)."""
    return (values.sum(axis=1, keepdims=True) - values) / (values.shape[1] - 1)


def _smooth(values: np.ndarray, width_ms: int) -> np.ndarray:
    return gaussian_filter1d(values, width_ms, axis=-1, mode="constant") if width_ms else values


def _auc(spikes: np.ndarray, rate: np.ndarray, voltage_mv: np.ndarray) -> float:
    """Mean AUC over repeats; where the others never spike, their voltage tells milliseconds apart."""
    score = rate + 1e-9 * voltage_mv
    return float(np.mean([metrics.count_pairs(score[:, one], spikes[:, one]).auc() for one in range(spikes.shape[1])]))
