"""How small and coarse a trained network may become: accuracy against bits, weights and noise. docs/compression.md."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurodepth import metrics, plain_network, streaming
from neurodepth.compression import energy
from neurodepth.compression import weights as compressed
from neurodepth.networks.backend import keras
from neurodepth.streaming import Weights
from neurodepth.training.windows import feed
from neurodepth.trials import Trials

__all__ = ["compare"]
LEVELS = (256, 64, 26, 16, 8, 4, 2)
FRACTIONS = (0.5, 0.8, 0.9, 0.95)
DEVIATIONS = (0.01, 0.03, 0.1)  # of a device's range; ASSUME: good, common and poor memristors
DEVICE_LEVELS = 26
FLOAT_BITS = 32


def compare(model_path: str | Path, test: Trials, seed: int) -> pd.DataFrame:
    """Score a network as it is, and with fewer, coarser and noisier weights.

    Args:
        model_path: A network of one of `networks.STACKS`.
        test: Trials to score on.
        seed: Of the devices' errors.

    Returns:
        One row a form, with columns form, bits (of a weight), weights (that are not 0), energy_uj_per_ms (of the
        arithmetic with every weight used once a millisecond, NaN for analogue devices), auc and variance_explained.
    """
    original = streaming.weights_of(model_path)
    rows = []
    for one in _forms(original, seed):
        n_weights = compressed.n_weights(one.weights)
        uj = energy.of_network_uj(n_weights, one.arithmetic) if one.arithmetic else np.nan
        rows.append((one.name, one.bits, n_weights, uj, *_score(one, test)))
    return pd.DataFrame(rows, columns=["form", "bits", "weights", "energy_uj_per_ms", "auc", "variance_explained"])


@dataclass(frozen=True)
class _Form:
    """A network made smaller; `arithmetic` is a key of `energy.PJ_PER_MULTIPLY_ADD`, `rounds` activations to powers of two."""

    name: str
    bits: float
    weights: Weights
    arithmetic: str
    rounds: bool = False


def _forms(original: Weights, seed: int) -> Iterator[_Form]:
    yield _Form("as trained", FLOAT_BITS, original, "float32")
    for n_levels in LEVELS:
        coarse = compressed.quantise(original, n_levels)
        yield _Form(f"{n_levels} levels", np.log2(n_levels), coarse, "int8" if n_levels > 2 else "sum of float32")
    yield _Form("activations in powers of two", FLOAT_BITS, original, "sum of float32", rounds=True)
    # Lin, Courbariaux, Memisevic and Bengio 2016, arXiv:1510.03009, who train a network that way from the start.
    signs = compressed.quantise(original, 2)
    yield _Form("signs, activations in powers of two", 1.0, signs, "sum of int32", rounds=True)
    for fraction in FRACTIONS:
        yield _Form(f"{fraction:.0%} pruned", FLOAT_BITS, compressed.prune(original, fraction), "float32")
    for number, deviation in enumerate(DEVIATIONS):
        rng = np.random.default_rng(np.random.SeedSequence([seed, number]))
        devices = compressed.disturb(compressed.quantise(original, DEVICE_LEVELS), deviation, rng)
        yield _Form(f"memristors, {DEVICE_LEVELS} levels, {deviation:.0%} noise", np.log2(DEVICE_LEVELS), devices, "")


def _score(form: _Form, test: Trials) -> tuple[float, float]:
    """ROC AUC and variance explained, from 500 ms on."""
    model = plain_network.build(form.weights)
    if form.rounds:
        for layer in model.layers:
            if isinstance(layer, keras.layers.Conv1D):
                layer.activation = _shift_only
    predicted = [_predict(model, test, number) for number in range(len(test))]
    probability, voltage_mv = (np.concatenate(one)[:, metrics.WARM_UP_MS :] for one in zip(*predicted, strict=True))
    auc = float(metrics.count_pairs(probability, test.spikes()[:, metrics.WARM_UP_MS :]).auc())
    return auc, metrics.voltage_errors(voltage_mv, test.soma_voltage_mv[:, metrics.WARM_UP_MS :])[1]


def _predict(model: keras.Model, test: Trials, number: int) -> Sequence[np.ndarray]:
    inputs = feed(model, test, np.array([number]), np.array([0]), test.duration_ms)
    found = model.predict_on_batch(inputs.astype(np.float32))
    return found["spike_probability"], found["soma_voltage_mv"]


def _shift_only(x: Any) -> Any:
    """Rectify, and round to the nearest power of two."""
    ops = keras.ops
    positive = ops.maximum(x, np.finfo(np.float32).tiny)
    return ops.where(x > 0, ops.power(2.0, ops.round(ops.log2(positive))), 0.0)
