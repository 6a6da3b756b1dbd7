"""What an integration is asked to record, and what it gives."""

from dataclasses import dataclass
from typing import Any

import numpy as np

NMDA_CONDUCTANCE = "g_nmda"  # the synapse's variable, in uS


@dataclass(frozen=True)
class Wanted:
    """What to record at the start of every millisecond.

    Attributes:
        voltages: NEURON's segments whose voltage is kept.
        calcium: NEURON's segment whose calcium concentration is kept, or None.
        nmda: Whether to keep the NMDA conductance of every excitatory synapse.
    """

    voltages: list[Any]
    calcium: Any | None = None
    nmda: bool = False


@dataclass(frozen=True)
class Recording:
    """What an integration gives.

    Attributes:
        spike_time_ms: float64, shape (spikes,).
        voltage_mv: float32, shape (time, voltages).
        calcium_mm: float32, shape (time,), or None.
        nmda_conductance_us: float32, shape (time, synapses), or None.
    """

    spike_time_ms: np.ndarray
    voltage_mv: np.ndarray
    calcium_mm: np.ndarray | None
    nmda_conductance_us: np.ndarray | None
