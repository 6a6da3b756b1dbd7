"""The leaky integrate-and-fire point neuron of Beniaguev et al. 2021, Figure 1."""

import numpy as np
import pandas as pd
from scipy import signal

from neurodepth.cells.definition import CellDefinition
from neurodepth.cells.trial import Events, Trial


class PointCell:
    """A point neuron: every input spike steps the voltage, which decays to its reset value.

    Attributes:
        synapses: One row a synapse in input order: kind, tree, segment, length_um; all share one tree and no length.
    """

    def __init__(self, definition: CellDefinition):
        """Build the neuron from a definition of type `point`."""
        self.definition = definition
        neuron = definition.values["neuron"]
        kinds = ["excitatory"] * neuron["excitatory_synapses"] + ["inhibitory"] * neuron["inhibitory_synapses"]
        self.synapses = pd.DataFrame({"kind": kinds, "tree": "point", "segment": 0, "length_um": 0.0})

    def run(self, events: Events, duration_ms: int) -> Trial:
        """Simulate one trial in steps of 1 ms, which are exact for this model.

        The voltage follows the filtered input; at each threshold crossing the excess over the reset value is taken
        away together with its decaying tail, which is the reset of an integrate-and-fire neuron written in vectors.
        """
        neuron = self.definition.values["neuron"]
        weight_mv = neuron["gain_mv"] * np.where(self.synapses["kind"] == "excitatory", 1.0, -1.0)
        drive_mv = np.bincount(events.time_ms, weights=weight_mv[events.synapse], minlength=duration_ms)
        decay = np.exp(-1 / neuron["membrane_time_constant_ms"])
        above_reset_mv = signal.lfilter([1.0], [1.0, -decay], drive_mv)
        tail = decay ** np.arange(duration_ms)
        threshold_mv = neuron["threshold_mv"] - neuron["reset_mv"]
        spike_time_ms: list[float] = []
        time = 0
        while (crossed := np.flatnonzero(above_reset_mv[time:] > threshold_mv)).size:
            time += int(crossed[0])
            spike_time_ms.append(float(time))
            time += 1
            if time < duration_ms:
                above_reset_mv[time:] -= above_reset_mv[time - 1] * tail[1 : duration_ms - time + 1]
        return Trial(
            events=events,
            spike_time_ms=np.array(spike_time_ms),
            soma_voltage_mv=(neuron["reset_mv"] + above_reset_mv).astype(np.float32),
        )
