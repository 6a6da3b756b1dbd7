"""Tabulate what the trials of all neurons of a study are like."""

import numpy as np

from neurodepth import data_comparison, jobs


def tabulate_data(neurons, statistics_paths, table_path):
    statistics = {neuron: np.load(path) for neuron, path in zip(neurons, statistics_paths, strict=True)}
    data_comparison.tabulate(statistics).to_csv(table_path, index=False)


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        tabulate_data(snakemake.params.neurons, snakemake.input, snakemake.output[0])
