"""Models of one compartment: leaky integrate and fire, Izhikevich's, and the adaptive exponential one.

The first is solved exactly. The other two are integrated with the classical Runge-Kutta method in steps that shrink where the voltage runs
away into a spike; tests/unit/test_point_models.py holds them against SciPy's eighth-order method.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import signal

from neurodepth.validation import InvalidFileError

LARGEST_STEP_MS = 0.25
LARGEST_CHANGE_MV = 0.5  # of the voltage in a step


class LeakyIntegrateAndFire:
    """The point neuron of Beniaguev et al. 2021, Figure 1: the voltage decays to the value that a spike resets it to."""

    def __init__(self, neuron: dict[str, Any]):
        """Take the parameters from a definition's `neuron`."""
        _check_reset(neuron["reset_mv"], neuron["threshold_mv"], "threshold_mv")
        self._reset_mv, self._above_mv = neuron["reset_mv"], neuron["threshold_mv"] - neuron["reset_mv"]
        self._decay = np.exp(-1 / neuron["membrane_time_constant_ms"])

    def run(self, drive_mv: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Run one trial in steps of 1 ms, which are exact for this model.

        The voltage follows the filtered input; at each threshold crossing the excess over the reset value is taken
        away together with its decaying tail, which is the reset of an integrate-and-fire neuron written in vectors.

        Args:
            drive_mv: What input adds to the voltage at the start of each millisecond, shape (time,).

        Returns:
            Times of spikes in ms, float64, shape (spikes,); voltage in mV just after the input, shape (time,).
        """
        above_reset_mv = signal.lfilter([1.0], [1.0, -self._decay], drive_mv)
        tail = self._decay ** np.arange(len(drive_mv))
        spike_time_ms: list[float] = []
        time = 0
        while (crossed := np.flatnonzero(above_reset_mv[time:] > self._above_mv)).size:
            time += int(crossed[0])
            spike_time_ms.append(float(time))
            time += 1
            if time < len(drive_mv):
                above_reset_mv[time:] -= above_reset_mv[time - 1] * tail[1 : len(drive_mv) - time + 1]
        return np.array(spike_time_ms), self._reset_mv + above_reset_mv


class Adaptive(ABC):
    """A voltage that runs away into a spike, and a second variable, the adaptation, that holds it back.

    Attributes:
        start: Voltage in mV and adaptation at the start of a trial.
        peak_mv: Where a spike is counted and the voltage reset.
        reset_mv: Where to.
        jump: What a spike adds to the adaptation.
    """

    start: tuple[float, float]
    peak_mv: float
    reset_mv: float
    jump: float

    @abstractmethod
    def slopes(self, voltage_mv: float, adaptation: float) -> tuple[float, float]:
        """Changes of both variables in a millisecond."""

    def run(self, drive_mv: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Run one trial.

        Args:
            drive_mv: What input adds to the voltage at the start of each millisecond, shape (time,).

        Returns:
            Times of spikes in ms, float64, shape (spikes,); voltage in mV just before the input, shape (time,).
        """
        (voltage, adaptation), step_ms, risen, adapted = self.start, 0.0, 0.0, 0.0
        spike_time_ms, voltage_mv = [], np.empty(len(drive_mv))
        for time, added in enumerate(drive_mv.tolist()):
            voltage_mv[time] = voltage
            voltage += added
            left_ms, is_input = 1.0, True
            while left_ms or voltage >= self.peak_mv:
                if voltage >= self.peak_mv:
                    beyond = 0.0 if is_input else (voltage - self.peak_mv) / risen  # part of the step after the peak
                    left_ms += beyond * step_ms
                    spike_time_ms.append(time + 1 - left_ms)
                    voltage, adaptation = self.reset_mv, adaptation - beyond * adapted + self.jump
                risen, adapted, step_ms = self._step(voltage, adaptation, left_ms)
                voltage, adaptation = voltage + risen, adaptation + adapted
                left_ms, is_input = left_ms - step_ms, False
        return np.array(spike_time_ms), voltage_mv

    def _step(self, voltage: float, adaptation: float, left_ms: float) -> tuple[float, float, float]:
        """Changes of both variables over the next step, and its length."""
        rise, change = self.slopes(voltage, adaptation)
        step_ms = min(left_ms, LARGEST_STEP_MS, LARGEST_CHANGE_MV / max(abs(rise), LARGEST_CHANGE_MV))
        half_ms = step_ms / 2
        rise_2, change_2 = self.slopes(voltage + half_ms * rise, adaptation + half_ms * change)
        rise_3, change_3 = self.slopes(voltage + half_ms * rise_2, adaptation + half_ms * change_2)
        rise_4, change_4 = self.slopes(voltage + step_ms * rise_3, adaptation + step_ms * change_3)
        risen = step_ms / 6 * (rise + 2 * rise_2 + 2 * rise_3 + rise_4)
        return risen, step_ms / 6 * (change + 2 * change_2 + 2 * change_3 + change_4), step_ms


class Izhikevich(Adaptive):
    """The simple model of Izhikevich 2003 (IEEE Trans Neural Netw 14:1569), with the adaptation u in mV/ms."""

    def __init__(self, neuron: dict[str, Any]):
        """Take the parameters from a definition's `neuron`."""
        self.peak_mv = 30.0  # Izhikevich 2003
        self.reset_mv, self.jump = neuron["c_mv"], neuron["d_mv_per_ms"]
        _check_reset(self.reset_mv, self.peak_mv, "the peak of a spike")
        self._a, self._b, self._current = neuron["a_per_ms"], neuron["b_per_ms"], neuron["current_mv_per_ms"]
        self.start = -65.0, self._b * -65.0  # Izhikevich 2003, his program

    def slopes(self, voltage_mv: float, adaptation: float) -> tuple[float, float]:
        """Changes of both variables in a millisecond."""
        rise = (0.04 * voltage_mv + 5) * voltage_mv + 140 - adaptation + self._current
        return rise, self._a * (self._b * voltage_mv - adaptation)


class AdaptiveExponential(Adaptive):
    """The model of Brette & Gerstner 2005 (J Neurophysiol 94:3637), with the adaptation w in pA."""

    def __init__(self, neuron: dict[str, Any]):
        """Take the parameters from a definition's `neuron`."""
        self.peak_mv, self.reset_mv, self.jump = neuron["peak_mv"], neuron["reset_mv"], neuron["adaptation_jump_pa"]
        _check_reset(self.reset_mv, self.peak_mv, "peak_mv")
        self.start = neuron["leak_reversal_mv"], 0.0
        self._capacitance_pf, self._leak_ns = neuron["capacitance_pf"], neuron["leak_conductance_ns"]
        self._reversal_mv, self._current_pa = neuron["leak_reversal_mv"], neuron["current_pa"]
        self._threshold_mv, self._slope_mv = neuron["threshold_mv"], neuron["slope_mv"]
        self._coupling_ns, self._tau_ms = neuron["adaptation_conductance_ns"], neuron["adaptation_time_constant_ms"]

    def slopes(self, voltage_mv: float, adaptation: float) -> tuple[float, float]:
        """Changes of both variables in a millisecond."""
        above_rest_mv = voltage_mv - self._reversal_mv
        upswing_mv = self._slope_mv * math.exp((voltage_mv - self._threshold_mv) / self._slope_mv)
        current_pa = self._leak_ns * (upswing_mv - above_rest_mv) - adaptation + self._current_pa
        return current_pa / self._capacitance_pf, (self._coupling_ns * above_rest_mv - adaptation) / self._tau_ms


MODELS: dict[str, Callable[[dict[str, Any]], LeakyIntegrateAndFire | Adaptive]] = {
    "leaky_integrate_and_fire": LeakyIntegrateAndFire,
    "izhikevich": Izhikevich,
    "adaptive_exponential": AdaptiveExponential,
}


def _check_reset(reset_mv: float, limit_mv: float, limit: str) -> None:
    if reset_mv >= limit_mv:
        raise InvalidFileError(
            f"neuron: expected a reset below {limit}, {limit_mv:g} mV, found {reset_mv:g} mV: lower the reset"
        )
