"""Record a few test trials to play: what the cell did, and what networks predict of it."""

import numpy as np

from neurodepth import dataset, inspection, jobs, playback, training_data
from neurodepth.networks import backend


def play_trials(test_paths, expected, network_paths, tree_path, learned_path, basis_path, played_path):
    test = dataset.read_split(test_paths, expected=expected)
    trials = playback.take(test, playback.choose_trials(test))
    paths = inspection.choose(network_paths)
    with np.load(learned_path) as learned:
        threshold = dict(zip(learned["roc_depth"].tolist(), learned["roc_threshold_logit"].tolist(), strict=True))
        shown = sorted({min(paths), int(learned["depth"])})
    played = playback.record(trials) | playback.predict(
        trials, {depth: (paths[depth], threshold[depth]) for depth in shown}
    )
    if basis_path:
        with np.load(tree_path) as tree:
            basis = dataset.read_basis(basis_path, {name: expected[name] for name in training_data.CELL})
            played |= playback.reconstruct_dendrite(trials, basis, tree["segment_region"])
    np.savez_compressed(played_path, **played)


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        backend.use_threads(snakemake.threads)
        play_trials(
            snakemake.input.test,
            snakemake.params.study | {"split": "test"},
            [path for path in snakemake.input.networks if path.endswith(".keras")],
            snakemake.input.tree,
            snakemake.input.learned,
            snakemake.input.get("basis"),
            snakemake.output[0],
        )
