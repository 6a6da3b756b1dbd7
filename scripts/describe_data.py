"""Describe the trials of a cell: rates, intervals between spikes, voltages, input."""

import numpy as np

from neurodepth import data_statistics, dataset, jobs, synapse_types

SPLITS = ("train", "validation", "test")


def describe_data(paths, study, tree_path, statistics_path):
    splits = {split: _shards(paths[split], study | {"split": split}) for split in SPLITS}
    np.savez_compressed(statistics_path, **data_statistics.describe(splits, synapse_types.read(tree_path)))


def _shards(paths, expected):
    """Trials of one shard after the other: no more than one is in memory."""
    for path in paths:
        yield dataset.read_split([path], optional=(), expected=expected)


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        describe_data(
            {split: snakemake.input[split] for split in SPLITS},
            snakemake.params.study,
            snakemake.input.tree,
            snakemake.output[0],
        )
