"""Measure how fast networks are trained and evaluated, in seconds of simulated biology per second.

The baseline is the published network as its authors wrote it: 7 layers of 128 channels, kernels of 54 and then 12 ms,
1278 inputs, Keras's own layers and optimiser, float32. All settings take turns, so that another program slows all of them alike.

    python benchmarks/training.py --json training.json --table training.md
    python benchmarks/training.py --part speed --quick    # does it run? The numbers mean nothing
"""

import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd

from neurodepth import dataset, networks, provenance, training
from neurodepth.cells.trial import Events, Trial
from neurodepth.networks.backend import keras
from neurodepth.training.optimiser import Adam
from neurodepth.training.windows import Windows, fit_scaling

N_SYNAPSES = 1278  # of the layer-5 cell
INPUT_RATE_HZ = 11  # a synapse, mean of both kinds
N_COMPONENTS = 64  # of the dendritic voltages, where trials are read
PUBLISHED: dict[str, Any] = {  # Beniaguev et al. 2021: kernels of 54, then 12 ms
    "type": "tcn",
    "width": 128,
    "receptive_field_ms": 120,
    "first_kernel_ms": 54,
    "factorised": False,
    "synapse_dropout": 0.0,
    "channel_dropout": 0.0,
    "weight_decay": 0.0,
}
DEPTH = 7
WINDOW_MS, BATCH_SIZE = 400, 8
SWEEPS: dict[str, list[int]] = {
    "depth": [1, 2, 3, 5, 7],
    "width": [32, 64, 128],
    "window_ms": [200, 400, 800],
    "batch_size": [4, 8, 16, 32],
    "synapses": [320, 639, 1278],
}


@click.command()
@click.option("--part", type=click.Choice(["speed", "sweeps", "feeding", "all"]), default="all", show_default=True)
@click.option("--repeats", default=5, show_default=True, help="Turns of each setting; the median counts.")
@click.option("--quick", is_flag=True, help="Two short turns of small networks: does it run?")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures to this file.")
@click.option("--table", "table_path", type=click.Path(path_type=Path), help="Write the tables to this file.")
def main(part: str, repeats: int, quick: bool, json_path: Path | None, table_path: Path | None) -> None:
    """Measure training and evaluation."""
    if quick:
        repeats, PUBLISHED["width"] = 2, 8
    parts = ["speed", "sweeps", "feeding"] if part == "all" else [part]
    load_before = os.getloadavg()[0]
    tables = {name: {"speed": speed, "sweeps": sweeps, "feeding": feeding}[name](repeats) for name in parts}
    origin = {
        "processor": provenance.processor(),
        "cores": os.cpu_count(),
        "load": [load_before, os.getloadavg()[0]],
        "versions": provenance.versions(),
        "commit": provenance.commit(),
    }
    text = "\n\n".join(f"## {name}\n\n{table.to_string(index=False)}" for name, table in tables.items())
    click.echo(text)
    if table_path:
        head = f"# Training\n\n{origin['processor']}, {origin['cores']} cores, load {load_before:.1f} before, commit "
        table_path.write_text(
            f"{head}{origin['commit']}: `python benchmarks/training.py --part {part}`\n\n```\n{text}\n```\n"
        )
    if json_path:
        figures: dict[str, Any] = {"origin": origin} | {
            name: table.to_dict("records") for name, table in tables.items()
        }
        if "speed" in tables:
            figures |= dict(zip(tables["speed"]["setting"], tables["speed"]["bio_s_per_s"], strict=True))
        json_path.write_text(json.dumps(figures, indent=1) + "\n")


def speed(repeats: int) -> pd.DataFrame:
    """The published network, its factorised form, and their evaluation, against the authors' way; smooth kernels are those of 32 ms and more."""
    factorised = PUBLISHED | {"factorised": True}
    smooth = factorised | {"kernel_cosines": 16}
    inputs = draw_batch(BATCH_SIZE, WINDOW_MS, N_SYNAPSES)
    fast = training.resolve_precision("auto")
    steps = {
        "naive_float32": trainer(as_published(), inputs, keras.optimizers.Adam),
        "naive_float32_factorised": trainer(as_published(factorised=True), inputs, keras.optimizers.Adam),
        "full_float32": trainer(networks.build(PUBLISHED, DEPTH, N_SYNAPSES), inputs),
        "full": trainer(networks.build(PUBLISHED, DEPTH, N_SYNAPSES, precision=fast), inputs),
        "factorised_float32": trainer(networks.build(factorised, DEPTH, N_SYNAPSES), inputs),
        "factorised": trainer(networks.build(factorised, DEPTH, N_SYNAPSES, precision=fast), inputs),
        "factorised_smooth": trainer(networks.build(smooth, DEPTH, N_SYNAPSES, precision=fast), inputs),
        "evaluate_naive_float32": evaluator(as_published(), inputs),
        "evaluate_full": evaluator(networks.build(PUBLISHED, DEPTH, N_SYNAPSES, precision=fast), inputs),
        "evaluate_factorised": evaluator(networks.build(factorised, DEPTH, N_SYNAPSES, precision=fast), inputs),
    }
    table = take_turns({name: (step, BATCH_SIZE * WINDOW_MS) for name, step in steps.items()}, repeats)
    table["ratio"] = (table["bio_s_per_s"] / table["bio_s_per_s"].iloc[0]).round(1)
    return table


def sweeps(repeats: int) -> pd.DataFrame:
    """Cost of the factorised network against one thing at a time."""
    steps = {}
    for name, values in SWEEPS.items():
        for value in values:
            changed: dict[str, int] = {
                "depth": DEPTH,
                "width": PUBLISHED["width"],
                "window_ms": WINDOW_MS,
                "batch_size": BATCH_SIZE,
                "synapses": N_SYNAPSES,
                name: value,
            }
            architecture = PUBLISHED | {"factorised": True, "width": changed["width"]}
            inputs = draw_batch(changed["batch_size"], changed["window_ms"], changed["synapses"])
            model = networks.build(
                architecture, changed["depth"], changed["synapses"], precision=training.resolve_precision("auto")
            )
            steps[f"{name} {value}"] = (trainer(model, inputs), changed["batch_size"] * changed["window_ms"])
    return take_turns(steps, repeats)


def feeding(repeats: int) -> pd.DataFrame:
    """Training on one batch again and again and on windows of shards, and prediction of whole trials."""
    architecture = PUBLISHED | {"factorised": True}
    rng = np.random.default_rng(1)
    trials = [draw_trial(rng, 6000) for _ in range(20)]
    budget = training.Budget(10_000, 20, 1, BATCH_SIZE, WINDOW_MS, 1e-3)
    description: dict[str, Any] = {"cell": "synthetic", "variant": "none", "split": "train", "seed": 1, "protocol": {}}
    description |= {"n_synapses": N_SYNAPSES, "n_excitatory": N_SYNAPSES // 2}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "0000.h5"
        dataset.write_shard(path, trials, range(len(trials)), description)
        read = dataset.read_split([path])
    model = networks.build(architecture, DEPTH, N_SYNAPSES, N_COMPONENTS, precision=training.resolve_precision("auto"))
    predictor = networks.build(architecture, DEPTH, N_SYNAPSES, N_COMPONENTS)
    compile_model(model, Adam(1e-3))
    scaling = fit_scaling(read)
    windows = Windows(model, read, scaling, budget, 1)
    batch = windows[0]
    n_updates = len(windows)
    trained_ms, predicted_ms = n_updates * BATCH_SIZE * WINDOW_MS, len(read) * read.duration_ms
    steps = {
        "one batch": (lambda: [model.train_on_batch(*batch) for _ in range(n_updates)], trained_ms),
        "shards": (lambda: model.fit(windows, epochs=1, shuffle=False, verbose=0), trained_ms),
        "windows alone": (lambda: [windows[k] for k in range(n_updates)], trained_ms),
        "whole trials": (lambda: training.predict(predictor, read, scaling), predicted_ms),
    }
    return take_turns(steps, repeats)


def as_published(factorised: bool = False) -> keras.Model:
    """The network with Keras's own layers in float32."""
    inputs = keras.Input((None, N_SYNAPSES))
    x = keras.layers.Dense(PUBLISHED["width"], use_bias=False)(inputs) if factorised else inputs
    for kernel_ms in [54] + [12] * (DEPTH - 1):
        x = keras.layers.Conv1D(PUBLISHED["width"], kernel_ms, padding="causal", use_bias=False)(x)
        x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    heads = {name: keras.layers.Dense(1, name=name)(x) for name in ("spike_logit", "soma_voltage")}
    return keras.Model(inputs, heads)


def draw_batch(batch_size: int, window_ms: int, n_synapses: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Inputs at the published rate and targets of noise."""
    rng = np.random.default_rng(1)
    inputs = (rng.random((batch_size, window_ms, n_synapses)) < INPUT_RATE_HZ / 1000).astype(np.uint8)
    shape = (batch_size, window_ms, 1)
    return inputs, {
        "spike_logit": (rng.random(shape) < 1e-3).astype(np.float32),
        "soma_voltage": rng.standard_normal(shape).astype(np.float32),
    }


def draw_trial(rng: np.random.Generator, duration_ms: int) -> Trial:
    """A trial of random events and voltages of noise."""
    time_ms, synapse = np.nonzero(rng.random((duration_ms, N_SYNAPSES)) < INPUT_RATE_HZ / 1000)
    events = Events(time_ms.astype(np.uint16), synapse.astype(np.uint16))
    voltage_mv = rng.normal(-65, 4, duration_ms).astype(np.float32)
    components_mv = rng.normal(0, 20, (duration_ms, N_COMPONENTS)).astype(np.float32)
    return Trial(events, np.sort(rng.uniform(0, duration_ms, 6)), voltage_mv, dendrite_components_mv=components_mv)


def compile_model(model: keras.Model, optimiser: keras.optimizers.Optimizer) -> None:
    """The losses of a training."""
    losses = {name: keras.losses.MeanSquaredError() for name in model.output}
    losses |= {"spike_logit": keras.losses.BinaryCrossentropy(from_logits=True)}
    model.compile(optimiser, loss=losses)


def trainer(
    model: keras.Model,
    batch: tuple[np.ndarray, dict[str, np.ndarray]],
    optimiser: type[keras.optimizers.Adam] = Adam,
) -> Callable[[], object]:
    """One optimiser step on a batch."""
    compile_model(model, optimiser(1e-3))
    return lambda: model.train_on_batch(*batch)


def evaluator(model: keras.Model, batch: tuple[np.ndarray, dict[str, np.ndarray]]) -> Callable[[], object]:
    """Predictions of a batch."""
    return lambda: model.predict_on_batch(batch[0])


def take_turns(steps: dict[str, tuple[Callable[[], object], int]], repeats: int) -> pd.DataFrame:
    """Median speed of each step, which treats so many milliseconds of biology."""
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(repeats + 1):
        for name, (step, _) in steps.items():
            start = time.perf_counter()
            step()
            if turn:  # the first one compiles
                seconds[name].append(time.perf_counter() - start)
    rows = []
    for name, (_, biology_ms) in steps.items():
        rates = biology_ms / 1000 / np.array(seconds[name])
        rows.append((name, np.median(rates), rates.min(), rates.max()))
    return pd.DataFrame(rows, columns=["setting", "bio_s_per_s", "lowest", "highest"]).round(1)


if __name__ == "__main__":
    main()
