"""Simulate one shard of trials."""

from neurodepth import dataset, jobs, simulation


def simulate_trials(protocol, split, first, n_trials, basis_path, n_workers, engine, compact_inputs, shard_path):
    indices = range(first, first + n_trials)
    description = simulation.describe(protocol, split)
    study = {name: description[name] for name in ("cell", "variant", "seed")}
    basis = dataset.read_basis(basis_path, study) if basis_path else None
    label = f"{description['cell']} {protocol.variant} {split} {first}-{first + n_trials - 1}"
    trials = simulation.simulate_trials(protocol, split, indices, n_workers, basis, label, engine)
    dataset.write_shard(shard_path, trials, indices, description, compact_inputs)


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        simulate_trials(
            simulation.Protocol(**snakemake.params.protocol),
            snakemake.wildcards.split,
            *snakemake.params.trials,
            snakemake.input.get("basis"),
            snakemake.threads,
            simulation.from_configuration(snakemake.config["parallel"]),
            snakemake.params.compact_inputs,
            snakemake.output.shard,
        )
