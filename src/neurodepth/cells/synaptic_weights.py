"""Sizes of synapses: factors on the conductance of each, drawn once for a cell."""

from typing import Any

import numpy as np


def draw_weights(kinds: np.ndarray, synapses: dict[str, Any]) -> np.ndarray:
    """Draw the weight of each synapse; the mean of a kind is 1, so that its total conductance stays.

    Args:
        kinds: excitatory or inhibitory for each synapse, shape (synapses,).
        synapses: The `synapses` mapping of a cell definition; a kind without `weights` has 1 throughout.

    Returns:
        Factors on the conductance of one event, shape (synapses,).
    """
    weights = np.ones(len(kinds))
    for number, kind in enumerate(("excitatory", "inhibitory")):
        of_kind = synapses.get(kind, {})
        rows = np.flatnonzero(kinds == kind)
        if "weights" in of_kind and rows.size:
            rng = np.random.default_rng(np.random.SeedSequence([of_kind["weights"]["seed"], number]))
            drawn = DISTRIBUTIONS[of_kind["weights"]["distribution"]](rows.size, of_kind["weights"], rng)
            if "bits" in of_kind["weights"]:
                drawn = quantise(drawn, of_kind["weights"]["bits"])
            weights[rows] = drawn / drawn.mean()
        weights[rows] *= of_kind.get("release", {}).get("vesicle_weight", 1)
    return weights


def quantise(weights: np.ndarray, bits: int) -> np.ndarray:
    """Round weights to 2**bits levels spread evenly in the logarithm from the smallest to the largest one."""
    logarithm = np.log(weights)
    levels = np.linspace(logarithm.min(), logarithm.max(), 2**bits)
    nearest = np.abs(logarithm[:, None] - levels).argmin(axis=1)
    return np.exp(levels[nearest])


def _log_normal(n: int, settings: dict[str, Any], rng: np.random.Generator) -> np.ndarray:
    return rng.lognormal(0, settings["sigma"], n)


def _sizes(n: int, settings: dict[str, Any], rng: np.random.Generator) -> np.ndarray:
    """Sizes spread evenly in the logarithm, as likely each, with a variability within a size."""
    size = np.geomspace(1, settings["range"], settings["sizes"])[rng.integers(0, settings["sizes"], n)]
    spread = np.sqrt(np.log1p(settings["variability"] ** 2))  # of the logarithm, for that coefficient of variation
    return size * rng.lognormal(-(spread**2) / 2, spread, n)


DISTRIBUTIONS = {"log_normal": _log_normal, "sizes": _sizes}
