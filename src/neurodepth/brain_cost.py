"""What a brain would cost if every neuron cost what its surrogate costs, beside estimates of others.

Every number is an assumption that a reader may change: `estimate(network, ASSUMPTIONS | {"neurons": changed})`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd


@dataclass(frozen=True)
class Assumption:
    """A number that an estimate rests on.

    Attributes:
        title: What a reader calls it.
        value: In `unit`.
        unit: Empty where it has none.
        source: Who says so.
    """

    title: str
    value: float
    unit: str
    source: str

    def changed(self, value: float, source: str = "reader") -> "Assumption":
        """The same with another value."""
        return replace(self, value=value, source=source)


ASSUMPTIONS: dict[str, Assumption] = {
    "neurons": Assumption("Neurons of a human brain", 86e9, "", "Azevedo et al. 2009"),
    "pyramidal_share": Assumption(
        "Share of neurons that need this surrogate", 0.19, "", "neurons of the cerebral cortex: Azevedo et al. 2009"
    ),
    "other_multiply_adds_per_ms": Assumption(
        "Multiply-adds of any other neuron",
        1e3,
        "a millisecond",
        "ASSUME: a thousandth; most are granule cells",
    ),
    "synapses": Assumption("Synapses of a human brain", 1.5e14, "", "neocortex: Pakkenberg et al. 2003"),
    "rate": Assumption("Mean rate of a synapse", 1.0, "Hz", "ASSUME: of the order of Lennie 2003"),
    "dettmers": Assumption("Estimate of Dettmers 2015", 1e21, "operations a second", "blog post on timdettmers.com"),
    "image_network": Assumption(
        "Multiply-adds of a 50-layer image network", 3.8e9, "an image", "He et al. 2016, arXiv:1512.03385, Table 1"
    ),
    "images": Assumption("Images that it sees", 30.0, "a second", "ASSUME: a film's"),
}


def estimate(multiply_adds_per_ms: float, assumptions: Mapping[str, Assumption] = ASSUMPTIONS) -> pd.DataFrame:
    """Operations a second of a brain, by three routes, and neurons in an image network.

    Args:
        multiply_adds_per_ms: Of the surrogate, as `networks.cost.count` measures it.
        assumptions: By name, as in `ASSUMPTIONS`.

    Returns:
        Columns estimate, value and unit; a multiply-add is two operations.
    """
    value = {name: one.value for name, one in assumptions.items()}
    own = value["pyramidal_share"] * multiply_adds_per_ms
    others = (1 - value["pyramidal_share"]) * value["other_multiply_adds_per_ms"]
    per_second = 2e3 * value["neurons"] * (own + others)
    synaptic = 2 * value["synapses"] * value["rate"]
    image_network = value["image_network"] * value["images"] / (1e3 * multiply_adds_per_ms)
    rows = [
        ("all neurons by surrogate", per_second, "operations a second"),
        ("synapses times rate", synaptic, "operations a second"),
        ("Dettmers 2015", value["dettmers"], "operations a second"),
        ("surrogates over synapses times rate", per_second / synaptic, ""),
        ("Dettmers 2015 over surrogates", value["dettmers"] / per_second, ""),
        ("neurons for the arithmetic of the image network", image_network, "neurons"),
    ]
    return pd.DataFrame(rows, columns=["estimate", "value", "unit"])
