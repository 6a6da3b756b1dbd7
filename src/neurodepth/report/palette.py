"""Colours that the page's scripts share with the figures for print."""

from typing import Any

import matplotlib
import numpy as np
from matplotlib import colors

from neurodepth.figures import style

STOPS = np.linspace(0, 1, 33)  # of a colour map, between which a browser mixes


def _stops(name: str) -> list[str]:
    return [colors.to_hex(colour) for colour in matplotlib.colormaps[name](STOPS)]


PALETTE: dict[str, Any] = {
    "depth_colours": list(style.DEPTH_COLOURS),
    "excitatory": style.EXCITATORY,
    "inhibitory": style.INHIBITORY,
    "regions": style.REGION_COLOURS,
    "cividis": _stops("cividis"),
    "viridis": _stops("viridis"),
}
