"""Training of one network on simulated trials: seeded, resumable, stopped by validation trials."""

import hashlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurodepth import metrics, networks, provenance
from neurodepth.cells.trial import VoltageBasis
from neurodepth.networks.backend import keras
from neurodepth.training import checkpoint as checkpoints
from neurodepth.training import memory, synaptic_effects
from neurodepth.training.optimiser import Adam
from neurodepth.training.progress import Progress
from neurodepth.training.regions import rotation_to_regions
from neurodepth.training.windows import Budget, Scaling, Windows, feed, fit_scaling
from neurodepth.trials import Trials

__all__ = ["Budget", "Scaling", "load", "predict", "resolve_precision", "save", "train"]
SPIKE_WEIGHT, SOMA_WEIGHT = 20.0, 0.5  # of the losses: cross-entropy a millisecond, square of the normalised voltage
CODE = ("networks", "training", "metrics.py", "trials.py", "cells/trial.py")  # that a training depends on
TRIALS_AT_ONCE = 4  # in predictions: 30 MB of input


def train(
    trials: Trials,
    validation: Trials,
    architecture: dict[str, Any],
    depth: int,
    seed: int,
    budget: Budget,
    checkpoint_path: str | Path,
    label: str = "training",
    basis: VoltageBasis | None = None,
    synapse_group: Sequence[int] | None = None,
) -> tuple[keras.Model, Scaling, pd.DataFrame]:
    """Train a network, going on from a checkpoint where an interrupted training left one.

    Args:
        trials: Training trials.
        validation: Trials that decide when to stop and which weights are kept.
        architecture: What `networks.read` returns.
        depth: As for `networks.build`.
        seed: Of weights, dropout and windows.
        budget: How long.
        checkpoint_path: Folder for the state after each epoch; `checkpoint.discard` removes it.
        label: What the log calls this training.
        basis: What the trials' dendritic components are components of; None to train without the dendrite.
        synapse_group: As for `networks.build`.

    Returns:
        The model with the weights of the best epoch, in float32; its scaling; and the history: one row an epoch.

    Raises:
        ValueError: If the window does not exceed the receptive field or does not fit the trials, if validation trials are of
            another cell or too short to be scored, if the basis is not that of the trials, or if a voltage never changes.
        FloatingPointError: If the loss is not finite.
    """
    history_ms = networks.history_ms(architecture)
    if not history_ms < budget.window_ms <= trials.duration_ms:
        raise ValueError(
            f"training.window_ms is {budget.window_ms}: expected more than what the network needs before it is scored "
            f"({history_ms} ms) and at most a trial ({trials.duration_ms} ms)"
        )
    _check_alike(trials, validation, basis)
    checkpoint = Path(checkpoint_path)
    rotation = None if basis is None or trials.dendrite_components_mv is None else rotation_to_regions(basis)
    groups = None if synapse_group is None else list(map(int, synapse_group))
    turned = None if rotation is None else rotation.tolist()
    precision = resolve_precision(budget.precision)
    key = _digest(trials, validation, architecture, depth, seed, budget, precision, turned, groups)
    scaling = fit_scaling(trials, rotation)
    # Half a spike keeps the logarithm finite where no trial has one.
    spike_probability = (trials.spikes().sum() + 0.5) / (len(trials) * trials.duration_ms + 1)
    shape = (trials.n_synapses, len(scaling.region_deviation_mv), spike_probability, seed)
    predictor, model = (
        networks.build(one, depth, *shape, number, synapse_group, trials.n_excitatory)
        for one, number in ((networks.in_use(architecture), "float32"), (architecture, precision))
    )
    weights = {"spike_logit": SPIKE_WEIGHT, "soma_voltage": SOMA_WEIGHT, "dendrite_regions": budget.dendrite_weight}
    weights = {name: weights[name] for name in model.output}
    to_regions = None if rotation is None else (rotation / scaling.region_deviation_mv).astype(np.float32)
    losses = {name: _scored_loss(name, history_ms, to_regions) for name in weights}
    warm_up = int(budget.warm_up * budget.updates)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, budget.updates - warm_up, warmup_target=budget.learning_rate, warmup_steps=warm_up
    )
    optimiser = Adam(schedule, weight_decay=architecture["weight_decay"] or None)
    # A spike is rare: the head's bias is its log odds, and must not be drawn to even ones.
    optimiser.exclude_from_weight_decay([one for one in model.trainable_variables if len(one.shape) < 2])
    model.compile(optimiser, loss=losses, loss_weights=weights)
    memory.check(model, budget.batch_size, budget.window_ms)
    history = checkpoints.restore(model, checkpoint, key)
    if not history and budget.start == "regression":
        synaptic_effects.start(model, *synaptic_effects.regress(trials, scaling, rotation), trials.n_excitatory)
    windows = Windows(model, trials, scaling, budget, seed)
    n_epochs = -(-budget.updates // budget.updates_per_epoch)
    progress = Progress(label, n_epochs, len(history))
    while len(history) < n_epochs and checkpoints.epochs_since_best(history) < budget.patience_epochs:
        windows.first_update = len(history) * budget.updates_per_epoch
        history.append(_train_epoch(model, predictor, windows, validation))
        checkpoints.save(model, history, checkpoint, key)
        progress.add(history)
    progress.end(history)
    model.load_weights(checkpoint / "best.weights.h5")
    predictor.set_weights(networks.weights_in_use(model))
    return predictor, scaling, pd.DataFrame(history)


def predict(model: keras.Model, trials: Trials, scaling: Scaling) -> tuple[np.ndarray, np.ndarray]:
    """Predict whole trials.

    Returns:
        The spike logit and the soma voltage in mV, float32, each of shape (trials, time).
    """
    logits, voltages = [], []
    for first in range(0, len(trials), TRIALS_AT_ONCE):
        chosen = np.arange(first, min(first + TRIALS_AT_ONCE, len(trials)))
        inputs = feed(model, trials, chosen, np.zeros_like(chosen), trials.duration_ms)
        outputs = model.predict_on_batch(inputs)
        logits.append(np.asarray(outputs["spike_logit"])[:, :, 0])
        voltages.append(np.asarray(outputs["soma_voltage"])[:, :, 0])
    return np.concatenate(logits), np.concatenate(voltages) * scaling.soma_deviation_mv + scaling.soma_mean_mv


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


def _scored_loss(name: str, history_ms: int, to_regions: np.ndarray | None = None) -> Any:
    """Loss over the part of a window whose whole history lies inside the window.

    Args:
        name: Of the head.
        history_ms: What is left out.
        to_regions: From dendritic components in mV to normalised regions, for their head.
    """
    compare = (
        keras.losses.BinaryCrossentropy(from_logits=True) if name == "spike_logit" else keras.losses.MeanSquaredError()
    )

    def loss(true: Any, predicted: Any) -> Any:
        true = true[:, history_ms:]
        if name == "dendrite_regions":
            true = keras.ops.matmul(true, to_regions)
        return compare(true, predicted[:, history_ms:])

    return loss


def _check_alike(trials: Trials, validation: Trials, basis: VoltageBasis | None) -> None:
    if validation.n_synapses != trials.n_synapses:
        raise ValueError(
            f"validation trials have {validation.n_synapses} synapses, expected {trials.n_synapses} as the training trials "
            "have: give trials of one cell"
        )
    if validation.duration_ms <= metrics.WARM_UP_MS:
        raise ValueError(
            f"validation trials last {validation.duration_ms} ms, expected more than the {metrics.WARM_UP_MS} ms that no score "
            "counts: simulate longer ones"
        )
    if basis is None or trials.dendrite_components_mv is None:
        return
    n_components = trials.dendrite_components_mv.shape[-1]
    if len(basis.components) != n_components:
        raise ValueError(
            f"the basis has {len(basis.components)} components, expected {n_components} as the training trials have: give "
            "the basis.h5 with which they were simulated"
        )


def _digest(trials: Trials, validation: Trials, *settings: Any) -> str:
    """Digest of all that a training depends on: data, settings and code."""
    data = [_digest_of_trials(split) for split in (trials, validation)]
    values = [asdict(one) if isinstance(one, Budget) else one for one in settings]
    return provenance.digest([data, values, provenance.code_digest(*CODE)])


def _digest_of_trials(trials: Trials) -> str:
    key = hashlib.sha256()
    recorded = (trials.soma_voltage_mv, trials.dendrite_components_mv)
    for array in (*(one for one in recorded if one is not None), *trials.spike_time_ms):
        key.update(np.ascontiguousarray(array).data)
    for events in trials.events:
        key.update(events.time_ms.tobytes() + events.synapse.tobytes())
    return key.hexdigest()


class _StopAtNotANumber(keras.callbacks.Callback):
    """Stops at the first update whose loss is not finite, and remembers which it was."""

    update: int | None = None

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if logs and not np.isfinite(logs["loss"]) and self.update is None:
            self.update = batch
            self.model.stop_training = True


def _train_epoch(model: keras.Model, predictor: keras.Model, windows: Windows, validation: Trials) -> dict[str, float]:
    start_s = time.perf_counter()
    _reseed_dropout(model, windows.seed, windows.first_update)
    stop = _StopAtNotANumber()
    loss = model.fit(windows, epochs=1, shuffle=False, verbose=0, callbacks=[stop]).history["loss"][-1]
    weights, lost = networks.weights_in_use(model), stop.update
    if lost is None and not all(np.isfinite(one).all() for one in weights):
        lost = len(windows) - 1  # a loss is that before the update: what the last one of an epoch did shows here
    if lost is not None:
        kept = f"the weights after update {windows.first_update} are kept in the checkpoint"
        raise FloatingPointError(
            f"training loss is not a number at update {windows.first_update + lost + 1}: lower "
            f"training.learning_rate ({windows.budget.learning_rate:g}); "
            f"{kept if windows.first_update else 'no epoch had ended, so that no weights are kept'}"
        )
    trained_s = time.perf_counter()
    predictor.set_weights(weights)
    scores = _validate(predictor, validation, windows.scaling)
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
    if not (np.isfinite(logit).all() and np.isfinite(voltage_mv).all()):
        raise FloatingPointError(
            "a prediction of validation trials is not a number, though every weight is: lower training.learning_rate; the "
            "weights before this epoch are kept in the checkpoint, if it was not the first"
        )
    rmse_mv, explained = metrics.voltage_errors(voltage_mv[:, kept], validation.soma_voltage_mv[:, kept])
    auc = float(metrics.count_pairs(logit, spikes).auc()) if spikes.any() else np.nan
    return {
        "validation_spike_loss": float(np.mean(np.logaddexp(0, logit) - spikes * logit)),
        "validation_auc": auc,
        "validation_soma_rmse_mv": rmse_mv,
        "validation_variance_explained": explained,
    }
