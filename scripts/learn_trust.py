"""Learn what input the networks of a cell know, and how wrong they are on it."""

from neurodepth import dataset, jobs, trust
from neurodepth.networks import backend


def learn_trust(train_paths, validation_paths, study, network_paths, tree_path, trust_path):
    train, validation = (
        dataset.read_split(paths, optional=(), expected=study | {"split": split})
        for split, paths in (("train", train_paths), ("validation", validation_paths))
    )
    trust.write(trust_path, trust.learn(train, validation, trust.read_places(tree_path), network_paths))


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        backend.use_threads(snakemake.threads)
        learn_trust(
            snakemake.input.train,
            snakemake.input.validation,
            snakemake.params.study,
            [path for path in snakemake.input.networks if path.endswith(".keras")],
            snakemake.input.tree,
            snakemake.output[0],
        )
