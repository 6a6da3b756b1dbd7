"""The same recurrent network in NEURON: every neuron a compartmental cell, spikes carried by NEURON's connections."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from neuron import h

from neurodepth.cells.compartmental import CompartmentalCell
from neurodepth.cells.definition import CellDefinition, releases_at_random
from neurodepth.cells.stepped import solve
from neurodepth.cells.trial import Events, steps_per_ms
from neurodepth.population import Activity, Wiring


class Cells:
    """Cells of one definition, all that their process holds.

    Attributes:
        synapses: The table of synapses of each, as of a `CompartmentalCell`.
    """

    def __init__(
        self, definition: CellDefinition, n_neurons: int, simulator: str = "coreneuron", data_path: str | Path = "data"
    ):
        """Build the cells.

        Args:
            definition: Of each.
            n_neurons: How many.
            simulator: `coreneuron` or `neuron`.
            data_path: The user's data folder, searched for the morphology.

        Raises:
            ValueError: If the simulator is another one, or the cell's synapses release at random.
        """
        if releases_at_random(definition.values):
            raise ValueError(
                f"{definition.name}: its synapses release vesicles at random, which these connections do not: choose a variant "
                "without release"
            )
        if simulator not in ("coreneuron", "neuron"):
            raise ValueError(
                f"simulator is '{simulator}', expected coreneuron or neuron: tables hold one cell a process"
            )
        self._definition, self._simulator = definition, simulator
        self._cells = [CompartmentalCell(definition, data_path, simulator) for _ in range(n_neurons)]
        self.synapses = self._cells[0].synapses
        self._context, self._times, self._numbers = h.ParallelContext(), h.Vector(), h.Vector()
        self._context.gid_clear()  # each cell has called itself the only one
        self._detectors = [self._number(number, cell) for number, cell in enumerate(self._cells)]
        self._context.spike_record(-1, self._times, self._numbers)

    def simulate(
        self, wiring: Wiring, background: Sequence[Events], duration_ms: int, step_ms: float = 0.0625
    ) -> Activity:
        """Run the network from rest, second order.

        Args:
            wiring: Connections.
            background: Input of each neuron besides; each event acts at its own time.
            duration_ms: How long.
            step_ms: Integration step.

        Raises:
            ValueError: If no whole number of steps fits into 1 ms.
        """
        points = [cell.point_of_synapse() for cell in self._cells]
        recurrent = [
            self._connect(self._context.gid_connect(source, points[target][synapse]), synapse, delay_ms)
            for source, target, synapse, delay_ms in np.stack(
                [wiring.source, wiring.target, wiring.synapse, wiring.delay_ms], axis=1
            ).tolist()
        ]
        inputs = [
            [self._connect(h.NetCon(None, point), synapse) for synapse, point in enumerate(own)] for own in points
        ]
        self._context.set_maxstep(10)  # NEURON shortens it to the shortest delay
        h.dt, h.steps_per_ms, h.secondorder = step_ms, steps_per_ms(step_ms), 2
        h.cvode_active(0)
        h.finitialize(self._definition.values["initial_voltage_mv"])
        for own, events in zip(inputs, background, strict=True):
            for synapse, time_ms in zip(events.synapse.tolist(), events.time_ms.tolist(), strict=True):
                own[synapse].event(time_ms)
        solve(duration_ms, self._simulator == "coreneuron")
        del recurrent, inputs  # held until here: NEURON forgets what Python lets go
        return Activity(wiring.n_neurons, duration_ms, np.array(self._times), np.array(self._numbers, dtype=np.int64))

    def _number(self, number: int, cell: CompartmentalCell) -> Any:
        """Let NEURON know the spikes of a cell by a number."""
        detector = h.NetCon(cell.soma(0.5)._ref_v, None, sec=cell.soma)
        detector.threshold = self._definition.values["spike_threshold_mv"]
        self._context.set_gid2node(number, self._context.id())
        self._context.cell(number, detector)
        return detector

    def _connect(self, connection: Any, synapse: int, delay_ms: float = 1.0) -> Any:
        """Give a connection the weight of its synapse, and a delay; what is queued by hand does not wait for it."""
        connection.weight[0], connection.delay = float(self.synapses["weight"].iloc[synapse]), delay_ms
        return connection
