"""Hold all networks of one cell against its test trials."""

import pandas as pd

from neurodepth import dataset, evaluation, jobs, training_data
from neurodepth.networks import backend


def evaluate_networks(test_paths, expected, network_paths, table_path, counts_path, curves_path, example_path):
    training_data.check_networks(network_paths, expected)
    test = dataset.read_split(test_paths, expected=expected)
    evaluation.warn_of_two_precisions(network_paths)
    position = evaluation.choose_example(test)
    scored, shown = [], {}
    # Smallest training set and largest seed first: what stays in `shown` is the first seed on all the data.
    for path in sorted(network_paths, key=evaluation.showing_order):
        one, predictions = evaluation.evaluate_network(path, test, expected["seed"])
        scored.append(one)
        shown[one.row["depth"]] = {name: values[position] for name, values in predictions.items()}
    pd.DataFrame([one.row for one in scored]).to_csv(table_path, index=False)
    pd.concat([one.curves for one in scored]).to_csv(curves_path, index=False)
    evaluation.write_counts(counts_path, scored)
    evaluation.write_example(example_path, test, position, shown)


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        backend.use_threads(snakemake.threads)
        evaluate_networks(
            snakemake.input.test,
            snakemake.params.study | {"split": "test"},
            [path for path in snakemake.input.networks if path.endswith(".keras")],
            snakemake.output.table,
            snakemake.output.counts,
            snakemake.output.curves,
            snakemake.output.example,
        )
