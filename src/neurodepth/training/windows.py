"""What a network is trained on: normalised targets and random windows of trials."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodepth import metrics
from neurodepth.networks.backend import keras
from neurodepth.networks.synapse_dropout import synapse_dropout
from neurodepth.trials import Trials

ENOUGH_TRIALS = 300  # half an hour of biology: more would hardly change a scale or a start


@dataclass(frozen=True)
class Budget:
    """How long and on what a network is trained.

    Attributes:
        updates: Optimiser steps at most.
        updates_per_epoch: Steps between two validations.
        patience_epochs: Epochs without a better validation loss after which training ends.
        batch_size: Windows a step.
        window_ms: Length of a window; its first receptive field is not scored.
        learning_rate: Of Adam after the warm-up, from where it decays to 0 as a cosine.
        warm_up: Fraction of the updates in which the learning rate rises from 0.
        start: `regression` starts the first layer from the synapses' mean effects, `random` from random weights.
        dendrite_weight: Of the loss of the dendritic regions, mean square of the normalised voltages.
        precision: `auto` takes bfloat16 where the processor computes with it, else float32.
    """

    updates: int
    updates_per_epoch: int
    patience_epochs: int
    batch_size: int
    window_ms: int
    learning_rate: float
    warm_up: float = 0.0
    start: str = "regression"
    dendrite_weight: float = 2.0
    precision: str = "auto"


@dataclass(frozen=True)
class Scaling:
    """Normalisation of the voltages, from training trials alone.

    Attributes:
        soma_mean_mv: Mean of the clipped soma voltage.
        soma_deviation_mv: Its standard deviation.
        region_deviation_mv: Standard deviation of each dendritic region; empty where there are none.
    """

    soma_mean_mv: float
    soma_deviation_mv: float
    region_deviation_mv: list[float]


class Windows(keras.utils.PyDataset):
    """Random windows of training trials; which ones, and which synapses are silent in each, depends on (seed, update) alone.

    Attributes:
        first_update: Update that the next epoch begins with.
    """

    def __init__(
        self,
        model: keras.Model,
        trials: Trials,
        scaling: Scaling,
        budget: Budget,
        seed: int,
    ):
        """Start at the first update.

        Args:
            model: What the windows are for: its inputs and outputs, and the fraction of synapses that it wants silent.
            trials: Training trials.
            scaling: Their normalisation.
            budget: How many windows, and how long.
            seed: Of all choices.
        """
        # Two workers make Keras feed from threads of its own. With one, TensorFlow's do, and every second epoch or so ran on a
        # single core (docs/training.md).
        super().__init__(workers=2, use_multiprocessing=False, max_queue_size=4)
        self.model, self.trials, self.scaling, self.budget, self.seed = model, trials, scaling, budget, seed
        self.synapse_dropout = synapse_dropout(model)
        self.first_update = 0
        self.spikes = trials.spikes()

    def __len__(self) -> int:
        return min(self.budget.updates_per_epoch, self.budget.updates - self.first_update)

    def __getitem__(self, position: int) -> tuple[Any, dict[str, np.ndarray]]:
        rng = np.random.default_rng([self.seed, self.first_update + position])
        window_ms, size = self.budget.window_ms, self.budget.batch_size
        chosen = rng.integers(len(self.trials), size=size)
        starts_ms = rng.integers(self.trials.duration_ms - window_ms + 1, size=size)
        heard = rng.random((size, self.trials.n_synapses)) >= self.synapse_dropout
        inputs = feed(self.model, self.trials, chosen, starts_ms, window_ms, heard)
        return inputs, self._targets((chosen[:, None], starts_ms[:, None] + np.arange(window_ms)))

    def _targets(self, where: tuple[np.ndarray, np.ndarray]) -> dict[str, np.ndarray]:
        """Normalised targets of every head, shape (trials, time, channels); those of the regions as components in mV.

        The loss turns the components: numpy's threads would wait busily for more after each product here.
        """
        soma_mv = np.minimum(self.trials.soma_voltage_mv[where], metrics.CLIP_MV)
        targets = {
            "spike_logit": self.spikes[where].astype(np.float32)[..., None],
            "soma_voltage": ((soma_mv - self.scaling.soma_mean_mv) / self.scaling.soma_deviation_mv)[..., None],
        }
        if "dendrite_regions" in self.model.output and self.trials.dendrite_components_mv is not None:
            targets["dendrite_regions"] = self.trials.dendrite_components_mv[where]
        return targets


def feed(
    model: keras.Model,
    trials: Trials,
    chosen: np.ndarray,
    starts_ms: np.ndarray,
    window_ms: int,
    heard: np.ndarray | None = None,
) -> Any:
    """What a model reads of windows of trials.

    Args:
        model: Its `input` says whether it reads the output spikes too.
        trials: Trials.
        chosen: Position of each window's trial, shape (windows,).
        starts_ms: Where each window starts, shape (windows,).
        window_ms: Length of all windows.
        heard: False where a synapse is silent in a window, shape (windows, synapses); None hears all.

    Returns:
        Input spikes, uint8, shape (windows, time, synapses); for a model of several inputs a mapping with `input_spikes`
        and `output_spikes`, uint8, shape (windows, time, 1).
    """
    inputs = np.zeros((len(chosen), window_ms, trials.n_synapses), np.uint8)
    for row, (trial, start_ms) in enumerate(zip(chosen, starts_ms, strict=True)):
        events = trials.events[trial]
        low, high = np.searchsorted(events.time_ms, [start_ms, start_ms + window_ms])
        synapse = events.synapse[low:high]
        inputs[row, events.time_ms[low:high] - start_ms, synapse] = 1 if heard is None else heard[row, synapse]
    if not isinstance(model.input, dict):
        return inputs
    spikes = np.zeros((len(chosen), window_ms, 1), np.uint8)
    for row, (trial, start_ms) in enumerate(zip(chosen, starts_ms, strict=True)):
        at_ms = trials.spike_time_ms[trial].astype(int) - start_ms
        spikes[row, at_ms[(at_ms >= 0) & (at_ms < window_ms)]] = 1
    return {"input_spikes": inputs, "output_spikes": spikes}


def fit_scaling(trials: Trials, rotation: np.ndarray | None = None) -> Scaling:
    """Mean and deviation of the voltages of training trials.

    Args:
        trials: Training trials; the first `ENOUGH_TRIALS` for the regions.
        rotation: From dendritic components to regions; None to leave the dendrite out.

    Raises:
        ValueError: If a voltage never changes.
    """
    soma_mv = np.minimum(trials.soma_voltage_mv, metrics.CLIP_MV)
    deviations = []
    if rotation is not None and trials.dendrite_components_mv is not None:
        # One trial at a time: all of them in float32 would double the memory.
        components_mv = trials.dendrite_components_mv[:ENOUGH_TRIALS]
        moments = [_moments(trial.astype(np.float32) @ rotation) for trial in components_mv]
        mean, square = np.mean(moments, axis=0)
        deviations = np.sqrt(square - mean**2).tolist()
    if not np.ptp(soma_mv):
        raise ValueError(
            f"the soma voltage of all {len(trials)} training trials is {soma_mv.flat[0]:g} mV, expected one that changes: "
            "check the cell's input with neurodepth check"
        )
    if still := sum(not deviation > 0 for deviation in deviations):
        raise ValueError(
            f"the voltage of {still} of {len(deviations)} dendritic regions never changes in the training trials: lower "
            "simulation.dendrite_components"
        )
    return Scaling(float(soma_mv.mean()), float(soma_mv.std()), deviations)


def _moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and mean square of each column."""
    return values.mean(axis=0), (values**2).mean(axis=0)
