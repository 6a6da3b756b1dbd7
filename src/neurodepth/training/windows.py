"""What a network is trained on: normalised targets and random windows of trials."""

from dataclasses import dataclass

import numpy as np

from neurodepth import metrics
from neurodepth.dataset import Trials
from neurodepth.networks.backend import keras


@dataclass(frozen=True)
class Budget:
    """How long and on what a network is trained.

    Attributes:
        updates: Optimiser steps at most.
        updates_per_epoch: Steps between two validations.
        patience_epochs: Epochs without a better validation loss after which training ends.
        batch_size: Windows a step.
        window_ms: Length of a window; its first receptive field is not scored.
        learning_rate: Of Adam, at the start of a cosine decay to 0.
        precision: `auto` takes bfloat16 where the processor computes with it, else float32.
    """

    updates: int
    updates_per_epoch: int
    patience_epochs: int
    batch_size: int
    window_ms: int
    learning_rate: float
    precision: str = "auto"


@dataclass(frozen=True)
class Scaling:
    """Normalisation of the voltages, from training trials alone.

    Attributes:
        soma_mean_mv: Mean of the clipped soma voltage.
        soma_deviation_mv: Its standard deviation.
        component_deviation_mv: Standard deviation of each dendritic component.
    """

    soma_mean_mv: float
    soma_deviation_mv: float
    component_deviation_mv: list[float]


class Windows(keras.utils.PyDataset):
    """Random windows of training trials; which ones, and which synapses are silent in each, depends on (seed, update) alone.

    Attributes:
        first_update: Update that the next epoch begins with.
    """

    def __init__(self, trials: Trials, scaling: Scaling, budget: Budget, seed: int, synapse_dropout: float = 0.0):
        """Start at the first update; a fraction `synapse_dropout` of the synapses is silent in each window."""
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=4)
        self.trials, self.scaling, self.budget, self.seed = trials, scaling, budget, seed
        self.synapse_dropout = synapse_dropout
        self.first_update = 0
        self.spikes = trials.spikes()

    def __len__(self) -> int:
        return min(self.budget.updates_per_epoch, self.budget.updates - self.first_update)

    def __getitem__(self, position: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        rng = np.random.default_rng([self.seed, self.first_update + position])
        window_ms = self.budget.window_ms
        chosen = rng.integers(len(self.trials), size=self.budget.batch_size)
        starts = rng.integers(self.trials.duration_ms - window_ms + 1, size=self.budget.batch_size)
        heard = rng.random((self.budget.batch_size, self.trials.n_synapses)) >= self.synapse_dropout
        inputs = np.zeros((self.budget.batch_size, window_ms, self.trials.n_synapses), np.uint8)
        for row, (trial, start) in enumerate(zip(chosen, starts, strict=True)):
            events = self.trials.events[trial]
            low, high = np.searchsorted(events.time_ms, [start, start + window_ms])
            inputs[row, events.time_ms[low:high] - start, events.synapse[low:high]] = heard[
                row, events.synapse[low:high]
            ]
        return inputs, self._targets((chosen[:, None], starts[:, None] + np.arange(window_ms)))

    def _targets(self, where: tuple[np.ndarray, np.ndarray]) -> dict[str, np.ndarray]:
        """Normalised targets of every head, float32, shape (trials, time, channels)."""
        soma_mv = np.minimum(self.trials.soma_voltage_mv[where], metrics.CLIP_MV)
        targets = {
            "spike_logit": self.spikes[where].astype(np.float32)[..., None],
            "soma_voltage": ((soma_mv - self.scaling.soma_mean_mv) / self.scaling.soma_deviation_mv)[..., None],
        }
        if self.trials.dendrite_components_mv is not None:
            deviation = np.array(self.scaling.component_deviation_mv, np.float32)
            targets["dendrite_components"] = self.trials.dendrite_components_mv[where] / deviation
        return targets


def fit_scaling(trials: Trials) -> Scaling:
    """Mean and deviation of the voltages of training trials."""
    soma_mv = np.minimum(trials.soma_voltage_mv, metrics.CLIP_MV)
    components = trials.dendrite_components_mv
    deviations = []
    if components is not None:  # one at a time: all of them in float32 would double the memory
        deviations = [float(components[:, :, k].astype(np.float32).std()) for k in range(components.shape[2])]
    return Scaling(float(soma_mv.mean()), float(soma_mv.std()), deviations)
