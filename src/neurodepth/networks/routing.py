"""Which synapses each branch of an ELM neuron collects, without a morphology."""

import numpy as np


def overlapping_windows(
    n_synapses: int, n_excitatory: int, n_branches: int, synapses_per_branch: int
) -> tuple[np.ndarray, np.ndarray]:
    """Connections of synapses to branches as Spieler et al. 2024 route the inputs of this cell.

    Excitatory synapses and inhibitory ones, which stand behind them, are interlaced first, so that those of one relative
    place are neighbours (one of each in turn, where they are as many); then each branch takes a window of neighbours. Windows overlap, and the last ones reach over the end.

    Returns:
        Synapse and branch of each connection, both of shape (connections,).

    Raises:
        ValueError: If the windows leave a gap.
    """
    stride = -(-n_synapses // n_branches)
    if stride > synapses_per_branch:
        raise ValueError(
            f"network of type elm: expected synapses_per_branch of at least {stride} for {n_synapses} synapses on "
            f"{n_branches} branches, found {synapses_per_branch}: some synapses would act on no branch"
        )
    blocks = n_excitatory, n_synapses - n_excitatory
    interlaced = np.argsort(np.concatenate([(np.arange(n) + 0.5) / max(n, 1) for n in blocks]), kind="stable")
    place = stride * np.arange(n_branches)[:, None] + np.arange(synapses_per_branch)
    branch, _ = np.nonzero(place < n_synapses)
    return interlaced[place[place < n_synapses]], branch
