"""Colours of depths can be told apart by everybody, and stand out from the page."""

import itertools
import re

import numpy as np
import pytest

from neurodepth.figures import style

# Simulation of dichromats in linear RGB: Machado, Oliveira & Fernandes 2009, severity 1.
SIGHT = {
    "usual": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
XYZ_OF_RGB = np.array(  # IEC 61966-2-1
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
SMALLEST_DIFFERENCE = 10  # CIEDE2000; 2 is just seen side by side
SMALLEST_CONTRAST = 3  # WCAG 2.2, 1.4.11
PALETTES = {"light": style.DEPTH_COLOURS, "dark": style.DEPTH_COLOURS_ON_DARK}


def linear_rgb(colour):
    share = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    x, y, z = np.cbrt(np.maximum(XYZ_OF_RGB @ np.clip(rgb, 0, 1) / XYZ_OF_RGB.sum(axis=1), 0.0089))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def difference(one, other):
    """CIEDE2000, Sharma, Wu & Dalal 2005."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    chroma_7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(chroma_7 / (chroma_7 + 25**7))
    c1, c2 = np.hypot(stretch * a1, b1), np.hypot(stretch * a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, stretch * a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + 180) % 360 - 180
    hue, chroma, light = np.radians(h1 + turn / 2), (c1 + c2) / 2, (l1 + l2) / 2
    degree = np.pi / 180
    t = 1 - 0.17 * np.cos(hue - 30 * degree) + 0.24 * np.cos(2 * hue)
    t += 0.32 * np.cos(3 * hue + 6 * degree) - 0.2 * np.cos(4 * hue - 63 * degree)
    by_light = (l2 - l1) / (1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2))
    by_chroma = (c2 - c1) / (1 + 0.045 * chroma)
    by_hue = 2 * np.sqrt(c1 * c2) * np.sin(turn * degree / 2) / (1 + 0.015 * chroma * t)
    from_blue = 60 * degree * np.exp(-(((np.degrees(hue) % 360 - 275) / 25) ** 2))
    rotation = -2 * np.sqrt(chroma**7 / (chroma**7 + 25**7)) * np.sin(from_blue)
    return np.sqrt(by_light**2 + by_chroma**2 + by_hue**2 + rotation * by_chroma * by_hue)


def test_depths_of_one_colour_differ_in_mark_and_dash():
    depths = range(1, 65)
    for other in (style.depth_marker, style.depth_dash):
        assert len({(style.depth_colour(depth), other(depth)) for depth in depths}) == len(depths)


def contrast(one, other):
    low, high = sorted(XYZ_OF_RGB[1] @ linear_rgb(colour) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def test_the_difference_is_that_of_the_published_examples():
    """Sharma, Wu & Dalal 2005, Table 1, pairs 1 and 25."""
    assert difference((50, 2.6772, -79.7751), (50, 0, -82.7485)) == pytest.approx(2.0425, abs=1e-4)
    assert difference((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387)) == pytest.approx(1.2644, abs=1e-4)


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("theme", PALETTES)
def test_any_two_depths_differ_to_every_eye(theme, sight):
    seen = [lab(np.array(SIGHT[sight]) @ linear_rgb(colour)) for colour in PALETTES[theme]]
    pairs = itertools.combinations(seen, 2)
    assert min(difference(one, other) for one, other in pairs) >= SMALLEST_DIFFERENCE


@pytest.mark.parametrize("theme", PALETTES)
def test_depths_stand_out_from_page_and_card(theme, project):
    text = (project / "src/neurodepth/report/style.css").read_text()
    papers = re.findall(r"--paper: (#[0-9a-f]{6}); --card: (#[0-9a-f]{6})", text)
    light, *dark = papers
    for paper in light if theme == "light" else itertools.chain(*dark):
        assert min(contrast(colour, paper) for colour in PALETTES[theme]) >= SMALLEST_CONTRAST


def test_lines_without_markers_differ_in_their_dashes():
    assert len(set(style.DEPTH_DASHES)) == len(style.DEPTH_COLOURS)
