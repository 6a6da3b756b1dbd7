"""Inspect what the networks of a cell have learned, one of each depth."""

import numpy as np
import pandas as pd

from neurodepth import dataset, inspection, jobs, synapse_types
from neurodepth.networks import backend


def inspect_networks(test_paths, expected, network_paths, tree_path, learned_path, sparsity_path, ablation_path):
    test = dataset.read_split(test_paths, optional=(), expected=expected)
    types = synapse_types.read(tree_path)
    learned = inspection.inspect(inspection.choose(network_paths), test, types, expected["seed"])
    np.savez_compressed(learned_path, **learned)
    pd.DataFrame({name: learned[name] for name in inspection.SPARSITY_COLUMNS}).to_csv(sparsity_path, index=False)
    pd.DataFrame({name: learned[name] for name in inspection.ABLATION_COLUMNS}).to_csv(ablation_path, index=False)


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        backend.use_threads(snakemake.threads)
        inspect_networks(
            snakemake.input.test,
            snakemake.params.study | {"split": "test"},
            [path for path in snakemake.input.networks if path.endswith(".keras")],
            snakemake.input.tree,
            snakemake.output.learned,
            snakemake.output.sparsity,
            snakemake.output.ablation,
        )
