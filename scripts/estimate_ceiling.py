"""Estimate how well a cell with unreliable synapses can be predicted at all, from repeated test trials."""

from neurodepth import ceiling, jobs, simulation


def estimate_ceiling(protocol, n_trials, n_repeats, n_workers, engine, ceiling_path):
    repeated = simulation.simulate_repeats(protocol, "test", range(n_trials), n_repeats, n_workers, engine)
    ceiling.write(ceiling.estimate(*repeated), ceiling_path)


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        estimate_ceiling(
            simulation.Protocol(**snakemake.params.protocol),
            snakemake.params.trials,
            snakemake.params.repeats,
            snakemake.threads,
            simulation.from_configuration(snakemake.config["parallel"]),
            snakemake.output[0],
        )
