"""Training of one network on simulated trials: seeded, resumable, stopped by validation trials."""

import json
import logging
import os
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read when TensorFlow is imported: errors only
import keras  # noqa: E402
import numpy as np
import pandas as pd
from tqdm import tqdm

from neurodepth import metrics, networks
from neurodepth.dataset import Trials
from neurodepth.networks import tcn

log = logging.getLogger(__name__)
LOSS_WEIGHTS = {"spike_logit": 20.0, "soma_voltage": 0.5, "dendrite_components": 2.0}  # shared/benchmarks.md


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


def train(
    trials: Trials,
    validation: Trials,
    architecture: dict[str, Any],
    depth: int,
    seed: int,
    budget: Budget,
    checkpoint_path: str | Path,
    label: str = "training",
) -> tuple[keras.Model, Scaling, pd.DataFrame]:
    """Train a network, going on from a checkpoint where an interrupted training left one.

    Args:
        trials: Training trials.
        validation: Trials that decide when to stop and which weights are kept.
        architecture: What `networks.read` returns.
        depth: Number of layers.
        seed: Of weights, dropout and windows.
        budget: How long.
        checkpoint_path: Folder for the state after each epoch; `discard_checkpoint` removes it.
        label: For the progress bar.

    Returns:
        The model with the weights of the best epoch, its scaling, and the history: one row an epoch.

    Raises:
        ValueError: If the window does not exceed the receptive field or does not fit the trials.
        FloatingPointError: If the loss is not finite.
    """
    receptive_field_ms = architecture["receptive_field_ms"]
    if not receptive_field_ms < budget.window_ms <= trials.duration_ms:
        raise ValueError(
            f"training.window_ms is {budget.window_ms}: expected more than the receptive field "
            f"({receptive_field_ms} ms) and at most a trial ({trials.duration_ms} ms)"
        )
    checkpoint = Path(checkpoint_path)
    scaling = fit_scaling(trials)
    precision = resolve_precision(budget.precision)
    model = tcn.build(
        architecture,
        depth,
        trials.n_synapses,
        len(scaling.component_deviation_mv),
        # Half a spike keeps the logarithm finite where no trial has one.
        (trials.spikes().sum() + 0.5) / (len(trials) * trials.duration_ms + 1),
        seed,
        precision,
    )
    schedule = keras.optimizers.schedules.CosineDecay(budget.learning_rate, budget.updates)
    weights = {name: LOSS_WEIGHTS[name] for name in model.output}
    losses = {name: _scored_loss(name, receptive_field_ms) for name in weights}
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=architecture["weight_decay"])
    model.compile(optimizer, loss=losses, loss_weights=weights)
    history = _restore(model, checkpoint)
    n_epochs = -(-budget.updates // budget.updates_per_epoch)
    with tqdm(total=n_epochs, initial=len(history), unit="epoch", desc=label, mininterval=10) as bar:
        while len(history) < n_epochs and _epochs_since_best(history) < budget.patience_epochs:
            row = _train_epoch(model, Windows(trials, scaling, budget, seed, len(history)), validation)
            if not np.isfinite(row["training_loss"]):
                raise FloatingPointError(f"training loss is {row['training_loss']} in epoch {row['epoch']}: lower learning_rate")
            history.append(row)
            _save(model, history, checkpoint)
            bar.set_postfix({"validation AUC": f"{row['validation_auc']:.4f}"}, refresh=False)
            bar.update()
            log.info("%s: %s", label, row)
    model.load_weights(checkpoint / "best.weights.h5")
    without_optimizer = keras.Model(model.input, model.output, name=model.name)
    return without_optimizer, scaling, pd.DataFrame(history)


def use_threads(n_threads: int) -> None:
    """Limit the cores that this process computes on; call it before anything else of this module."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(n_threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(n_threads)


def discard_checkpoint(checkpoint_path: str | Path) -> None:
    """Remove the state of a training whose result is safely written."""
    shutil.rmtree(checkpoint_path, ignore_errors=True)


def predict(model: keras.Model, trials: Trials, scaling: Scaling) -> tuple[np.ndarray, np.ndarray]:
    """Predict whole trials, one at a time.

    Returns:
        The spike logit and the soma voltage in mV, float32, each of shape (trials, time).
    """
    logits, voltages = [], []
    for events in trials.events:
        inputs = np.zeros((1, trials.duration_ms, trials.n_synapses), np.uint8)
        inputs[0, events.time_ms, events.synapse] = 1
        outputs = model.predict_on_batch(inputs)
        logits.append(np.asarray(outputs["spike_logit"])[0, :, 0])
        voltages.append(np.asarray(outputs["soma_voltage"])[0, :, 0])
    return np.stack(logits), np.stack(voltages) * scaling.soma_deviation_mv + scaling.soma_mean_mv


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


def resolve_precision(precision: str) -> str:
    """`auto` becomes bfloat16 where the processor has instructions for it, else float32."""
    if precision != "auto":
        return precision
    cpuinfo = Path("/proc/cpuinfo")
    flags = cpuinfo.read_text() if cpuinfo.is_file() else ""
    return "bfloat16" if "avx512_bf16" in flags or "amx_bf16" in flags else "float32"


def save(model: keras.Model, scaling: Scaling, description: dict[str, Any], path: str | Path) -> None:
    """Write a trained network as a Keras file, with its scaling and description beside it as JSON."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"incomplete-{path.name}")
    model.save(temporary)
    path.with_suffix(".json").write_text(json.dumps(description | {"scaling": asdict(scaling)}, indent=1))
    os.replace(temporary, path)


def load(path: str | Path) -> tuple[keras.Model, Scaling]:
    """Read what `save` wrote; the model predicts but does not train on."""
    description = json.loads(Path(path).with_suffix(".json").read_text())
    return keras.saving.load_model(path, compile=False), Scaling(**description["scaling"])


def _scored_loss(name: str, receptive_field_ms: int) -> Any:
    """Loss over the part of a window whose whole history lies inside the window."""
    compare = keras.losses.BinaryCrossentropy(from_logits=True) if name == "spike_logit" else keras.losses.MeanSquaredError()

    def loss(true: Any, predicted: Any) -> Any:
        return compare(true[:, receptive_field_ms:], predicted[:, receptive_field_ms:])

    return loss


def _train_epoch(model: keras.Model, windows: Windows, validation: Trials) -> dict[str, float]:
    start_s = time.perf_counter()
    loss = model.fit(windows, epochs=1, verbose=0).history["loss"][-1]
    trained_s = time.perf_counter()
    scores = _validate(model, validation, windows.scaling)
    updates = windows.first_update + len(windows)
    return {
        "epoch": -(-updates // windows.budget.updates_per_epoch),
        "updates": updates,
        "training_loss": loss,
        **scores,
        "training_s": trained_s - start_s,
        "validation_s": time.perf_counter() - trained_s,
    }


def _epochs_since_best(history: list[dict[str, float]]) -> int:
    losses = [row["validation_spike_loss"] for row in history]
    return len(losses) - 1 - int(np.argmin(losses)) if losses else 0


def _validate(model: keras.Model, validation: Trials, scaling: Scaling) -> dict[str, float]:
    logit, voltage_mv = predict(model, validation, scaling)
    kept = slice(metrics.WARM_UP_MS, None)
    spikes = validation.spikes()[:, kept]
    logit = logit[:, kept].astype(float)
    rmse_mv, explained = metrics.voltage_errors(voltage_mv[:, kept], validation.soma_voltage_mv[:, kept])
    auc = float(metrics.count_pairs(logit, spikes).auc()) if spikes.any() else np.nan
    return {
        "validation_spike_loss": float(np.mean(np.logaddexp(0, logit) - spikes * logit)),
        "validation_auc": auc,
        "validation_soma_rmse_mv": rmse_mv,
        "validation_variance_explained": explained,
    }


def _save(model: keras.Model, history: list[dict[str, float]], checkpoint: Path) -> None:
    checkpoint.mkdir(parents=True, exist_ok=True)
    model.save_weights(checkpoint / f"state_{len(history)}.weights.h5")  # with the optimiser's and the dropout's state
    if _epochs_since_best(history) == 0:
        shutil.copy(checkpoint / f"state_{len(history)}.weights.h5", checkpoint / "next.weights.h5")
        os.replace(checkpoint / "next.weights.h5", checkpoint / "best.weights.h5")
    # The history comes last: an interruption before this line goes back to the epoch before.
    (checkpoint / "next.json").write_text(json.dumps(history))
    os.replace(checkpoint / "next.json", checkpoint / "history.json")
    (checkpoint / f"state_{len(history) - 1}.weights.h5").unlink(missing_ok=True)


def _restore(model: keras.Model, checkpoint: Path) -> list[dict[str, float]]:
    """Put the state of an interrupted training into the model; returns its history, empty if there is none."""
    if not (checkpoint / "history.json").is_file():
        return []
    history = json.loads((checkpoint / "history.json").read_text())
    model.optimizer.build(model.trainable_variables)
    model.load_weights(checkpoint / f"state_{len(history)}.weights.h5")
    log.info("going on after epoch %d from %s", len(history), checkpoint)
    return history
