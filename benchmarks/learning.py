"""What each ingredient of the training gives: a network trained with and without it, on simulated trials.

Every setting gets the same number of updates and the same seeds. Accuracy is that on validation trials, which chose nothing here.
Seeds are trained side by side, a core each. With `--json` an interrupted run goes on after the last setting that it finished.

    python benchmarks/learning.py results/l5pc_hay2011/nmda --shards 3 --updates 1200 --table learning.md
"""

import json
import multiprocessing
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pandas as pd
from threadpoolctl import threadpool_limits

from neurodepth import dataset, networks, provenance, training
from neurodepth.networks import backend

RECIPE = "models/networks/tcn_medium.yaml"
# What is changed: of the network (None takes a key away), of the budget, and whether the dendrite helps.
SETTINGS: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "recipe": ({}, {}, True),
    "random start": ({}, {"start": "random"}, True),
    "without the dendrite": ({}, {}, False),
    "random start, without the dendrite": ({}, {"start": "random"}, False),
    "as many mixtures as channels": ({"synapse_mixtures": None}, {}, True),
    "a weight for every lag": ({"kernel_cosines": None}, {}, True),
    "equal kernels": ({"first_kernel_ms": None}, {}, True),
    "no synapse dropout": ({"synapse_dropout": 0.0}, {}, True),
    "synapse dropout 0.2": ({"synapse_dropout": 0.2}, {}, True),
    "channel dropout 0.1": ({"channel_dropout": 0.1}, {}, True),
    "weight decay 0.5": ({"weight_decay": 0.5}, {}, True),
    "windows of 500 ms, 16 an update": ({}, {"window_ms": 500, "batch_size": 16}, True),
    "learning rate 0.001": ({}, {"learning_rate": 0.001}, True),
    "learning rate 0.004": ({}, {"learning_rate": 0.004}, True),
    "receptive field 80 ms": ({"receptive_field_ms": 80, "first_kernel_ms": 54}, {}, True),
    "receptive field 300 ms": ({"receptive_field_ms": 300, "first_kernel_ms": 200}, {}, True),
    "full first layer": ({"factorised": False, "synapse_mixtures": None}, {}, True),
    "width 32": ({"width": 32}, {}, True),
    "width 128": ({"width": 128}, {}, True),
}


@click.command()
@click.argument("condition", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--shards", default=3, show_default=True, help="Training shards to use.")
@click.option("--updates", default=1200, show_default=True, help="Optimiser steps of each setting.")
@click.option("--seeds", default=2, show_default=True, help="Trainings of each setting.")
@click.option("--depth", default=5, show_default=True, help="Layers.")
@click.option("--setting", "chosen", multiple=True, type=click.Choice(list(SETTINGS)), help="Only these; repeatable.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures to this file.")
@click.option("--table", "table_path", type=click.Path(path_type=Path), help="Write the table to this file.")
def main(
    condition: Path,
    shards: int,
    updates: int,
    seeds: int,
    depth: int,
    chosen: tuple[str, ...],
    json_path: Path | None,
    table_path: Path | None,
) -> None:
    """Train on the trials of CONDITION, a folder such as results/CELL/VARIANT."""
    name = f"{condition.parent.name} {condition.name}"
    described = [
        dataset.describe(path) for path in _paths(condition, "train", shards) + _paths(condition, "validation")
    ]
    checksums = [one["attributes"]["checksum"] for one in described]
    made_of = provenance.digest([provenance.code_digest(*training.CODE), networks.read(RECIPE), checksums])
    asked = {"condition": name, "shards": shards, "updates": updates, "depth": depth, "made_of": made_of}
    measured: dict[str, Any] = {"commit": provenance.commit(), **asked, "rows": []}
    if json_path and json_path.exists():
        measured = json.loads(json_path.read_text())
        found = {key: measured.get(key) for key in asked}
        if found != asked:
            raise click.ClickException(
                f"{json_path}: holds a run of {found}, asked for {asked} (made_of: code, recipe and trials); name another file"
            )
    rows = measured["rows"]
    finished = {(row["setting"], row["seed"]) for row in rows}
    context = multiprocessing.get_context("spawn")
    workers = min(seeds, os.cpu_count() or 1)
    # TensorFlow keeps memory of every network that a process has trained.
    with ProcessPoolExecutor(workers, context, _use_one_core, max_tasks_per_child=1) as pool:
        for setting in chosen or tuple(SETTINGS):
            wanted = [seed for seed in range(1, seeds + 1) if (setting, seed) not in finished]
            started = [pool.submit(_train, condition, shards, setting, seed, updates, depth) for seed in wanted]
            for done in started:
                rows.append(done.result())
                click.echo(rows[-1])
                if json_path:
                    json_path.write_text(json.dumps(measured, indent=1) + "\n")
    table = _summarise(pd.DataFrame(rows))
    n_trials = dict.fromkeys(("train", "validation"), 0)
    for one in described:
        n_trials[one["attributes"]["split"]] += one["summary"]["trials"]
    hours = n_trials["train"] * described[0]["summary"]["duration_ms"] / 3.6e6
    head = (
        f"# Learning\n\n{hours:.2f} h of training, {n_trials['validation']} validation trials, {updates} updates, {seeds} seeds, depth {depth}, {name}; "
        f"{provenance.processor()}, commit {measured['commit']}\n\n```\n"
    )
    digits = {"auc": 4, "auc_gain": 4, "auc_gain_spread": 4, "variance_explained": 3}
    digits |= {"spike_loss_change_%": 1, "change_spread_%": 1}
    text = table.round(digits).to_string(index=False)
    click.echo(text)
    if table_path:
        table_path.write_text(f"{head}{text}\n```\n")


def _use_one_core() -> None:
    backend.use_threads(1)
    threadpool_limits(1)


def _paths(condition: Path, split: str, shards: int | None = None) -> list[Path]:
    return sorted(condition.glob(f"trials/{split}/*.h5"))[:shards]


def _train(condition: Path, shards: int, setting: str, seed: int, updates: int, depth: int) -> dict[str, Any]:
    """Train with one setting, and say how well it predicts the validation trials."""
    network, changed, with_dendrite = SETTINGS[setting]
    architecture = {key: value for key, value in (networks.read(RECIPE) | network).items() if value is not None}
    budget = replace(training.Budget(updates, updates, 1, 8, 1000, 0.002, warm_up=0.05), **changed)
    trials = dataset.read_split(_paths(condition, "train", shards))
    validation = dataset.read_split(_paths(condition, "validation"))
    basis = dataset.read_basis(condition / "basis.h5") if with_dendrite else None
    with tempfile.TemporaryDirectory() as folder:
        *_, history = training.train(trials, validation, architecture, depth, seed, budget, folder, setting, basis)
    last = history.iloc[-1]
    scores = {name: float(last[f"validation_{name}"]) for name in ("auc", "spike_loss", "variance_explained")}
    return {"setting": setting, "seed": seed, **scores}


def _summarise(trained: pd.DataFrame) -> pd.DataFrame:
    """Means over seeds, and by how much each setting differs from the first, seed by seed; of that also largest less smallest."""
    means = trained.drop(columns="seed").groupby("setting", sort=False).mean()
    auc, loss = (trained.pivot(index="setting", columns="seed", values=name) for name in ("auc", "spike_loss"))
    first = means.index[0]
    gain, change = auc - auc.loc[first], 100 * (loss / loss.loc[first] - 1)
    differences = {"auc_gain": gain.mean(axis=1), "auc_gain_spread": gain.max(axis=1) - gain.min(axis=1)}
    differences |= {
        "spike_loss_change_%": change.mean(axis=1),
        "change_spread_%": change.max(axis=1) - change.min(axis=1),
    }
    table = means[["auc"]].join(pd.DataFrame(differences)).join(means[["variance_explained"]])
    return table.reset_index()


if __name__ == "__main__":
    main()
