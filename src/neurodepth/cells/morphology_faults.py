"""All that is wrong with a morphology file, where `morphology_file.check_swc` stops at the first line."""

from pathlib import Path

# The checks of one line. They stay where they are: trials carry a digest of that file.
from neurodepth.cells.morphology_file import _check, _parse

MOST = 20  # faults shown of a file; more say no more


def swc_faults(path: Path) -> list[str]:
    """Faults of an SWC file, line by line; a faulty point still counts as the parent of those below it."""
    line_of: dict[int, int] = {}
    found = []
    with path.open(encoding="utf-8", errors="replace") as file:  # comments come in any encoding
        for line_number, line in enumerate(file, start=1):
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            try:
                point = _parse(text)
            except ValueError as error:
                found.append(f"{path}, line {line_number}: {error}")
                continue
            try:
                _check(point, line_of)
            except ValueError as error:
                found.append(f"{path}, line {line_number}: {error}")
            line_of.setdefault(point.number, line_number)
    if not line_of:
        return [f"{path}: expected the points of a cell, found none: put an SWC file there"]
    if len(found) > MOST:
        return [
            *found[:MOST],
            f"{path}: expected no fault, found {len(found) - MOST} more lines like these: mend these first",
        ]
    return found
