"""What all figures share: colours, markers, type and lines."""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec

import matplotlib
from matplotlib.figure import Figure

# One colour means one depth everywhere, depth 1 first. Found by search from Okabe and Ito's set: any two differ by at least
# 10 (CIEDE2000) to the usual eye and in simulated protanopia, deuteranopia and tritanopia, and each stands out 3 to 1.
DEPTH_COLOURS = ("#e55f0a", "#a676a6", "#689070", "#0d8bff", "#933107", "#5b686a", "#5e06f1", "#252188")
DEPTH_COLOURS_ON_DARK = ("#f8931b", "#f3d6ff", "#90e4bd", "#1b6df0", "#bd5e48", "#657272", "#896d9e", "#a6a8ff")
DEPTH_MARKERS = ("o", "v", "s", "<", "P", "X", "D", ">")
# Lengths of dashes and gaps in points, where lines have no markers; none is a line without gaps.
DEPTH_DASHES = ((), (5, 1.5), (2, 1), (8, 1.5, 2, 1.5), (1, 1), (8, 1.5, 2, 1.5, 2, 1.5), (12, 2), (4, 1, 1, 1))
EXCITATORY, INHIBITORY = "#a3263f", "#7568c0"
# Of the same set, in an order that keeps neighbouring regions apart.
REGION_COLOURS = {
    **{"soma": "#000000", "axon": "#999999", "basal": "#0072b2", "trunk": "#d55e00"},
    **{"oblique": "#e69f00", "tuft": "#009e73"},
}
INK, FAINT = "#1c2127", "#8b939c"
PALE, MIDDLE = "#e4e7ea", "#5b646e"
STYLE: dict[Any, Any] = {
    **{"font.family": "DejaVu Sans", "font.size": 9, "axes.titlesize": 9, "axes.labelsize": 9},
    **{"axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#5b646e", "axes.linewidth": 0.8},
    **{"text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK},
    **{"legend.frameon": False, "legend.fontsize": 8, "lines.linewidth": 1.6, "axes.axisbelow": True},
    **{"svg.fonttype": "none", "svg.hashsalt": "neurodepth", "pdf.fonttype": 42},
}
Drawing = ParamSpec("Drawing")


def depth_colour(depth: int) -> str:
    """The colour of a depth in every figure."""
    return DEPTH_COLOURS[(depth - 1) % len(DEPTH_COLOURS)]


def depth_marker(depth: int) -> str:
    """The marker of a depth in every figure."""
    return DEPTH_MARKERS[_moved_on(depth)]


def depth_dash(depth: int) -> Any:
    """The line style of a depth in figures of lines without markers."""
    dashes = DEPTH_DASHES[_moved_on(depth)]
    return (0, dashes) if dashes else "-"


def _moved_on(depth: int) -> int:
    """Place among markers or dashes: it moves on with each round of the colours, so that no pair returns before depth 65."""
    rounds, place = divmod(depth - 1, len(DEPTH_COLOURS))
    return (place + rounds) % len(DEPTH_COLOURS)


def layers(depth: int) -> str:
    """`1 layer`, `3 layers`."""
    return f"{depth} layer" if depth == 1 else f"{depth} layers"


def styled(draw: Callable[Drawing, Figure]) -> Callable[Drawing, Figure]:
    """Draw with this module's style."""

    @functools.wraps(draw)
    def draw_styled(*args: Drawing.args, **kwargs: Drawing.kwargs) -> Figure:
        with matplotlib.rc_context(STYLE):
            return draw(*args, **kwargs)

    return draw_styled
