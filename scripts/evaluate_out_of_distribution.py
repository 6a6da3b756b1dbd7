"""Hold all networks of one cell against test trials of its variants with unusual input."""

import pandas as pd

from neurodepth import dataset, evaluation, jobs, training_data
from neurodepth.networks import backend


def evaluate_out_of_distribution(test_paths, study, variants, network_paths, table_path):
    training_data.check_networks(network_paths, study)
    rows = []
    for variant in variants:
        paths = [path for path in test_paths if f"/{study['cell']}/{variant}/trials/" in f"/{path}"]
        test = dataset.read_split(paths, expected=study | {"variant": variant, "split": "test"})
        for path in sorted(network_paths, key=evaluation.showing_order):
            scored, _ = evaluation.evaluate_network(path, test, study["seed"])
            rows.append({"test_variant": variant} | scored.row)
    pd.DataFrame(rows).to_csv(table_path, index=False)


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        backend.use_threads(snakemake.threads)
        evaluate_out_of_distribution(
            snakemake.input.test,
            snakemake.params.study,
            snakemake.params.variants,
            [path for path in snakemake.input.networks if path.endswith(".keras")],
            snakemake.output[0],
        )
