"""A tree small enough to count on, for the tests of experiments and of trust."""

import numpy as np

from neurodepth.cells.trial import Events
from neurodepth.synapse_types import SynapseTypes
from neurodepth.trials import Trials
from neurodepth.trust import Places

BRANCH = 9  # segments of each branch
SECTIONS = ("soma", "trunk", "basal", "basal", "tuft", "tuft")
PARENTS = (None, 0, 0, 0, 1, 1)  # section that each one grows from


def tree():
    """A soma, a trunk, two basal branches at the soma and two tuft branches on the trunk; both kinds of synapses everywhere."""
    section = np.concatenate([[0], np.repeat(np.arange(1, len(SECTIONS)), BRANCH)])
    parent, distance_um = [-1], [0.0]
    for grown_from in PARENTS[1:]:
        for place in range(BRANCH):
            before = len(parent) - 1 if place else np.flatnonzero(section == grown_from)[-1]
            parent.append(int(before))
            distance_um.append(distance_um[before] + 20.0)
    dendritic = np.flatnonzero(section > 0)
    return {
        "segment_section": section,
        "segment_parent": np.array(parent),
        "segment_region": np.array(SECTIONS)[section],
        "segment_distance_um": np.array(distance_um),
        "synapse_segment": np.concatenate([dendritic, dendritic]),
        "synapse_excitatory": np.repeat([True, False], len(dendritic)),
    }


def poisson_trials(n_trials, rate_hz, seed, duration_ms=1500, n_synapses=90):
    """Trials of independent input and a cell at rest."""
    rng = np.random.default_rng(seed)
    spikes = rng.random((n_trials, duration_ms, n_synapses)) < rate_hz / 1000
    events = [Events(*(one.astype(np.uint16) for one in np.nonzero(trial))) for trial in spikes]
    return Trials(
        *(n_synapses, n_synapses // 2, np.arange(n_trials), events, [np.zeros(0)] * n_trials),
        soma_voltage_mv=np.full((n_trials, duration_ms), -70, np.float32),
    )


def places_of(trials):
    """Places of the synapses of a point neuron: one branch."""
    is_excitatory = np.arange(trials.n_synapses) < trials.n_excitatory
    types = SynapseTypes(("excitatory", "inhibitory"), (~is_excitatory).astype(int))
    return Places(types, np.zeros(trials.n_synapses, int), is_excitatory)
