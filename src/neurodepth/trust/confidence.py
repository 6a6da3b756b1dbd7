"""How wrong a surrogate may be: networks trained apart disagree where they are wrong, and validation trials say how much.

The half-width of the interval around the mean prediction is calibrated by split conformal prediction (Lei et al. 2018,
J Am Stat Assoc 113:1094): on trials like the validation trials it holds the truth with the stated confidence, whatever
the networks are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurodepth import metrics, surrogate
from neurodepth.surrogate import Predictions
from neurodepth.trials import Trials

CONFIDENCE = 0.9
SMALLEST_SHARE = 0.01  # of the mean square error that is expected where all networks agree


@dataclass(frozen=True)
class Ensemble:
    """What several networks predict.

    Attributes:
        spike_probability: Mean over networks, shape (trials, time).
        soma_voltage_mv: Mean over networks, shape (trials, time).
        spread_mv: Standard deviation of their voltages, 0 for a single network, shape (trials, time).
    """

    spike_probability: np.ndarray
    soma_voltage_mv: np.ndarray
    spread_mv: np.ndarray


@dataclass(frozen=True)
class ErrorModel:
    """Half-width of the interval around a predicted voltage: `factor` times the expected error.

    Attributes:
        floor_mv: Expected error, root mean square, where the networks agree.
        gain: By how much it rises with their spread; its square is floor_mv ** 2 + (gain * spread_mv) ** 2.
        factor: From the expected error to the interval.
        confidence: With which it holds the truth.
    """

    floor_mv: float
    gain: float
    factor: float
    confidence: float

    def half_width_mv(self, spread_mv: np.ndarray) -> np.ndarray:
        """Of the interval, from the networks' spread, any shape."""
        return self.factor * np.hypot(self.gain * spread_mv, self.floor_mv)


def combine(found: Sequence[Predictions]) -> Ensemble:
    """Mean and spread of what several networks predict of the same trials."""
    voltage_mv = np.stack([one.soma_voltage_mv for one in found])
    probability = np.mean([one.spike_probability for one in found], axis=0)
    return Ensemble(probability, voltage_mv.mean(axis=0), voltage_mv.std(axis=0))


def predict(model_paths: Sequence[str | Path], trials: Trials) -> Ensemble:
    """Let networks trained apart predict the same trials."""
    return combine([surrogate.predict(path, trials) for path in model_paths])


def calibrate(predicted: Sequence[Ensemble], validation: Trials) -> ErrorModel:
    """Fit the interval to validation trials, which trained no weight.

    Args:
        predicted: Of these trials by one ensemble; by several, such as each seed alone, for an interval that fits any.
        validation: The trials.
    """
    errors = np.concatenate([errors_mv(one, validation)[:, metrics.WARM_UP_MS :] for one in predicted])
    spreads = np.concatenate([one.spread_mv[:, metrics.WARM_UP_MS :] for one in predicted])
    square, by = errors.ravel().astype(float) ** 2, spreads.ravel().astype(float) ** 2
    slope = max(0.0, float(np.cov(by, square)[0, 1] / by.var())) if by.any() else 0.0
    floor = max(float(square.mean() - slope * by.mean()), SMALLEST_SHARE * float(square.mean()))
    expected_mv = np.sqrt(floor + slope * by)
    factor = float(np.quantile(np.sqrt(square) / expected_mv, CONFIDENCE))
    return ErrorModel(float(np.sqrt(floor)), float(np.sqrt(slope)), factor, CONFIDENCE)


def coverage(model: ErrorModel, predicted: Ensemble, trials: Trials) -> float:
    """Share of milliseconds, from 500 ms on, whose voltage lies in the interval."""
    inside = np.abs(errors_mv(predicted, trials)) <= model.half_width_mv(predicted.spread_mv)
    return float(inside[:, metrics.WARM_UP_MS :].mean())


def errors_mv(predicted: Ensemble, trials: Trials) -> np.ndarray:
    """Predicted less true voltage, clipped as networks learn it, shape (trials, time)."""
    return predicted.soma_voltage_mv - np.minimum(trials.soma_voltage_mv, metrics.CLIP_MV)
