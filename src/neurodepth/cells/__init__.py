"""Cells: read a definition with `definition.read`, then build it.

Importing this package does not import NEURON; building a compartmental cell does.
"""

import logging
import os
from pathlib import Path
from typing import Any

from neurodepth.cells.definition import CellDefinition

log = logging.getLogger(__name__)
os.environ.setdefault("NEURON_MODULE_OPTIONS", "-nogui")  # read when NEURON is imported: no window, no warning


def build(definition: CellDefinition, data_path: str | Path = "data", simulator: str = "tabulated") -> Any:
    """Build the cell that a definition describes.

    Args:
        definition: The cell and its variant.
        data_path: The user's data folder, searched for the morphology.
        simulator: Of a compartmental cell; see CompartmentalCell.

    Returns:
        A CompartmentalCell, a ForeignCell or a PointCell; all have `synapses` and `run`.
    """
    if definition.values["type"] == "point":
        from neurodepth.cells.point import PointCell

        return PointCell(definition)
    from neurodepth.cells.mechanisms import CompilationError, compile_mechanisms, mechanism_files

    if simulator == "coreneuron":
        sources = mechanism_files(definition, data_path)
        try:
            compile_mechanisms(sources, coreneuron=True)
        except CompilationError as error:
            compile_mechanisms(sources, coreneuron=False)  # fails as well where the source is wrong
            log.warning("CoreNEURON cannot be built, running in NEURON (same results, slower): %s", error)
            simulator = "neuron"
    if definition.values["type"] == "foreign":
        from neurodepth.cells.foreign.cell import ForeignCell

        return ForeignCell(definition, data_path, simulator)
    from neurodepth.cells.compartmental import CompartmentalCell

    return CompartmentalCell(definition, data_path, simulator)
