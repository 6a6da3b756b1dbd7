"""What all figures share: colours, markers, type and lines."""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec

import matplotlib
from matplotlib.figure import Figure

# One colour means one depth everywhere: Okabe and Ito's colour-blind safe set, depth 1 first.
DEPTH_COLOURS = ("#e69f00", "#cc79a7", "#009e73", "#56b4e9", "#a0522d", "#7f7f7f", "#0072b2", "#332288")
DEPTH_MARKERS = ("o", "v", "s", "<", "P", "X", "D", ">")
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
    return DEPTH_MARKERS[(depth - 1) % len(DEPTH_MARKERS)]


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
