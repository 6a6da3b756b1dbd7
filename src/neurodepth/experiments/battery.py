"""Classical experiments on dendrites, designed for whatever tree a cell has.

Currents of the originals are replaced by synapses, for synapses are all that a surrogate hears.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from neurodepth.experiments.design import Stimulus, at_once, in_turn, later, rounds
from neurodepth.experiments.sites import Sites

EPSP, SPIKES = "epsp_mv", "spikes"
NEAR = ("basal", "trunk", "oblique")  # regions of proximal input
# ASSUME: a single synapse of 0.4 nS is hardly seen at the soma, so that a few neighbours stand for one input.
GROUP = 3
INTERVALS_MS = (0, 5, 10, 20, 40)
SEQUENCE_MS = (1, 2, 4, 8)  # between synapses some 18 um apart: 18 to 2 um/ms; Branco et al. 2010 used 1 to 8 um/ms
CLUSTER_SPIKES = (1, 3, 6, 9, 15, 21, 30, 39)
# ASSUME: of the cell of Hay et al. 2011 on its background, so many proximal inputs evoke one spike and so many in the
# tuft none; measured in eight steps of ten or twenty.
PROXIMAL, TUFT = 80, 50
DELAYS_MS = (-40, -20, -10, 0, 10, 20, 40)
GAIN_SPIKES, GAIN_MS = (0, 20, 40, 60, 80, 100, 120), 10
HOT_SPOT_SPIKES, INHIBITORY_SPIKES = 18, 6  # ASSUME: six of 1 nS each
INHIBITION_MS = (-20, -10, 0, 5, 10)


@dataclass(frozen=True)
class Experiment:
    """One experiment.

    Attributes:
        title: What a reader calls it.
        source: Who did it.
        x_label: What `x` of its stimuli is, with the unit.
        measure: `epsp_mv` or `spikes`: what its figure shows.
        regions: In which a cell must have two branches.
        design: Its stimuli on a tree.
    """

    title: str
    source: str
    x_label: str
    measure: str
    regions: tuple[str, ...]
    design: Callable[[Sites], list[Stimulus]]


def possible(sites: Sites) -> dict[str, list[Stimulus]]:
    """Stimuli of the experiments that a tree allows, by name.

    Raises:
        ValueError: If it allows none.
    """
    found = {name: one.design(sites) for name, one in BATTERY.items() if sites.has_branches(one.regions, GROUP)}
    if not found:
        raise ValueError(
            f"the cell has too few dendrites to experiment on: expected two branches of {GROUP} segments in its basal dendrite or "
            "its tuft; choose another cell, or no experiments"
        )
    return found


def _summation(sites: Sites) -> list[Stimulus]:
    """Two inputs: the second on the first one's branch, on another one, and in the tuft."""
    one, other = sites.branches("basal")[:2]
    places = {"same branch": one[-GROUP:], "another branch": _middle(other), "tuft": _middle(sites.branches("tuft")[0])}
    first = Stimulus("first", 0, at_once(sites.synapses(_middle(one))))
    stimuli = []
    for place, segments in places.items():
        series = f"{place}, {sites.path_um(_middle(one)[1], segments[1]):.0f} µm away"
        for interval_ms in INTERVALS_MS:
            second = Stimulus(f"second, {place}", interval_ms, at_once(sites.synapses(segments), interval_ms))
            stimuli.append(Stimulus(series, interval_ms, first.spikes + second.spikes, (first, second)))
    return stimuli


def _direction(sites: Sites) -> list[Stimulus]:
    """Every synapse of a branch in turn."""
    outwards = sites.synapses(sites.branches("basal")[0])
    ways = {"towards the soma": outwards[::-1], "away from the soma": outwards}
    return [Stimulus(way, ms, in_turn(synapses, ms)) for way, synapses in ways.items() for ms in SEQUENCE_MS]


def _clusters(sites: Sites, region: str) -> list[Stimulus]:
    """More and more input spikes on one branch, and as many spread over all branches of its region."""
    cluster = sites.synapses(sites.branches(region)[0])
    ways = {f"on one {region} branch": cluster, f"over the {region} dendrite": sites.spread((region,), len(cluster))}
    return [Stimulus(way, n, rounds(synapses, n)) for way, synapses in ways.items() for n in CLUSTER_SPIKES]


def _bac(sites: Sites) -> list[Stimulus]:
    """A proximal volley in place of a current into the soma, a volley in the tuft, and both."""
    proximal, tuft = at_once(sites.near(NEAR, PROXIMAL)), at_once(sites.spread(("tuft",), TUFT))
    both = [Stimulus("both", delay_ms, proximal + later(tuft, delay_ms)) for delay_ms in DELAYS_MS]
    return [*both, Stimulus("proximal alone", 0, proximal), Stimulus("tuft alone", 0, tuft)]


def _gain(sites: Sites) -> list[Stimulus]:
    """More and more proximal input within a few milliseconds, without and with a volley in the tuft."""
    tuft = {"without tuft input": (), "with tuft input": at_once(sites.spread(("tuft",), TUFT))}
    proximal = {n: tuple((i % GAIN_MS, int(one)) for i, one in enumerate(sites.near(NEAR, n))) for n in GAIN_SPIKES}
    return [Stimulus(name, n, proximal[n] + tuft[name]) for name in tuft for n in GAIN_SPIKES]


def _inhibition(sites: Sites) -> list[Stimulus]:
    """A hot spot of excitation, with inhibition between it and the soma, beyond it, and on another branch."""
    branch, other = sites.branches("basal")[:2]
    excitation = rounds(sites.synapses(_middle(branch)), HOT_SPOT_SPIKES)
    places = {"on the path": branch[:GROUP], "beyond the hot spot": branch[-GROUP:], "on another branch": other[:GROUP]}
    stimuli = [Stimulus("none", 0, excitation)]
    for place, segments in places.items():
        inhibition = rounds(sites.synapses(segments, is_excitatory=False), INHIBITORY_SPIKES)
        stimuli += [Stimulus(place, ms, excitation + later(inhibition, ms)) for ms in INHIBITION_MS]
    return stimuli


def _middle(branch: np.ndarray) -> np.ndarray:
    """`GROUP` segments in the middle of a branch."""
    start = (len(branch) - GROUP) // 2
    return branch[start : start + GROUP]


BATTERY = {
    "summation": Experiment(
        *("Two inputs by distance and interval", "Cash and Yuste 1998", "Second input after the first (ms)"),
        *(EPSP, ("basal", "tuft"), _summation),
    ),
    "direction": Experiment(
        *("A sequence along a branch", "Branco et al. 2010", "Interval between synapses (ms)"),
        *(EPSP, ("basal",), _direction),
    ),
    "clusters": Experiment(
        *("Clustered and spread input", "Polsky et al. 2004", "Input spikes"),
        *(EPSP, ("basal",), partial(_clusters, region="basal")),
    ),
    "nmda_spike": Experiment(
        *("Dendritic spike of the tuft", "Larkum et al. 2009", "Input spikes"),
        *(EPSP, ("tuft",), partial(_clusters, region="tuft")),
    ),
    "bac": Experiment(
        *("Spike and tuft input (BAC firing)", "Larkum et al. 1999", "Tuft input after proximal input (ms)"),
        *(SPIKES, ("basal", "tuft"), _bac),
    ),
    "gain": Experiment(
        *("Gain set by the tuft", "Larkum et al. 2004", "Proximal input spikes"), *(SPIKES, ("basal", "tuft"), _gain)
    ),
    "inhibition": Experiment(
        *(
            "Inhibition on and off the path",
            "Koch et al. 1983, Gidon and Segev 2012",
            "Inhibition after excitation (ms)",
        ),
        *(EPSP, ("basal",), _inhibition),
    ),
}
