"""SWC files checked line by line before NEURON reads them: a parent that does not exist ends NEURON without a word.

MorphIO, with which NeuroM reads, does not do: it accepts branches without a parent, parents that come after their
children, and radii that are not positive.
"""

import math
import string
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from neurodepth.validation import InvalidFileError

MOST = 20  # faults shown of a file; more say no more
BYTE_ORDER_MARK = "\ufeff"  # which some editors put before the first character
ROOT = -1  # the parent of the first point
SOMA = 1
TYPES = {SOMA: "soma", 2: "axon", 3: "basal dendrite", 4: "apical dendrite"}


class _Point(NamedTuple):
    number: int
    type: int
    x_um: float
    y_um: float
    z_um: float
    radius_um: float
    parent: int


def check_swc(path: Path) -> None:
    """Check that a file holds one tree of points that begins at the soma, each after its parent.

    Args:
        path: The file.

    Raises:
        InvalidFileError: Names the first faulty line, what it holds, what was expected and what to do.
    """
    for fault in _faults(path):
        raise InvalidFileError(fault)


def swc_faults(path: Path) -> list[str]:
    """All that is wrong with a file, line by line; a faulty point still counts as the parent of those below it."""
    found = list(_faults(path))
    if len(found) > MOST:
        more = f"{path}: expected no fault, found {len(found) - MOST} more lines like these: mend these first"
        return [*found[:MOST], more]
    return found


def _faults(path: Path) -> Iterator[str]:
    line_of: dict[int, int] = {}
    with path.open(encoding="utf-8", errors="replace") as file:  # comments come in any encoding
        for line_number, line in enumerate(file, start=1):
            if line.startswith(BYTE_ORDER_MARK):
                yield f"{path}: begins with a byte order mark, which NEURON cannot read: save it as UTF-8 without one"
            text = line.strip(BYTE_ORDER_MARK + string.whitespace)
            if not text or text.startswith("#"):
                continue
            where = f"{path}, line {line_number}"
            try:
                point = _parse(text)
            except ValueError as error:
                yield f"{where}: {error}"
                continue
            try:
                _check(point, line_of)
            except ValueError as error:
                yield f"{where}: {error}"
            line_of.setdefault(point.number, line_number)
    if not line_of:
        yield f"{path}: expected the points of a cell, found none: put an SWC file there"


def _parse(text: str) -> _Point:
    fields = text.split()[: len(_Point._fields)]  # NEURON, too, leaves out what follows
    try:
        number, kind, x_um, y_um, z_um, radius_um, parent = map(float, fields)
        return _Point(_whole(number), _whole(kind), x_um, y_um, z_um, radius_um, _whole(parent))
    except ValueError as error:
        raise ValueError(
            f"expected seven numbers (id, type, x, y, z, radius, parent), found '{text}': correct the line"
        ) from error


def _whole(value: float) -> int:
    if not value.is_integer():
        raise ValueError(f"{value} is not a whole number")
    return int(value)


def _check(point: _Point, line_of: dict[int, int]) -> None:
    """Check one point against those before it.

    Args:
        point: The point.
        line_of: Line of each id above it.

    Raises:
        ValueError: What is wrong with it.
    """
    name = f"point {point.number}"
    if point.number in line_of:
        raise ValueError(
            f"expected a new id, found {point.number}, which line {line_of[point.number]} has: number the points again"
        )
    if line_of and point.number < (last := next(reversed(line_of))):
        raise ValueError(
            f"expected an id above {last}, found {point.number}: sort the lines by id, parents before children"
        )
    if point.type not in TYPES:
        known = ", ".join(f"{number} ({meaning})" for number, meaning in TYPES.items())
        raise ValueError(f"{name} has type {point.type}, expected {known}: give it the type of its branch")
    if not all(map(math.isfinite, (point.x_um, point.y_um, point.z_um))):
        place = f"({point.x_um:g}, {point.y_um:g}, {point.z_um:g})"
        raise ValueError(f"{name} is at {place}, expected finite coordinates in um: correct or remove it")
    if not 0 < point.radius_um < math.inf:
        raise ValueError(f"{name} has radius {point.radius_um:g} um, expected a positive one: correct it")
    _check_parent(point, name, line_of)


def _check_parent(point: _Point, name: str, line_of: dict[int, int]) -> None:
    if not line_of:
        if (point.type, point.parent) != (SOMA, ROOT):
            raise ValueError(
                f"{name} is the first, with type {point.type} and parent {point.parent}, expected type {SOMA} (soma) "
                f"and parent {ROOT}: let the file begin with the soma"
            )
    elif point.parent == ROOT:
        raise ValueError(
            f"{name} has parent {ROOT} and so is connected to nothing, expected the id of a point above it: only the "
            f"first point (line {next(iter(line_of.values()))}) has none; connect this branch or remove it"
        )
    elif point.parent not in line_of:
        raise ValueError(
            f"{name} has parent {point.parent}, expected the id of a point above it, found none with that id: "
            "correct the parent, or move the point below it"
        )
