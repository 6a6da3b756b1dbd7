"""Find the input rates at which a cell reaches its target output rate, and define the cell with them."""

import tempfile
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from neurodepth import jobs, simulation
from neurodepth.simulation import target_rate


def tune_input(protocol, variants, target_hz, n_trials, n_workers, engine, cell_path, table_path):
    with tempfile.TemporaryDirectory() as folder:
        tried = target_rate.find_factor(protocol, target_hz, n_trials, Path(folder), n_workers, engine)
    pd.DataFrame(map(asdict, tried)).to_csv(table_path, index=False)
    target_rate.write_scaled(protocol, variants, tried[-1].factor, Path(cell_path).parents[1])


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        tune_input(
            simulation.Protocol(**snakemake.params.protocol),
            snakemake.params.variants,
            snakemake.params.target_output_rate_hz,
            snakemake.params.n_trials,
            snakemake.threads,
            simulation.from_configuration(snakemake.config["parallel"]),
            snakemake.output.cell,
            snakemake.output.table,
        )
