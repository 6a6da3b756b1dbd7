"""Hold the baselines of one cell against its test trials."""

from neurodepth import baselines, criterion, dataset, evaluation, jobs, training_data
from neurodepth.networks import backend


def evaluate_baselines(test_paths, expected, network_paths, settings, table_path):
    training_data.check_networks(network_paths, expected)
    test = dataset.read_split(test_paths, expected=expected)
    scored = [evaluation.evaluate_network(path, test, expected["seed"])[0] for path in network_paths]
    table = baselines.tabulate(scored, criterion.Criterion(**settings), expected["seed"])
    table.to_csv(table_path, index=False)


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        backend.use_threads(snakemake.threads)
        evaluate_baselines(
            snakemake.input.test,
            snakemake.params.study | {"split": "test"},
            [path for path in snakemake.input.networks if path.endswith(".keras")],
            snakemake.params.criterion,
            snakemake.output[0],
        )
