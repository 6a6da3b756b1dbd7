"""Colours that the page's scripts share with the figures for print."""

from typing import Any

import matplotlib
import numpy as np
from matplotlib import colors

from neurodepth.figures import style

PX_PER_PT = 4 / 3  # CSS
STOPS = np.linspace(0, 1, 33)  # of a colour map, between which a browser mixes


def depth_colours(depth: int) -> tuple[str, str]:
    """The colour of a depth on a light and on a dark page."""
    place = (depth - 1) % len(style.DEPTH_COLOURS)
    return style.DEPTH_COLOURS[place], style.DEPTH_COLOURS_ON_DARK[place]


def _stops(name: str) -> list[str]:
    return [colors.to_hex(colour) for colour in matplotlib.colormaps[name](STOPS)]


PALETTE: dict[str, Any] = {
    "depth_colours": list(style.DEPTH_COLOURS),
    "depth_colours_on_dark": list(style.DEPTH_COLOURS_ON_DARK),
    "depth_dashes": [
        ",".join(f"{PX_PER_PT * one:.3g}px" for one in dashes) or "solid" for dashes in style.DEPTH_DASHES
    ],
    "excitatory": style.EXCITATORY,
    "inhibitory": style.INHIBITORY,
    "regions": style.REGION_COLOURS,
    "cividis": _stops("cividis"),
    "viridis": _stops("viridis"),
}
