"""What no network can beat: how well a cell with unreliable synapses predicts itself from the same presynaptic spikes.

A trial is simulated again and again with the same spikes and other vesicles. The mean of the other repeats is the best
prediction of a repeat that the spikes allow, as far as so few repeats know it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

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


def write(ceiling: Ceiling, path: str | Path) -> None:
    """Write ceiling.json; an AUC that no spike defines is null."""
    values = {name: None if np.isnan(value) else value for name, value in asdict(ceiling).items()}
    Path(path).write_text(json.dumps(values, indent=1) + "\n")


def explain(ceiling: Mapping[str, float | None], criterion_auc: float) -> tuple[str, dict[str, float | None]]:
    """What a verdict says of a ceiling.

    Args:
        ceiling: As ceiling.json holds it.
        criterion_auc: That a network is asked for.

    Returns:
        A sentence, and the entries of the cell in verdict.json.
    """
    auc, variance = ceiling["auc"], ceiling["variance_explained"]
    left = f"unreliable synapses leave {variance:.0%} of the variance of the voltage to predict"
    if auc is None:
        sentence = f"Its {left}, and an AUC that is not known: no repeated trial holds a spike."
    else:
        may = " and may be out of reach of every network" if auc < criterion_auc else ""
        sentence = f"Its {left}, and an AUC of at least {auc:.4f}; the criterion is {criterion_auc:.6g}{may}."
    return sentence, {"ceiling_auc": auc, "ceiling_variance_explained": variance}


def _mean_of_others(values: np.ndarray) -> np.ndarray:
    """For each repeat the mean over all others, shape (trials, repeats, time)."""
    return (values.sum(axis=1, keepdims=True) - values) / (values.shape[1] - 1)


def _smooth(values: np.ndarray, width_ms: int) -> np.ndarray:
    return gaussian_filter1d(values, width_ms, axis=-1, mode="constant") if width_ms else values


def _auc(spikes: np.ndarray, rate: np.ndarray, voltage_mv: np.ndarray) -> float:
    """Mean AUC over repeats that spike; where the others never do, their voltage tells milliseconds apart."""
    score = rate + 1e-9 * voltage_mv
    spiking = np.flatnonzero(spikes.any(axis=(0, 2)))
    aucs = [metrics.count_pairs(score[:, one], spikes[:, one]).auc() for one in spiking]
    return float(np.mean(aucs)) if aucs else np.nan
