"""Sizes of synapses: factors on the conductance of each, drawn once for a cell."""

from typing import Any

import numpy as np


def draw_weights(kinds: np.ndarray, synapses: dict[str, Any], distance_um: np.ndarray) -> np.ndarray:
    """Draw the weight of each synapse; the mean of a kind is 1, so that its total conductance stays.

    Args:
        kinds: excitatory or inhibitory for each synapse, neighbours on the dendrite next to each other, shape (synapses,).
        synapses: The `synapses` mapping of a cell definition; a kind without `weights` has 1 throughout, times the weight
            of a vesicle where it has `release`.
        distance_um: Path distance from the soma, shape (synapses,).

    Returns:
        Factors on the conductance of one event, shape (synapses,).
    """
    weights = np.ones(len(kinds))
    for number, kind in enumerate(("excitatory", "inhibitory")):
        of_kind = synapses.get(kind, {})
        rows = np.flatnonzero(kinds == kind)
        if "weights" in of_kind and rows.size:
            rng = np.random.default_rng(np.random.SeedSequence([of_kind["weights"]["seed"], number]))
            weights[rows] = _draw(distance_um[rows], of_kind["weights"], rng)
        weights[rows] *= of_kind.get("release", {}).get("vesicle_weight", 1)
    return weights


def quantise(weights: np.ndarray, bits: float) -> np.ndarray:
    """Round weights to 2**bits levels, a whole number of them: the middles of bins of equal width in the logarithm, from the smallest to the largest."""
    logarithm = np.log(weights)
    edges = np.linspace(logarithm.min(), logarithm.max(), round(2**bits) + 1)
    middles = (edges[1:] + edges[:-1]) / 2
    return np.exp(middles[np.searchsorted(edges[1:-1], logarithm, side="right")])


def _draw(distance_um: np.ndarray, settings: dict[str, Any], rng: np.random.Generator) -> np.ndarray:
    n, size = len(distance_um), settings.get("cluster_synapses", 1)
    weights = np.repeat(DISTRIBUTIONS[settings["distribution"]](-(-n // size), settings, rng), size)[:n]
    spread = np.sqrt(np.log1p(settings.get("variability", 0) ** 2))  # of the logarithm, for a coefficient of variation
    weights *= rng.lognormal(-(spread**2) / 2, spread, n)
    if "doubling_distance_um" in settings:
        weights *= 2 ** (distance_um / settings["doubling_distance_um"])
    if "bits" in settings:
        weights = quantise(weights, settings["bits"])
    return weights / weights.mean()


def _equal(n: int, settings: dict[str, Any], rng: np.random.Generator) -> np.ndarray:
    return np.ones(n)


def _log_normal(n: int, settings: dict[str, Any], rng: np.random.Generator) -> np.ndarray:
    return rng.lognormal(0, settings["sigma"], n)


def _sizes(n: int, settings: dict[str, Any], rng: np.random.Generator) -> np.ndarray:
    """Sizes spread evenly in the logarithm, each as likely as another."""
    return np.geomspace(1, settings["range"], settings["sizes"])[rng.integers(0, settings["sizes"], n)]


DISTRIBUTIONS = {"equal": _equal, "log_normal": _log_normal, "sizes": _sizes}
