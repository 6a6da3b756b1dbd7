"""Rank the neurons of a study by their complexity, with the sizes of their trees."""

import json
from pathlib import Path

import numpy as np

from neurodepth import jobs, neurons, result_files


def rank_neurons(verdict_path, accuracy_path, tree_paths, table_path):
    verdicts = json.loads(Path(verdict_path).read_text())["cells"]
    trees = [np.load(path) for path in tree_paths]
    neurons.rank(verdicts, result_files.read_table(accuracy_path), trees).to_csv(table_path, index=False)


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        rank_neurons(
            snakemake.input.verdict,
            snakemake.input.accuracy,
            snakemake.input.trees,
            snakemake.output[0],
        )
