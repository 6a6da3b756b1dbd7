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
    """Random windows of training trials; which ones depends on (seed, update) alone."""

    def __init__(self, trials: Trials, scaling: Scaling, budget: Budget, seed: int, epoch: int):
        """Draw the windows of one epoch."""
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=4)
        self.trials, self.scaling, self.budget, self.seed = trials, scaling, budget, seed
        self.first_update = epoch * budget.updates_per_epoch
        self.targets = normalised_targets(trials, scaling)

    def __len__(self) -> int:
        return min(self.budget.updates_per_epoch, self.budget.updates - self.first_update)

    def __getitem__(self, position: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        rng = np.random.default_rng([self.seed, self.first_update + position])
        window_ms = self.budget.window_ms
        chosen = rng.integers(len(self.trials), size=self.budget.batch_size)
        starts = rng.integers(self.trials.duration_ms - window_ms + 1, size=self.budget.batch_size)
        inputs = np.zeros((self.budget.batch_size, window_ms, self.trials.n_synapses), np.uint8)
        for row, (trial, start) in enumerate(zip(chosen, starts, strict=True)):
            events = self.trials.events[trial]
            low, high = np.searchsorted(events.time_ms, [start, start + window_ms])
            inputs[row, events.time_ms[low:high] - start, events.synapse[low:high]] = 1
        times = starts[:, None] + np.arange(window_ms)
        return inputs, {name: values[chosen[:, None], times] for name, values in self.targets.items()}


def fit_scaling(trials: Trials) -> Scaling:
    """Mean and deviation of the voltages of training trials."""
    soma_mv = np.minimum(trials.soma_voltage_mv, metrics.CLIP_MV)
    components = trials.dendrite_components_mv
    deviations = [] if components is None else components.astype(np.float32).std(axis=(0, 1)).tolist()
    return Scaling(float(soma_mv.mean()), float(soma_mv.std()), deviations)


def normalised_targets(trials: Trials, scaling: Scaling) -> dict[str, np.ndarray]:
    """Targets of every head, float32, shape (trials, time, channels)."""
    soma_mv = np.minimum(trials.soma_voltage_mv, metrics.CLIP_MV)
    targets = {
        "spike_logit": trials.spikes().astype(np.float32)[..., None],
        "soma_voltage": ((soma_mv - scaling.soma_mean_mv) / scaling.soma_deviation_mv)[..., None],
    }
    if trials.dendrite_components_mv is not None:
        deviation = np.array(scaling.component_deviation_mv, np.float32)
        targets["dendrite_components"] = trials.dendrite_components_mv / deviation
    return targets
