"""Hold all networks of one cell against test trials of its variants with unusual input."""

import pandas as pd

from neurodepth import dataset, evaluation, jobs
from neurodepth.networks import backend


def evaluate_out_of_distribution(test_paths, cell, variants, seed, network_paths, table_path):
    rows = []
    for variant in variants:
        paths = [path for path in test_paths if f"/{cell}/{variant}/trials/" in f"/{path}"]
        expected = {"cell": cell, "variant": variant, "split": "test", "seed": seed}
        test = dataset.read_split(paths, expected=expected)
        for path in sorted(network_paths, key=evaluation.showing_order):
            scored, _ = evaluation.evaluate_network(path, test, seed)
            rows.append({"test_variant": variant} | scored.row)
    pd.DataFrame(rows).to_csv(table_path, index=False)


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        backend.use_threads(snakemake.threads)
        evaluate_out_of_distribution(
            snakemake.input.test,
            snakemake.wildcards.cell,
            snakemake.params.variants,
            snakemake.params.simulation_seed,
            [path for path in snakemake.input.networks if path.endswith(".keras")],
            snakemake.output[0],
        )
