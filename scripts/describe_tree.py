"""Describe a cell as it is drawn: segments, regions, channels, synapses and their mean input rates."""

import numpy as np

from neurodepth import cells, data_statistics, dataset, jobs
from neurodepth.cells import anatomy, definition


def describe_tree(cell_path, variant, test_paths, expected, tree_path):
    cell = cells.build(definition.read(cell_path, variant), simulator="neuron")  # nothing is simulated: no tables
    test = dataset.read_split(test_paths, optional=(), expected=expected)
    np.savez_compressed(tree_path, **anatomy.describe(cell), rate_hz=data_statistics.synapse_rates_hz(test))


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        describe_tree(
            snakemake.params.cell_path,
            snakemake.wildcards.variant,
            snakemake.input.test,
            snakemake.params.study | {"split": "test"},
            snakemake.output[0],
        )
