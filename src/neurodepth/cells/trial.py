"""What goes into a trial and what comes out of it, the same for every kind of cell."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Events:
    """Presynaptic spikes of one trial, sorted by time.

    Attributes:
        time_ms: Whole milliseconds, uint16, shape (events,).
        synapse: Row in the cell's table of synapses, uint16, shape (events,).
    """

    time_ms: np.ndarray
    synapse: np.ndarray


@dataclass(frozen=True)
class Trial:
    """One simulated trial; voltages are sampled at the start of every millisecond.

    Attributes:
        events: The input.
        spike_time_ms: Exact times of output spikes, float64, shape (spikes,).
        soma_voltage_mv: float32, shape (time,).
        nexus_voltage_mv: Voltage where the tuft begins, float32, shape (time,); None for a point neuron.
        dendrite_components_mv: Dendritic voltages along given components, float32, shape (time, components), or None.
        dendrite_voltage_mv: Voltage of every dendritic segment, float16 or float32, shape (time, segments), or None.
        nmda_conductance_us: NMDA conductance of every dendritic segment, float32, shape (time, segments), or None.
        nexus_calcium_mm: Calcium inside the nexus, float32, shape (time,), or None.
    """

    events: Events
    spike_time_ms: np.ndarray
    soma_voltage_mv: np.ndarray
    nexus_voltage_mv: np.ndarray | None = None
    dendrite_components_mv: np.ndarray | None = None
    dendrite_voltage_mv: np.ndarray | None = None
    nmda_conductance_us: np.ndarray | None = None
    nexus_calcium_mm: np.ndarray | None = None


def steps_per_ms(step_ms: float) -> int:
    """How many steps of integration a millisecond has.

    Raises:
        ValueError: If that is no whole number.
    """
    steps = round(1 / step_ms)
    if not math.isclose(steps * step_ms, 1, rel_tol=1e-5):
        raise ValueError(f"step_ms is {step_ms}: a whole number of steps must fit into 1 ms (1/16, 1/20, 1/40, ...)")
    return steps


def spike_train(spike_time_ms: np.ndarray, duration_ms: int) -> np.ndarray:
    """1 in each millisecond in which the cell spiked, else 0; uint8, shape (time,)."""
    train = np.zeros(duration_ms, np.uint8)
    # A spike in the very last step of a trial can be stamped with the trial's end.
    train[np.minimum(spike_time_ms.astype(int), duration_ms - 1)] = 1
    return train


@dataclass(frozen=True)
class VoltageBasis:
    """Principal components of a cell's dendritic voltages.

    Attributes:
        mean_mv: Mean voltage of each segment, shape (segments,).
        components: Orthonormal rows, shape (components, segments).
        explained: Fraction of the variance that each explains, shape (components,).
    """

    mean_mv: np.ndarray
    components: np.ndarray
    explained: np.ndarray

    def project(self, voltage_mv: np.ndarray) -> np.ndarray:
        """Voltages along the components, float32, shape (time, components), from voltages of shape (time, segments)."""
        return ((voltage_mv - self.mean_mv) @ self.components.T).astype(np.float32)
