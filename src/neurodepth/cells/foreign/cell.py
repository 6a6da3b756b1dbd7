"""A NEURON model of somebody else, with the project's synapses on its dendrites."""

from pathlib import Path
from typing import Any

import numpy as np
from neuron import h

from neurodepth.cells.compartmental import CompartmentalCell
from neurodepth.cells.definition import CellDefinition
from neurodepth.cells.foreign.files import find_model
from neurodepth.cells.foreign.parts import choose_parts
from neurodepth.cells.foreign.program import instantiate
from neurodepth.cells.sections import untraced_points
from neurodepth.validation import InvalidFileError

PARAMETER = 1  # the kind of variable, to NEURON's MechanismStandard
DENSITY_UNIT = "S/cm2"


class ForeignCell(CompartmentalCell):
    """A cell that a HOC template or a Python function makes; NEURON or CoreNEURON integrates it.

    Its sections, their number of segments and their membrane are the model's own; the synapses are ours, one of each
    kind at the middle of every dendritic segment.
    """

    def _make_sections(self, definition: CellDefinition, data_path: str | Path) -> dict[str, list[Any]]:
        if self.simulator == "tabulated":
            raise InvalidFileError(
                f"{definition.name}: expected simulator neuron or coreneuron, found tabulated: tables hold no foreign model"
            )
        self._model = instantiate(definition, find_model(definition, data_path))  # its sections live as long as it does
        parts = choose_parts(self._model, definition)
        self.untraced_um = untraced_points([section for sections in parts.values() for section in sections])
        return parts

    def _insert_membrane(self) -> None:
        """Nothing: the model has its own."""

    def densities(self, segments: list[Any]) -> dict[str, np.ndarray]:
        """Peak conductance of every mechanism in every segment, S/cm2, shape (segments,); 0 where it is not.

        A mechanism with one conductance gives it its own name, one with several gives the variables' names.
        """
        mechanisms = sorted({name for segment in segments for name in segment.sec.psection()["density_mechs"]})
        found = {}
        for mechanism in mechanisms:
            variables = _conductances(mechanism)
            for variable in variables:
                name = "leak" if mechanism == "pas" else mechanism if len(variables) == 1 else variable
                values = [getattr(one, variable) if one.sec.has_membrane(mechanism) else 0.0 for one in segments]
                found[name] = np.array(values)
        return found


def _conductances(mechanism: str) -> list[str]:
    """Parameters of a mechanism that are conductances a unit of area."""
    standard, name = h.MechanismStandard(mechanism, PARAMETER), h.ref("")
    variables = []
    for number in range(int(standard.count())):
        standard.name(name, number)
        variables.append(name[0])
    return [variable for variable in variables if h.units(variable) == DENSITY_UNIT]
