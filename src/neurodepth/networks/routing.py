"""Which synapses each branch of an ELM neuron collects, without a morphology."""

import numpy as np


def overlapping_windows(n_synapses: int, n_branches: int, synapses_per_branch: int) -> tuple[np.ndarray, np.ndarray]:
    """Connections of synapses to branches as Spieler et al. 2024 route the inputs of this cell.

    Excitatory and inhibitory synapses, which stand in two blocks, are interlaced first, so that those of one place are
    neighbours; then each branch takes a window of neighbours. Windows overlap, and the last ones reach over the end.

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
    interlaced = np.empty(n_synapses, int)
    n_first = -(-n_synapses // 2)
    interlaced[0::2], interlaced[1::2] = np.arange(n_first), np.arange(n_first, n_synapses)
    place = stride * np.arange(n_branches)[:, None] + np.arange(synapses_per_branch)
    branch, _ = np.nonzero(place < n_synapses)
    return interlaced[place[place < n_synapses]], branch
