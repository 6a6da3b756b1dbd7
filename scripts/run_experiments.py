"""Do classical experiments on a cell and on its surrogates, one of each depth."""

import numpy as np

from neurodepth import experiments, inspection, jobs, simulation


def run_experiments(protocol, network_paths, n_backgrounds, n_workers, engine, experiments_path, table_path):
    chosen = inspection.choose(network_paths)
    found = experiments.run(protocol, list(chosen.values()), n_backgrounds, n_workers, engine)
    np.savez_compressed(experiments_path, **found)
    experiments.summarise(found).to_csv(table_path, index=False)


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        run_experiments(
            simulation.Protocol(**snakemake.params.protocol),
            [path for path in snakemake.input.networks if path.endswith(".keras")],
            snakemake.params.n_backgrounds,
            snakemake.threads,
            simulation.from_configuration(snakemake.config["parallel"]),
            snakemake.output.experiments,
            snakemake.output.table,
        )
