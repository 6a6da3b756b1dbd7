"""Energy of a network's arithmetic a millisecond of simulated time, and of the neuron that it stands in for.

Arithmetic alone, on a chip of 2014: reading weights from memory costs more where they do not stay beside it.
"""

# Horowitz 2014, ISSCC, Figure 1.1.9, 45 nm at 0.9 V: a product and a sum. A product with a sign or a power of two is none.
PJ_PER_MULTIPLY_ADD = {"float32": 3.7 + 0.9, "int8": 0.2 + 0.03, "sum of float32": 0.9, "sum of int32": 0.1}
BRAIN_W, BRAIN_NEURONS = 20.0, 86e9  # of a human: Clarke and Sokoloff 1999; Azevedo et al. 2009


def of_network_uj(multiply_adds_per_ms: float, arithmetic: str) -> float:
    """Energy of a millisecond in uJ; `arithmetic` is a key of `PJ_PER_MULTIPLY_ADD`."""
    return multiply_adds_per_ms * PJ_PER_MULTIPLY_ADD[arithmetic] * 1e-6


def of_neuron_uj() -> float:
    """Energy of a millisecond of the mean neuron of a human brain in uJ."""
    return BRAIN_W / BRAIN_NEURONS * 1e3  # W are 1e6 uJ in 1e3 ms
