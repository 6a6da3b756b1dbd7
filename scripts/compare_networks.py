"""Compare accuracy and cost of the networks of all kinds."""

import pandas as pd

from neurodepth import baselines, jobs, pareto, result_files


def compare_networks(accuracy_path, baseline_paths, neurons, table_path):
    tables = [result_files.read_table(accuracy_path)]
    for path, (cell, variant) in zip(baseline_paths, neurons, strict=True):
        tables.append(baselines.average(result_files.read_table(path)).assign(cell=cell, variant=variant))
    pareto.compare(pd.concat(tables)).to_csv(table_path, index=False)


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        compare_networks(
            snakemake.input.accuracy,
            snakemake.input.baselines,
            snakemake.params.neurons,
            snakemake.output[0],
        )
