"""Point neurons: every input spike steps the voltage, and a model of one compartment does the rest."""

import numpy as np
import pandas as pd

from neurodepth.cells.definition import CellDefinition
from neurodepth.cells.point_models import MODELS
from neurodepth.cells.synaptic_weights import draw_weights
from neurodepth.cells.trial import Events, Trial


class PointCell:
    """A point neuron.

    Attributes:
        synapses: One row a synapse in input order: kind, tree, segment, length_um, weight (factor on its voltage step);
            all share one tree and no length.
    """

    def __init__(self, definition: CellDefinition):
        """Build the neuron from a definition of type `point`."""
        self.definition = definition
        neuron = definition.values["neuron"]
        self._model = MODELS[neuron["model"]](neuron)
        kinds = ["excitatory"] * neuron["excitatory_synapses"] + ["inhibitory"] * neuron["inhibitory_synapses"]
        self.synapses = pd.DataFrame({"kind": kinds, "tree": "point", "segment": 0, "length_um": 0.0})
        self.synapses["weight"] = draw_weights(
            np.array(kinds), definition.values.get("synapses", {}), np.zeros(len(kinds))
        )

    def run(self, events: Events, duration_ms: int) -> Trial:
        """Simulate one trial from rest."""
        sign = np.where(self.synapses["kind"] == "excitatory", 1.0, -1.0)
        weight_mv = self.definition.values["neuron"]["gain_mv"] * sign * self.synapses["weight"].to_numpy()
        drive_mv = np.bincount(events.time_ms, weights=weight_mv[events.synapse], minlength=duration_ms)
        spike_time_ms, voltage_mv = self._model.run(drive_mv)
        return Trial(events=events, spike_time_ms=spike_time_ms, soma_voltage_mv=voltage_mv.astype(np.float32))
