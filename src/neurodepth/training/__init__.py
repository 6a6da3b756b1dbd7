"""Training of one network on simulated trials: seeded, resumable, stopped by validation trials."""

import hashlib
import json
import logging
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from neurodepth import metrics, provenance
from neurodepth.dataset import Trials
from neurodepth.networks import tcn
from neurodepth.networks.backend import keras
from neurodepth.training import checkpoint as checkpoints
from neurodepth.training.windows import Budget, Scaling, Windows, fit_scaling

__all__ = ["Budget", "Scaling", "load", "predict", "resolve_precision", "save", "train"]
log = logging.getLogger(__name__)
LOSS_WEIGHTS = {
    "spike_logit": 20.0,
    "soma_voltage": 0.5,
    "dendrite_components": 2.0,
}  # found to work best at small data


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
        checkpoint_path: Folder for the state after each epoch; `checkpoint.discard` removes it.
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
    key = _digest(trials, validation, architecture, depth, seed, budget)
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
    history = checkpoints.restore(model, checkpoint, key)
    windows = Windows(trials, scaling, budget, seed, tcn.synapse_dropout(model))
    n_epochs = -(-budget.updates // budget.updates_per_epoch)
    with tqdm(total=n_epochs, initial=len(history), unit="epoch", desc=label, mininterval=10) as bar:
        while len(history) < n_epochs and checkpoints.epochs_since_best(history) < budget.patience_epochs:
            windows.first_update = len(history) * budget.updates_per_epoch
            row = _train_epoch(model, windows, validation)
            if not np.isfinite(row["training_loss"]):
                raise FloatingPointError(
                    f"training loss is {row['training_loss']} in epoch {row['epoch']}: lower learning_rate"
                )
            history.append(row)
            checkpoints.save(model, history, checkpoint, key)
            bar.set_postfix({"validation AUC": f"{row['validation_auc']:.4f}"}, refresh=False)
            bar.update()
            log.info("%s: %s", label, row)
    model.load_weights(checkpoint / "best.weights.h5")
    without_optimizer = keras.Model(model.input, model.output, name=model.name)
    return without_optimizer, scaling, pd.DataFrame(history)


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
    compare = (
        keras.losses.BinaryCrossentropy(from_logits=True) if name == "spike_logit" else keras.losses.MeanSquaredError()
    )

    def loss(true: Any, predicted: Any) -> Any:
        return compare(true[:, receptive_field_ms:], predicted[:, receptive_field_ms:])

    return loss


def _digest(trials: Trials, validation: Trials, *settings: Any) -> str:
    """Digest of all that a training depends on: data, settings and code."""
    data = [hashlib.sha256(split.soma_voltage_mv.tobytes()).hexdigest() for split in (trials, validation)]
    values = [asdict(one) if isinstance(one, Budget) else one for one in settings]
    return provenance.digest([data, values, provenance.code_digest("networks", "training")])


def _train_epoch(model: keras.Model, windows: Windows, validation: Trials) -> dict[str, float]:
    start_s = time.perf_counter()
    _reseed_dropout(model, windows.seed, windows.first_update)
    loss = model.fit(windows, epochs=1, shuffle=False, verbose=0).history["loss"][-1]
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


def _reseed_dropout(model: keras.Model, seed: int, update: int) -> None:
    """Make dropout depend on (seed, update), so that a resumed training equals an uninterrupted one."""
    dropouts = [layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    for number, layer in enumerate(dropouts):
        state = np.random.SeedSequence([seed, update, number]).generate_state(2)
        layer.seed_generator.state.assign(state)


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
