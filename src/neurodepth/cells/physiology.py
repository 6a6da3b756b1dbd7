"""Textbook experiments on a compartmental cell without synaptic input: current in, voltage out.

Each function puts electrodes into a `CompartmentalCell`, simulates it alone and takes them out again. The cell keeps
its own temperature. No other cell may be in memory: NEURON simulates all there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from neurodepth.cells import stepped
from neurodepth.cells.compartmental import CompartmentalCell, h
from neurodepth.cells.trial import steps_per_ms

STEP_MS = 0.05  # second order; as exact as 0.025 at first order (Hay 2011's cell under random input, 71 spikes)
SETTLE_MS = 400.0  # from the initial voltage to rest; the slowest time constant, the calcium pool's, is 295 ms
# Hay et al. 2011 give 1.9 nA for 5 ms. With the calcium density of Shai et al. 2015, 1.6 times theirs, that pulse alone
# evokes two spikes and a calcium spike in the published cell; 3.5 nA for 2 ms evokes one spike and no more.
PULSE_NA, PULSE_MS = 3.5, 2.0
EPSC_PEAK_NA, EPSC_RISE_MS, EPSC_DECAY_MS = 0.5, 0.5, 5.0  # Hay et al. 2011
EPSC_DISTANCE_UM = 620.0  # on the apical trunk, Hay et al. 2011
EPSC_DELAY_MS = 5.0  # after the start of the somatic pulse, Hay et al. 2011


@dataclass(frozen=True)
class Current:
    """A current into one segment: a step, or with `decay_ms` a double exponential with this peak.

    Attributes:
        segment: NEURON segment.
        start_ms: Onset after the cell has settled.
        amplitude_na: Step or peak, positive inwards.
        duration_ms: Length of the step.
        rise_ms: Time constant of the rise.
        decay_ms: Time constant of the decay; None makes a step.
    """

    segment: Any
    start_ms: float
    amplitude_na: float
    duration_ms: float = 0.0
    rise_ms: float = 0.0
    decay_ms: float | None = None


@dataclass(frozen=True)
class BacFiring:
    """Response to a somatic pulse, to a tuft current and to the pair.

    Attributes:
        traces: Columns protocol (pulse, epsc, pair), time_ms from the start of the pulse, soma_mv, dendrite_mv.
        summary: One row a protocol: n_spikes, dendrite_peak_mv, plateau_ms (dendrite above -40 mV).
        dendrite_distance_um: Path distance of the dendritic electrode.
    """

    traces: pd.DataFrame
    summary: pd.DataFrame
    dendrite_distance_um: float


def resting_potential_mv(cell: CompartmentalCell) -> float:
    """Voltage of the soma that nothing drives."""
    return float(_soma_voltage_mv(cell, [], 400)[-1])


def input_resistance_mohm(cell: CompartmentalCell, step_na: float = -0.05, duration_ms: float = 400) -> float:
    """Steady change of the soma's voltage over the current, with all channels in place."""
    voltage_mv = _soma_voltage_mv(cell, [Current(cell.soma(0.5), 0, step_na, duration_ms)], duration_ms)
    return float((voltage_mv[-1] - voltage_mv[0]) / step_na)


def rheobase_na(
    cell: CompartmentalCell, duration_ms: float = 400, largest_na: float = 2.0, tolerance_na: float = 0.01
) -> float:
    """Smallest step into the soma that evokes a spike, by bisection.

    Raises:
        ValueError: If the largest step evokes none.
    """
    low_na, high_na = 0.0, largest_na
    if not _n_spikes(cell, largest_na, duration_ms):
        raise ValueError(f"{cell.definition.name}: no spike at {largest_na} nA for {duration_ms} ms; raise largest_na")
    while high_na - low_na > tolerance_na:
        middle_na = (low_na + high_na) / 2
        if _n_spikes(cell, middle_na, duration_ms):
            high_na = middle_na
        else:
            low_na = middle_na
    return high_na


def firing_rates_hz(cell: CompartmentalCell, currents_na: Sequence[float], duration_ms: float = 1000) -> np.ndarray:
    """Spikes per second during steps into the soma, shape (currents,)."""
    return np.array([_n_spikes(cell, current_na, duration_ms) for current_na in currents_na]) * 1000 / duration_ms


def back_propagation(cell: CompartmentalCell) -> pd.DataFrame:
    """Peak of a somatic spike along the way to the tuft.

    Returns:
        One row a segment from the soma through the nexus to the thickest tip: path_distance_um, peak_mv, amplitude_mv
        (peak over rest).
    """
    segments = main_path(cell)
    pulse = Current(cell.soma(0.5), 0, PULSE_NA, PULSE_MS)
    _, voltages_mv = _simulate(cell, [pulse], 60, segments)
    return pd.DataFrame(
        {
            "path_distance_um": [h.distance(cell.soma(0.5), segment) for segment in segments],
            "peak_mv": voltages_mv.max(axis=1),
            "amplitude_mv": voltages_mv.max(axis=1) - voltages_mv[:, 0],
        }
    )


def bac_firing(cell: CompartmentalCell, pulse_na: float = PULSE_NA, epsc_peak_na: float = EPSC_PEAK_NA) -> BacFiring:
    """Back-propagation activated calcium spike: pair a somatic spike with a current into the upper trunk."""
    site = min(main_path(cell), key=lambda segment: abs(h.distance(cell.soma(0.5), segment) - EPSC_DISTANCE_UM))
    pulse = Current(cell.soma(0.5), 0, pulse_na, PULSE_MS)
    epsc = Current(site, EPSC_DELAY_MS, epsc_peak_na, rise_ms=EPSC_RISE_MS, decay_ms=EPSC_DECAY_MS)
    traces, rows = [], []
    for protocol, currents in {"pulse": [pulse], "epsc": [epsc], "pair": [pulse, epsc]}.items():
        time_ms, (soma_mv, dendrite_mv) = _simulate(cell, currents, 150, [cell.soma(0.5), site])
        traces.append(
            pd.DataFrame({"protocol": protocol, "time_ms": time_ms, "soma_mv": soma_mv, "dendrite_mv": dendrite_mv})
        )
        rows.append((protocol, _count(cell, soma_mv), dendrite_mv.max(), float(np.sum(dendrite_mv > -40) * STEP_MS)))
    summary = pd.DataFrame(rows, columns=["protocol", "n_spikes", "dendrite_peak_mv", "plateau_ms"])
    return BacFiring(pd.concat(traces, ignore_index=True), summary, float(h.distance(cell.soma(0.5), site)))


def main_path(cell: CompartmentalCell) -> list[Any]:
    """Segments from the soma up the trunk, through the nexus, and on along the thickest daughters to a tip."""
    sections, apical = [cell.nexus.sec], set(cell.parts["apical"])
    while (parent := sections[0].parentseg()) is not None and parent.sec != cell.soma:
        sections.insert(0, parent.sec)
    while children := [one for one in sections[-1].children() if one in apical]:  # no spines
        sections.append(max(children, key=lambda section: section(0.5).diam))
    return [cell.soma(0.5), *(segment for section in sections for segment in section)]


def _n_spikes(cell: CompartmentalCell, current_na: float, duration_ms: float) -> int:
    step = Current(cell.soma(0.5), 0, current_na, duration_ms)
    return _count(cell, _soma_voltage_mv(cell, [step], duration_ms))


def _count(cell: CompartmentalCell, voltage_mv: np.ndarray) -> int:
    above = voltage_mv > cell.definition.values["spike_threshold_mv"]
    return int(np.sum(above[1:] & ~above[:-1]))


def _soma_voltage_mv(cell: CompartmentalCell, currents: list[Current], duration_ms: float) -> np.ndarray:
    return _simulate(cell, currents, duration_ms, [cell.soma(0.5)])[1][0]


def _simulate(
    cell: CompartmentalCell, currents: list[Current], duration_ms: float, recorded: list[Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Time in ms after settling, shape (time,), and voltage in mV, shape (recorded, time)."""
    h.celsius = cell.definition.values["temperature_celsius"]
    h.cvode_active(0)
    h.dt, h.steps_per_ms, h.secondorder = STEP_MS, steps_per_ms(STEP_MS), 2
    electrodes = [_electrode(current, duration_ms) for current in currents]
    vectors = [h.Vector().record(segment._ref_v) for segment in recorded]
    h.finitialize(cell.definition.values["initial_voltage_mv"])
    h.ParallelContext().set_maxstep(10)
    stepped.solve(SETTLE_MS + duration_ms, cell.simulator == "coreneuron")
    first = round(SETTLE_MS / STEP_MS)
    voltages_mv = np.stack([vector.as_numpy()[first:].copy() for vector in vectors])
    electrodes.clear()
    return np.arange(voltages_mv.shape[1]) * STEP_MS, voltages_mv


def _electrode(current: Current, duration_ms: float) -> tuple[Any, ...]:
    clamp = h.IClamp(current.segment)
    clamp.delay = SETTLE_MS + current.start_ms
    if current.decay_ms is None:
        clamp.dur, clamp.amp = current.duration_ms, current.amplitude_na
        return (clamp,)
    time_ms = np.arange(0, duration_ms, STEP_MS)
    shape = np.exp(-time_ms / current.decay_ms) - np.exp(-time_ms / current.rise_ms)
    clamp.dur = 1e9
    played = h.Vector(np.concatenate([[0.0], current.amplitude_na * shape / shape.max()]))
    times = h.Vector(np.concatenate([[0.0], clamp.delay + time_ms]))
    played.play(clamp, clamp._ref_amp, times, True)
    return clamp, played, times
