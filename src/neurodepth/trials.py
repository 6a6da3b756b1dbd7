"""Trials of one split in memory: what `dataset.read_split` gives and everything to its right reads."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from neurodepth.cells.trial import Events, spike_train


@dataclass(frozen=True)
class Trials:
    """Trials of one split, in memory.

    Attributes:
        n_synapses: Number of input synapses.
        n_excitatory: Number of excitatory ones, which come first.
        index: Number of each trial within its split, shape (trials,).
        events: Input of each trial.
        spike_time_ms: Output spikes of each trial, float64.
        soma_voltage_mv: float32, shape (trials, time).
        nexus_voltage_mv: float32, shape (trials, time), or None.
        dendrite_components_mv: float16, shape (trials, time, components), or None.
        dendrite_voltage_mv: float16, shape (trials, time, segments), or None.
        nmda_conductance_us: float32, shape (trials, time, segments), or None.
        nexus_calcium_mm: float32, shape (trials, time), or None.
    """

    n_synapses: int
    n_excitatory: int
    index: np.ndarray
    events: list[Events]
    spike_time_ms: list[np.ndarray]
    soma_voltage_mv: np.ndarray
    nexus_voltage_mv: np.ndarray | None = None
    dendrite_components_mv: np.ndarray | None = None
    dendrite_voltage_mv: np.ndarray | None = None
    nmda_conductance_us: np.ndarray | None = None
    nexus_calcium_mm: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.index)

    @property
    def duration_ms(self) -> int:
        """Length of a trial."""
        return self.soma_voltage_mv.shape[1]

    def spikes(self) -> np.ndarray:
        """1 in each millisecond in which the cell spiked, else 0; uint8, shape (trials, time)."""
        return np.stack([spike_train(times, self.duration_ms) for times in self.spike_time_ms])

    def first(self, n_trials: int) -> "Trials":
        """The first trials of this split.

        Raises:
            ValueError: If there are not as many.
        """
        if not 0 < n_trials <= len(self):
            raise ValueError(f"{n_trials} trials asked for, the dataset has {len(self)}")
        first: dict[str, Any] = {
            field.name: value[:n_trials]
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), np.ndarray | list)
        }
        return replace(self, **first)
