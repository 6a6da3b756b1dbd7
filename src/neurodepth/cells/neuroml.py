"""NeuroML 2 morphologies, given to NEURON as the SWC file of the same tree.

Segments have an id, a distal point and, unless they begin where they hang on their parent, a proximal one; the names of
their groups say what they are. A dendrite without a proximal point on the soma begins with its own diameter, as in SWC.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree  # entities, which could expand without end, are refused first
from xml.parsers import expat

from neurodepth.cells.morphology_file import SOMA
from neurodepth.validation import InvalidFileError

# What the name of a segment group says: the first that fits counts, as dendrite_group holds the apical ones too.
GROUPS = ((r"soma", SOMA), (r"axon", 2), (r"apic|tuft", 4), (r"basal|dend", 3))
Point = tuple[float, float, float, float]  # x, y, z and diameter in um


class _Segment(NamedTuple):
    parent: int | None
    at: float  # place on the parent, 0 at its start, 1 at its end
    proximal: Point | None
    distal: Point


def write_swc(path: Path, swc_path: Path) -> None:
    """Write the tree of a NeuroML file as SWC.

    Args:
        path: The file, of one morphology.
        swc_path: Where to.

    Raises:
        InvalidFileError: With all that is wrong, a line each: the segment's id, what was expected and found, what to do.
    """
    segments, kinds = read(path)
    places: dict[int, set[float]] = {number: {1.0} for number in segments}  # where children hang
    for segment in segments.values():
        if segment.parent is not None:
            places[segment.parent].add(segment.at)
    rows: list[tuple[int, Point, int]] = []
    row_of: dict[tuple[int, float], int] = {}
    for number in _from_the_root(segments):
        segment, kind = segments[number], kinds[number]
        before = row_of[segment.parent, segment.at] if segment.parent is not None else -1
        start = segment.proximal or rows[before - 1][1]
        if before == -1 or start != rows[before - 1][1]:
            rows.append((kind, start, before))
            before = len(rows)
        row_of[number, 0.0] = before
        for at in sorted(places[number] - {0.0}):
            point = tuple(a + at * (b - a) for a, b in zip(start, segment.distal, strict=True))
            if start != segment.distal:  # a sphere is a single point
                rows.append((kind, point, before))  # type: ignore[arg-type]
                before = len(rows)
            row_of[number, at] = before
    lines = [
        f"{row} {kind} {x} {y} {z} {diameter / 2} {parent}\n"
        for row, (kind, (x, y, z, diameter), parent) in enumerate(rows, start=1)
    ]
    swc_path.write_text("".join(lines))


def read(path: Path) -> tuple[dict[int, _Segment], dict[int, int]]:
    """Segments of a NeuroML file and the SWC type of each, by id; for what it raises see `write_swc`."""
    morphology = _morphology(path)
    found: list[str] = []
    segments: dict[int, _Segment] = {}
    for element in morphology.iterfind("{*}segment"):
        try:
            number, segment = _segment(element)
            if number in segments:
                raise ValueError("expected an id of its own, found it twice: number the segments again")
            segments[number] = segment
        except ValueError as error:
            found.append(f"{path}, segment {element.get('id')}: {error}")
    kinds = _kinds(morphology)
    found = found or [
        f"{path}, segment {number}: {fault}" for number in segments for fault in _faults(number, segments, kinds)
    ]
    roots = [number for number, segment in segments.items() if segment.parent is None]
    if not found and (len(roots) != 1 or kinds[roots[0]] != SOMA):
        found = [f"{path}: expected one segment without parent, of the soma, found {roots}: give the others a parent"]
    if not found and (lost := set(segments) - set(_from_the_root(segments))):
        found = [f"{path}, segment {min(lost)}: expected a tree, found that it is its own ancestor: correct its parent"]
    if found:
        raise InvalidFileError("\n".join(found))
    return segments, kinds


def _morphology(path: Path) -> ElementTree.Element:
    def refuse(*_: object) -> None:
        raise InvalidFileError(f"{path}: expected NeuroML, found a document type, which may hide entities: remove it")

    guard = expat.ParserCreate()
    guard.StartDoctypeDeclHandler = refuse
    try:
        guard.Parse(path.read_bytes(), True)
        found = list(ElementTree.fromstring(path.read_bytes()).iterfind(".//{*}morphology"))  # noqa: S314 guarded above
    except expat.ExpatError as error:
        raise InvalidFileError(
            f"{path}: expected NeuroML, found that it is no XML ({error}): correct the file"
        ) from error
    if len(found) != 1 or found[0].find("{*}segment") is None:
        raise InvalidFileError(
            f"{path}: expected one morphology with segments (NeuroML 2), found {len(found)}: leave or put one in"
        )
    return found[0]


def _segment(element: ElementTree.Element) -> tuple[int, _Segment]:
    number, parent = element.get("id", ""), element.find("{*}parent")
    numbers = [number] if parent is None else [number, parent.get("segment", "")]
    if not all(one.isdecimal() for one in numbers):
        raise ValueError(f"expected whole numbers as id and parent, found {', '.join(numbers)}: correct them")
    at = float(parent.get("fractionAlong", 1)) if parent is not None else 1.0
    if not 0 <= at <= 1:
        raise ValueError(f"fractionAlong is {at:g}, expected 0 to 1: correct it")
    proximal, distal = (_point(element, name) for name in ("proximal", "distal"))
    if distal is None or (proximal is None and parent is None):
        missing = "distal" if distal is None else "proximal"
        raise ValueError(f"expected a {missing} point, found none: add it, or give the segment a parent that has one")
    return int(number), _Segment(int(numbers[1]) if parent is not None else None, at, proximal, distal)


def _point(element: ElementTree.Element, name: str) -> Point | None:
    found = element.find(f"{{*}}{name}")
    if found is None:
        return None
    said = [found.get(key, "nothing") for key in ("x", "y", "z", "diameter")]
    try:
        x, y, z, diameter = map(float, said)
    except ValueError:
        x = y = z = diameter = math.nan
    if not (math.isfinite(x + y + z) and 0 < diameter < math.inf):
        raise ValueError(
            f"{name} has x, y, z and diameter {', '.join(said)}, expected finite numbers in um and a positive diameter: "
            "correct it"
        )
    return x, y, z, diameter


def _kinds(morphology: ElementTree.Element) -> dict[int, int]:
    """SWC type of each segment whose groups, or groups that include those, have a telling name."""
    groups = {group.get("id", ""): group for group in morphology.iterfind("{*}segmentGroup")}

    def members(name: str, seen: frozenset[str]) -> set[int]:
        if name not in groups or name in seen:
            return set()
        listed = (one.get("segment", "") for one in groups[name].iterfind("{*}member"))
        own = {int(number) for number in listed if number.isdecimal()}
        included = (one.get("segmentGroup", "") for one in groups[name].iterfind("{*}include"))
        return own.union(*(members(one, seen | {name}) for one in included))

    kinds: dict[int, int] = {}
    for pattern, kind in GROUPS:
        for name in groups:
            if re.search(pattern, name, re.IGNORECASE):
                kinds |= {number: kind for number in members(name, frozenset()) if number not in kinds}
    return kinds


def _faults(number: int, segments: Mapping[int, _Segment], kinds: Mapping[int, int]) -> list[str]:
    found, parent = [], segments[number].parent
    if number not in kinds:
        found.append(
            "expected a segment group with soma, axon, apical, basal or dendrite in its name, found none: add it to one"
        )
    if parent is not None and parent not in segments:
        found.append(f"expected the id of a segment as parent, found {parent}, which none has: correct the parent")
    return found


def _from_the_root(segments: Mapping[int, _Segment]) -> list[int]:
    """Ids of the tree, parents before children."""
    children: dict[int | None, list[int]] = {}
    for number, segment in segments.items():
        children.setdefault(segment.parent, []).append(number)
    order, waiting = [], children.get(None, [])[::-1]
    while waiting:
        order.append(waiting.pop())
        waiting += children.get(order[-1], [])[::-1]
    return order
