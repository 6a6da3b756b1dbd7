"""Grown branches as an SWC file that NEURON and NeuroM read."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from neurodepth.cells.arbour import Branch, Parameters
from neurodepth.cells.growth import solve

SWC_SOMA, SWC_TREES = 1, {"basal": 3, "apical": 4}
N_SOMA_POINTS = 9  # an odd number: dendrites hang on the middle one, and NEURON connects them to soma(0.5)


def write_swc(branches: Sequence[Branch], path: str | Path, parameters: Parameters, command: str) -> None:
    """Write a grown cell as SWC: soma type 1, basal 3, apical 4; dendrites hang on the soma's middle point.

    Args:
        branches: What `growth.grow` returns.
        path: Where to.
        parameters: What they were grown from.
        command: What makes the file again.
    """
    soma = _soma_points(parameters)
    rows = [(SWC_SOMA, *point, number) for number, point in enumerate(soma)]  # the first point's parent is 0: none
    last_row: list[int] = []
    for branch in branches:
        swc_type = SWC_TREES[parameters.basal_tree if branch.kind == "basal" else "apical"]
        previous = len(soma) // 2 + 1 if branch.parent is None else last_row[branch.parent]
        for point in branch.points_um if branch.parent is None else branch.points_um[1:]:
            rows.append((swc_type, *point, previous))
            previous = len(rows)
        last_row.append(previous)
    header = (
        f"# {parameters.title} of the project neurodepth. Grown, not traced: made by\n"
        f"#   {command}\n"
        f"# towards measurements of {parameters.source} (docs/cells.md).\n"
        "# Lengths in um; soma at the origin, pia towards +y. Types: 1 soma, 3 basal, 4 apical dendrite.\n"
        "# id type x y z radius parent\n"
    )
    lines = [
        f"{number} {swc_type} {x:.3f} {y:.3f} {z:.3f} {diameter / 2:.4f} {parent or -1}\n"
        for number, (swc_type, x, y, z, diameter, parent) in enumerate(rows, start=1)
    ]
    Path(path).write_bytes((header + "".join(lines)).encode())


def _soma_points(parameters: Parameters) -> np.ndarray:
    """Outline of a spindle along y, shape (points, 4), with the wanted length and area."""
    y_um = np.linspace(-0.5, 0.5, N_SOMA_POINTS) * parameters.soma_length_um
    outline = np.sqrt(1 - 0.9 * (2 * y_um / parameters.soma_length_um) ** 2)

    def area_um2(diameter_um: float) -> float:
        outline_um = diameter_um * outline
        slant_um = np.hypot(np.diff(y_um), np.diff(outline_um) / 2)
        return float(np.pi / 2 * np.sum((outline_um[1:] + outline_um[:-1]) * slant_um))

    diameter_um = outline * solve(area_um2, parameters.soma_area_um2)
    return np.column_stack([np.zeros(N_SOMA_POINTS), y_um, np.zeros(N_SOMA_POINTS), diameter_um])
