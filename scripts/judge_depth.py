"""Say whether one depth surely meets the criterion on all the data, so that no deeper network need be trained."""

import json

from neurodepth import criterion, dataset, evaluation, jobs, scores, training_data
from neurodepth.networks import backend


def judge_depth(test_paths, expected, network_paths, settings, judgement_path):
    training_data.check_networks(network_paths, expected)
    test = dataset.read_split(test_paths, expected=expected)
    asked = criterion.Criterion(**settings)
    found = [evaluation.evaluate_network(path, test, expected["seed"])[0].evaluation() for path in network_paths]
    resampled = scores.resample(found, asked.resamples, asked.confidence, expected["seed"])
    auc = 1 - resampled.point["auc"][found[0].depth, found[0].training_trials]
    with open(judgement_path, "w") as file:
        json.dump({"meets": criterion.meets(resampled, asked, found[0].depth), "auc": auc}, file)


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        backend.use_threads(snakemake.threads)
        judge_depth(
            snakemake.input.test,
            snakemake.params.study | {"split": "test"},
            [path for path in snakemake.input.networks if path.endswith(".keras")],
            snakemake.params.criterion,
            snakemake.output[0],
        )
