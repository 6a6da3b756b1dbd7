"""Cells: read a definition with `definition.read`, then build it.

Importing this package does not import NEURON; building a compartmental cell does.
"""

from pathlib import Path
from typing import Any

from neurodepth.cells.definition import CellDefinition


def build(definition: CellDefinition, data_path: str | Path = "data", use_coreneuron: bool = True) -> Any:
    """Build the cell that a definition describes.

    Returns:
        A CompartmentalCell or a PointCell; both have `synapses` and `run`.
    """
    if definition.values["type"] == "point":
        from neurodepth.cells.point import PointCell

        return PointCell(definition)
    from neurodepth.cells.compartmental import CompartmentalCell

    return CompartmentalCell(definition, data_path, use_coreneuron)
