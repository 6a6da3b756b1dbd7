"""What Beniaguev, Segev and London published, to stand beside our numbers."""

from dataclasses import dataclass

CITATION = (
    "Beniaguev, Segev & London (2021) Single cortical neurons as deep artificial neural networks. Neuron 109:2727"
)
DOI = "10.1016/j.neuron.2021.07.002"


@dataclass(frozen=True)
class Published:
    """A network of the paper.

    Attributes:
        depth: Layers.
        network: Layers, units a layer and what it sees of the past.
        auc: ROC AUC of its spike prediction.
        data: Simulated biology that it was trained on; empty where we do not know.
    """

    depth: int
    network: str
    auc: float
    data: str


_NMDA = Published(7, "7 layers of 128 units, 153\N{NARROW NO-BREAK SPACE}ms", 0.9911, "about 200 h")
_NO_NMDA = Published(1, "1 layer of 128 units, 43\N{NARROW NO-BREAK SPACE}ms", 0.9913, "")
# By (cell, variant); Beniaguev et al. 2021, Figures 1 to 3.
PUBLISHED = {
    ("l5pc", "nmda"): _NMDA,
    ("l5pc", "no_nmda"): _NO_NMDA,
    ("l5pc_hay2011", "nmda"): _NMDA,
    ("l5pc_hay2011", "no_nmda"): _NO_NMDA,
    ("lif", "default"): Published(1, "1 unit", 0.9973, ""),
}
