"""Train one network on simulated trials."""

from pathlib import Path

import pandas as pd

from neurodepth import dataset, jobs, networks, training, training_data
from neurodepth.cells import branches
from neurodepth.networks import backend
from neurodepth.training import checkpoint


def train_network(
    train_paths,
    validation_paths,
    study,
    architecture_path,
    depth,
    n_trials,
    seed,
    budget,
    model_path,
    history_path,
    label,
    basis_path=None,
    synapses_path=None,
):
    trials = dataset.read_split(train_paths, expected=study | {"split": "train"}).first(n_trials)
    validation = dataset.read_split(validation_paths, expected=study | {"split": "validation"})
    architecture = networks.read(architecture_path)
    checkpoint_path = f"{model_path}.checkpoint"
    basis = dataset.read_basis(basis_path, study) if basis_path else None
    group = branches.group(pd.read_csv(synapses_path), networks.grouped_by(architecture)) if synapses_path else None
    model, scaling, history = training.train(
        trials, validation, architecture, depth, seed, budget, checkpoint_path, label, basis, group
    )
    history.to_csv(history_path, index=False)
    description = {"network": Path(architecture_path).stem, "architecture": architecture, "synapse_group": group}
    description |= {"depth": depth, "training_trials": n_trials, "seed": seed}
    description |= {"precision": training.resolve_precision(budget.precision)}
    description |= {"training_data": training_data.describe(train_paths, trials)}
    training.save(model, scaling, description, model_path)
    checkpoint.discard(checkpoint_path)


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        backend.use_threads(snakemake.threads)
        train_network(
            snakemake.input.train,
            snakemake.input.validation,
            snakemake.params.study,
            snakemake.input.architecture,
            int(snakemake.wildcards.depth),
            int(snakemake.wildcards.training_trials),
            int(snakemake.wildcards.seed),
            training.Budget(**snakemake.params.budget),
            snakemake.output.model,
            snakemake.output.history,
            snakemake.params.label,
            snakemake.input.get("basis"),
            snakemake.input.get("synapses"),
        )
