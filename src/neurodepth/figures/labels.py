"""Labels of points, placed so that they do not lie on each other."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from neurodepth.figures.style import MIDDLE

TEXT_PT = 7
MARKER_PX = 10  # of a box around a point that no label should cover
BAR_PX = 4  # of one around its interval
# Offsets in points, and where the text is anchored: beside the point first, then farther away at the end of a line.
PLACES = [
    (x, y, "left" if x > 0 else "right" if x < 0 else "center", "bottom" if y > 0 else "top" if y < 0 else "center")
    for distance in (6, 14, 24, 36, 50)
    for x, y in (
        *((distance, -3), (distance, 3), (-distance, -3), (-distance, 3), (0, -distance), (0, distance)),
        *((distance, -distance), (distance, distance), (-distance, -distance), (-distance, distance)),
    )
]
LINE: dict[str, Any] = {"arrowstyle": "-", "color": MIDDLE, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 3}


def label_points(figure: Figure, axes: Axes, points: np.ndarray, texts: Sequence[str], intervals: np.ndarray) -> None:
    """Write each text beside its point, where it covers the least of other texts, points, intervals and the axes' edge.

    Args:
        figure: That the axes are in.
        axes: With limits and scales as they will be shown.
        points: In data coordinates, shape (points, 2); those without a text are kept clear too.
        texts: Of each point, `""` for none.
        intervals: Lower and upper end of each point's upright bar, in data coordinates, shape (points, 2).
    """
    figure.draw_without_rendering()  # the layout decides where points lie
    inside, middle = axes.get_window_extent(), axes.transData.transform(points)
    taken = [Bbox.from_bounds(x - MARKER_PX / 2, y - MARKER_PX / 2, MARKER_PX, MARKER_PX) for x, y in middle]
    known = np.isfinite(intervals).all(axis=1)
    for (x, _), ends in zip(points[known], intervals[known], strict=True):
        (left, low), (_, high) = axes.transData.transform([(x, end) for end in ends])
        taken.append(Bbox.from_extents(left - BAR_PX / 2, low, left + BAR_PX / 2, high))
    for point, text in sorted(zip(points, texts, strict=True), key=lambda one: tuple(one[0])):
        if not text:
            continue
        offset: dict[str, Any] = {"textcoords": "offset points", "fontsize": TEXT_PT, "annotation_clip": False}
        label = axes.annotate(text, point, xytext=(0, 0), **offset)
        costs = []
        for x, y, horizontal, vertical in PLACES:
            label.set(position=(x, y), ha=horizontal, va=vertical)
            box = label.get_window_extent()
            outside = box.width * box.height - _overlap(box, inside)
            costs.append(outside + sum(_overlap(box, other) for other in taken))
        x, y, horizontal, vertical = PLACES[int(np.argmin(costs))]
        label.set(position=(x, y), ha=horizontal, va=vertical)
        taken.append(label.get_window_extent())
        if max(abs(x), abs(y)) > PLACES[0][0]:
            axes.annotate("", point, xytext=(x, y), textcoords="offset points", arrowprops=LINE, zorder=1)


def _overlap(one: Bbox, other: Bbox) -> float:
    """Area in square pixels that two boxes share."""
    common = Bbox.intersection(one, other)
    return common.width * common.height if common else 0.0
