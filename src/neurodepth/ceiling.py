"""What no network can beat: how well a cell with unreliable synapses predicts itself from the same presynaptic spikes.

A trial is simulated again and again with the same spikes and other vesicles. The mean of the other repeats is the best
prediction of a repeat that the spikes allow, as far as so few repeats know it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy import stats
from scipy.ndimage import gaussian_filter1d

from neurodepth import metrics

CONFIDENCE = 0.95
WIDTHS_MS = (0, 1, 2, 4, 8, 16)  # of the Gaussian that smooths the mean of few spike trains


@dataclass(frozen=True)
class Ceiling:
    """How predictable a cell is.

    Attributes:
        trials: Trials that were repeated.
        repeats: Repeats of each.
        auc: AUC of one repeat's spikes, predicted by the others; it still grows with the number of repeats.
        auc_low: Lower end of its 95 % interval over trials, by the jackknife and Student's t; NaN for one trial.
        auc_high: Upper end.
        width_ms: Of the Gaussian, the one that predicts best.
        variance_explained: Of one repeat's clipped voltage by the mean of endlessly many; 1 without noise.
        variance_explained_low: Lower end of its interval, like that of the AUC.
        variance_explained_high: Upper end.
    """

    trials: int
    repeats: int
    auc: float
    auc_low: float
    auc_high: float
    width_ms: int
    variance_explained: float
    variance_explained_low: float
    variance_explained_high: float


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
    weights = np.ones((1, n_trials))
    if n_trials > 1:
        weights = np.vstack([weights, 1 - np.eye(n_trials)])  # all trials, then all but one
    aucs = {width_ms: _auc(spikes, _smooth(others, width_ms), others_mv, weights) for width_ms in WIDTHS_MS}
    best_ms = max(aucs, key=lambda width_ms: np.nan_to_num(aucs[width_ms][0]))
    auc, variance = (_with_interval(values) for values in (aucs[best_ms], _explained(clipped_mv, weights)))
    return Ceiling(n_trials, n_repeats, *auc, best_ms, *variance)


def write(ceiling: Ceiling, path: str | Path) -> None:
    """Write ceiling.json; an AUC that no spike defines, and a variance that is none, is null."""
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
    share = "no" if variance is None else f"{variance:.0%}{_ends(ceiling, 'variance_explained', '.0%')} of the"
    left = f"unreliable synapses leave {share} variance of the voltage to predict"
    if auc is None:
        sentence = f"Its {left}, and an AUC that is not known: no repeated trial holds a spike."
    else:
        may = " and may be out of reach of every network" if auc < criterion_auc else ""
        at_least = f"{auc:.4f}{_ends(ceiling, 'auc', '.4f')}"
        sentence = f"Its {left}, and an AUC of at least {at_least}; the criterion is {criterion_auc:.6g}{may}."
    return sentence, {"ceiling_auc": auc, "ceiling_variance_explained": variance}


def _mean_of_others(values: np.ndarray) -> np.ndarray:
    """For each repeat the mean over all others, shape (trials, repeats, time)."""
    return (values.sum(axis=1, keepdims=True) - values) / (values.shape[1] - 1)


def _smooth(values: np.ndarray, width_ms: int) -> np.ndarray:
    return gaussian_filter1d(values, width_ms, axis=-1, mode="constant") if width_ms else values


def _auc(spikes: np.ndarray, rate: np.ndarray, voltage_mv: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean AUC over repeats that spike, for each weighting of the trials; where the others never do, their voltage tells milliseconds apart."""
    score = rate + 1e-9 * voltage_mv
    spiking = np.flatnonzero(spikes.any(axis=(0, 2)))
    if not spiking.size:
        return np.full(len(weights), np.nan)
    aucs = np.stack([metrics.count_pairs(score[:, one], spikes[:, one]).auc(weights) for one in spiking])
    known = ~np.isnan(aucs)  # without one trial a repeat may hold no spike
    return np.where(known.any(axis=0), np.where(known, aucs, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1), np.nan)


def _explained(voltage_mv: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Share of the variance that repeats have in common, for each weighting of the trials."""
    noise = weights @ voltage_mv.var(axis=1, ddof=1).mean(axis=-1)
    mean, square = (weights @ (voltage_mv**power).mean(axis=-1) for power in (1, 2))  # of each repeat
    n_trials = weights.sum(axis=1)
    total = square / n_trials[:, None] - (mean / n_trials[:, None]) ** 2
    total = total.mean(axis=-1)
    is_constant = total < metrics.ROUNDING * (square.mean(axis=-1) / n_trials)
    return np.where(is_constant, np.nan, 1 - noise / n_trials / np.where(is_constant, 1, total))


def _with_interval(values: np.ndarray) -> tuple[float, float, float]:
    """A value, and the ends of its interval by those without one of the trials each."""
    value, without_one = float(values[0]), values[1:]
    if (n_trials := len(without_one)) < 2:
        return value, np.nan, np.nan
    error = np.sqrt((n_trials - 1) * without_one.var())
    reach = stats.t.ppf((1 + CONFIDENCE) / 2, n_trials - 1) * error
    return value, float(value - reach), float(min(value + reach, 1))


def _ends(ceiling: Mapping[str, float | None], name: str, form: str) -> str:
    """` (0.8040 to 0.8290)`; nothing where there is no interval."""
    low, high = (ceiling.get(f"{name}_{end}") for end in ("low", "high"))
    return "" if low is None or high is None else f" ({low:{form}} to {high:{form}})"
