"""Spines: a head on a neck of its own resistance, for some of the excitatory synapses."""

from typing import Any

import numpy as np
import pandas as pd
from neuron import h

from neurodepth.cells.synapse_table import KINDS
from neurodepth.validation import InvalidFileError

OHM_PER_MOHM, CM_PER_UM = 1e6, 1e-4
NECK_LENGTH_UM, NECK_DIAMETER_UM = 1.0, 0.15  # ASSUME; its axial resistivity gives it the resistance that is asked for


def choose(synapses: pd.DataFrame, settings: dict[str, Any] | None) -> np.ndarray:
    """Choose the synapses with a spine, each with the same chance.

    Args:
        synapses: Table of a cell's synapses with the column kind.
        settings: `spines` of the cell's excitatory synapses: fraction and seed; None for no spines.

    Returns:
        Number of the spine of each synapse, from 0 on; -1 for one on the shaft, shape (synapses,).
    """
    spine = np.full(len(synapses), -1)
    if settings:
        rows = np.flatnonzero(synapses["kind"] == KINDS[0])
        chosen = np.random.default_rng(settings["seed"]).random(len(rows)) < settings["fraction"]
        spine[rows[chosen]] = np.arange(chosen.sum())
    return spine


class Spine:
    """A spine in NEURON: a neck and a head, passive, with the membrane of the shaft that it stands on.

    Attributes:
        neck: Its section.
        head: Its section; the synapse lies on its middle.
    """

    def __init__(self, number: int, shaft: Any, settings: dict[str, Any]):
        """Put a spine on the middle of NEURON's segment `shaft`.

        Args:
            number: Of the spine, for its name.
            shaft: Segment of the dendrite.
            settings: `spines` of the cell's excitatory synapses: neck_resistance_mohm and head_diameter_um.

        Raises:
            InvalidFileError: If the shaft has no passive leak.
        """
        if not hasattr(shaft, "pas"):
            raise InvalidFileError(
                f"synapses.excitatory.spines: expected the mechanism pas in {shaft.sec.name()}, whose leak a spine has too, "
                "found none: leave out the spines, or insert pas into the cell's dendrites"
            )
        self.neck, self.head = (h.Section(name=f"spine_{part}[{number}]") for part in ("neck", "head"))
        self.neck.L, self.neck.diam = NECK_LENGTH_UM, NECK_DIAMETER_UM
        self.head.L = self.head.diam = settings["head_diameter_um"]  # a cylinder with the area of a ball
        cross_section_um2 = np.pi * NECK_DIAMETER_UM**2 / 4
        ohm_um = settings["neck_resistance_mohm"] * OHM_PER_MOHM * cross_section_um2 / NECK_LENGTH_UM
        self.neck.Ra, self.head.Ra = ohm_um * CM_PER_UM, shaft.sec.Ra
        for section in (self.neck, self.head):
            section.cm = shaft.cm
            section.insert("pas")
            section.g_pas, section.e_pas = shaft.pas.g, shaft.pas.e
        self.neck.connect(shaft, 0)
        self.head.connect(self.neck(1), 0)
