"""Figures on disk and inside a page: inline SVG, or base64 PNG where SVG would be too large."""

import base64
import html
import io
import re
from pathlib import Path

import matplotlib
import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure
from PIL import Image

from neurodepth.figures import STYLE

LARGEST_SVG_CHARACTERS = 60_000  # above it pages of many neurons would grow too large
RASTER_DPI = 110
RASTER_COLOURS = 48  # a third of the bytes of all colours
PIXELS_PER_INCH = 96  # CSS
MAGNIFICATION = 1.15  # a figure may grow this much to fill its column
# No date, so that equal results give equal files.
METADATA: dict[str, dict[str, None]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}


def embed(figure: Figure, folder: Path, name: str, alternative: str, as_image: bool = False) -> Markup:
    """Write a figure as SVG and PDF, and turn it into HTML that loads nothing.

    Args:
        figure: What to show.
        folder: Where to write the files.
        name: Of the files, and unique in the page: identifiers inside the SVG start with it.
        alternative: What the figure shows, in words, for those who do not see it.
        as_image: Show it as an image however small it is: a browser takes less time over one than over its lines.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _settle(figure)
    svg = _render(figure, "svg")
    (folder / f"{name}.svg").write_bytes(svg)
    (folder / f"{name}.pdf").write_bytes(_render(figure, "pdf"))
    widest = f"max-width:{figure.get_figwidth() * PIXELS_PER_INCH * MAGNIFICATION:.0f}px"
    if as_image or len(svg) > LARGEST_SVG_CHARACTERS:
        source = f"data:image/png;base64,{base64.b64encode(_few_colours(_render(figure, 'png'))).decode()}"
        return Markup('<img src="{}" alt="{}" style="{}">').format(source, alternative, widest)
    return Markup(_inline(svg.decode(), name, alternative, widest))  # noqa: S704 - matplotlib has escaped its text


def _settle(figure: Figure) -> None:
    """Lay out once, to rounded positions: the solver's last digits differ from run to run and would show in files."""
    with matplotlib.rc_context(STYLE):
        figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, bottom, width, height = np.round(axes.get_position().bounds, 4)
        axes.set_position((left, bottom, width, height))


def _inline(svg: str, name: str, alternative: str, style: str) -> str:
    """Make an SVG file part of a page: a text alternative, a size set by the page, identifiers of its own."""
    opening, content = svg[svg.index("<svg") + len("<svg") :].split(">", 1)
    opening = re.sub(r'\s(width|height)="[^"]*"', "", opening)
    content = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", content, flags=re.DOTALL)
    content = re.sub(r' (d|x|y)="([^"]+)"', _shorten, content)
    content = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", content)
    return f'<svg role="img" aria-label="{html.escape(alternative)}" style="{style}"{opening}>{content}'


def _shorten(attribute: re.Match[str]) -> str:
    """Coordinates to a hundredth of a point: a third of the bytes of a drawing, and nobody sees it."""
    coordinates = re.sub(r"(\.\d\d)\d+", r"\1", " ".join(attribute[2].split()))
    return f' {attribute[1]}="{coordinates}"'


def _few_colours(png: bytes) -> bytes:
    written = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(RASTER_COLOURS).save(written, format="png", optimize=True)
    return written.getvalue()


def _render(figure: Figure, file_format: str) -> bytes:
    written = io.BytesIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(written, format=file_format, dpi=RASTER_DPI, metadata=METADATA[file_format])
    return written.getvalue()
