"""Densities of a cell's membrane from a CSV table, in the words of `cell.yaml`."""

import csv
from pathlib import Path
from typing import Any

from neurodepth.validation import InvalidFileError

COLUMNS = ["region", "from_um", "to_um", "mechanism", "parameter", "value"]
MEMBRANE, LEAK, DENSITY, REVERSAL = "membrane", "leak", "gbar_s_per_cm2", "reversal_mv"
IONS = ("ca", "cl", "k", "na")


def read(path: Path) -> dict[str, Any]:
    """Read a table: `regions` and `mechanism_parameters` as a cell.yaml would hold them.

    A row with `mechanism` membrane or leak sets that key of a region, one with an ion its reversal potential, any other
    the density of a channel, between two path distances from the soma where it has them. Without a region it sets a
    parameter of the mechanism wherever it is.

    Raises:
        InvalidFileError: If a column or a number is not as it should be, with its line.
    """
    if not path.is_file():
        raise InvalidFileError(f"{path}: no such file, expected the table that densities_path names")
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:  # a spreadsheet marks its UTF-8
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        if rows.fieldnames != COLUMNS:
            raise InvalidFileError(f"{path}: columns are {rows.fieldnames}, expected {', '.join(COLUMNS)}")
        values: dict[str, Any] = {"regions": {}, "mechanism_parameters": {}}
        for number, row in enumerate(rows, start=1):
            try:
                _enter(row, values)
            except ValueError as error:
                raise InvalidFileError(f"{path}, row {number} below the header: {error}") from error
    return {key: value for key, value in values.items() if value}


def _enter(row: dict[str, str], values: dict[str, Any]) -> None:
    """Add one row to the values.

    Raises:
        ValueError: What is wrong with it.
    """
    region, mechanism, parameter, value = row["region"], row["mechanism"], row["parameter"], _number(row, "value")
    if not region:
        values["mechanism_parameters"].setdefault(mechanism, {})[parameter] = value
        return
    found = values["regions"].setdefault(region, {})
    if mechanism == MEMBRANE:
        found[parameter] = value
    elif mechanism == LEAK:
        found.setdefault("leak", {})[parameter] = value
    elif mechanism in IONS and parameter == REVERSAL:
        found.setdefault(REVERSAL, {})[mechanism] = value
    elif parameter == DENSITY:
        _enter_density(row, found.setdefault("channels_s_per_cm2", {}), value)
    else:
        raise ValueError(
            f"expected parameter {DENSITY} of a channel in a region, found '{parameter}': leave the region empty to set "
            "a parameter wherever the mechanism is"
        )


def _enter_density(row: dict[str, str], channels: dict[str, Any], value: float) -> None:
    mechanism = row["mechanism"]
    if not row["from_um"] and not row["to_um"]:
        if mechanism in channels:
            raise ValueError(f"expected one density of {mechanism} without distances, found another: remove one")
        channels[mechanism] = value
        return
    steps = channels.setdefault(mechanism, [])
    if not isinstance(steps, list):
        raise ValueError(f"expected no distances, as {mechanism} has a density without: remove one of the rows")
    steps.append({"from_um": _number(row, "from_um"), "to_um": _number(row, "to_um"), "density": value})


def _number(row: dict[str, str], column: str) -> float:
    try:
        return float(row[column])
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected a number as {column}, found '{row[column]}'") from error
