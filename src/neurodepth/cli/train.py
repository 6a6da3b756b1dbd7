"""`neurodepth train`: one network, by hand."""

from pathlib import Path
from typing import Any

import click

from neurodepth.cli import options


@click.command()
@click.argument("shards", nargs=-1, required=True, type=options.FILE)
@click.option("--network", default="tcn", show_default=True, type=options.NETWORK, help="Name or file of a network.")
@click.option(
    "--depth",
    default=1,
    show_default=True,
    type=options.whole_number(0),
    help="Layers; 0 for types without layers to stack.",
)
@click.option("--trials", type=options.whole_number(2), help="Train on the first so many trials; all if left out.")
@click.option(
    "--updates", default=1000, show_default=True, type=options.whole_number(1), help="Optimiser steps at most."
)
@click.option("--updates-per-epoch", type=options.whole_number(1), help="Steps between two validations.")
@click.option("--batch-size", type=options.whole_number(1), help="Windows an update.")
@click.option("--window-ms", type=options.whole_number(1), help="Length of a window.")
@click.option("--learning-rate", type=options.number(0, is_open=True), help="Of Adam after the warm-up.")
@click.option("--config", type=options.FILE, help="Study whose training settings hold where no option says otherwise.")
@click.option("--basis", type=options.FILE, help="basis.h5 of the shards' dendritic components, to train on them too.")
@click.option("--synapses", type=options.FILE, help="synapses.csv of the cell, for networks that group its synapses.")
@options.seed("Of weights, dropout and windows.")
@options.cores
@options.output("network.keras", help="Keras file to write; NAME.json and the history NAME.csv lie beside it.")
@options.overwrite
def train(
    shards: tuple[Path, ...],
    network: Path,
    depth: int,
    trials: int | None,
    config: Path | None,
    basis: Path | None,
    synapses: Path | None,
    seed: int,
    cores: int,
    output: Path,
    overwrite: bool,
    **settings: Any,
) -> None:
    """Train one network on the trials of SHARDS.

    Shards of the split `train` are trained on, those of `validation` decide when to stop; both are needed. What no
    option says is taken from the default study. An interrupted training goes on when the command is given again.

    \b
    Examples:
      neurodepth train train.h5 validation.h5 --network tcn --depth 3 --updates 2000
      neurodepth train trials/train/*.h5 trials/validation/*.h5 --config config.yaml -o net.keras
    """
    import pandas as pd

    from neurodepth import configuration, dataset, networks, training, training_data, validation
    from neurodepth.cells import branches
    from neurodepth.networks import backend
    from neurodepth.training import checkpoint

    options.check_output(output, overwrite, ".keras")
    for beside in (".json", ".csv"):
        options.check_output(output.with_suffix(beside), overwrite)
    of_one_cell, train_shards, training_trials, validation_trials = _read_splits(shards)
    training_trials = training_trials.first(trials or len(training_trials))
    architecture = networks.read(network)
    study = configuration.read([config] if config else [])
    validation.check(study, "config", str(config or "the default study"))
    budget = training.Budget(
        **study["training"] | {name: value for name, value in settings.items() if value is not None}
    )
    group = branches.group(pd.read_csv(synapses), networks.grouped_by(architecture)) if synapses else None
    backend.use_threads(cores)
    checkpoint_path = Path(f"{output}.checkpoint")
    with options.log_on_screen():
        model, scaling, history = training.train(
            *(training_trials, validation_trials, architecture, depth, seed, budget, checkpoint_path),
            *(f"{network.stem}, depth {depth}", dataset.read_basis(basis, of_one_cell) if basis else None, group),
        )
    description: dict[str, Any] = {"network": network.stem, "architecture": architecture, "synapse_group": group}
    description |= {"depth": depth, "training_trials": len(training_trials), "seed": seed}
    description |= {"precision": training.resolve_precision(budget.precision)}
    description |= {"training_data": training_data.describe(train_shards, training_trials)}
    with options.whole(output) as path:
        history.to_csv(path.with_suffix(".csv"), index=False)
        training.save(model, scaling, description, path)
    checkpoint.discard(checkpoint_path)
    best = history.loc[history["validation_spike_loss"].idxmin()]
    click.echo(
        f"{output}: {model.count_params()} parameters, {len(history)} epochs, best after {best['updates']:.0f} updates "
        f"with validation AUC {best['validation_auc']:.4f}"
    )


def _read_splits(shards: tuple[Path, ...]) -> tuple[dict[str, Any], list[Path], Any, Any]:
    """The cell, variant and seed of all trials, the shards of training trials, these and the validation trials."""
    from neurodepth import dataset

    attributes = {path: dataset.describe(path)["attributes"] for path in shards}
    first = attributes[shards[0]]
    expected = {name: first[name] for name in ("cell", "variant", "seed")}
    found = {
        split: [path for path in shards if attributes[path]["split"] == split] for split in ("train", "validation")
    }
    if other := [path for path in shards if attributes[path]["split"] not in found]:
        raise dataset.DatasetError(
            f"{other[0]}: expected shards of the splits train and validation, found {attributes[other[0]]['split']}: leave "
            "it out; test trials only score"
        )
    if missing := [split for split, paths in found.items() if not paths]:
        raise dataset.DatasetError(
            f"SHARDS: expected some of the splits train and validation, found none of {' and '.join(missing)}: "
            f"make them with neurodepth simulate {first['cell']} --split {missing[0]}"
        )
    train, validation = (
        dataset.read_split(paths, expected=expected | {"split": split}) for split, paths in found.items()
    )
    return expected, found["train"], train, validation
