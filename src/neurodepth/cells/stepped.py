"""Integration by NEURON or CoreNEURON, step by step: any mechanism, the reference for the tables."""

from typing import Any

import numpy as np
from neuron import coreneuron, h

from neurodepth.cells.recording import NMDA_CONDUCTANCE, Recording, Wanted
from neurodepth.cells.trial import Events, steps_per_ms
from neurodepth.validation import InvalidFileError

OUTPUT_GID = 0  # CoreNEURON wants a number for whatever detects spikes


class SteppedIntegrator:
    """Runs a cell in NEURON, or in CoreNEURON where the cell was compiled for it.

    Args:
        cell: A CompartmentalCell.
        use_coreneuron: Run in CoreNEURON.
    """

    def __init__(self, cell: Any, use_coreneuron: bool):
        self._cell, self._use_coreneuron = cell, use_coreneuron
        self._connections = []
        for point, weight in zip(cell.point_of_synapse(), cell.synapses["weight"], strict=True):
            connection = h.NetCon(None, point)
            connection.weight[0] = weight
            connection.delay = 1  # not used: events are queued at their own times
            self._connections.append(connection)
        self._context, self._spike_times, self._spike_gids = h.ParallelContext(), h.Vector(), h.Vector()
        self._context.gid_clear()  # numbers of a cell that this process has let go
        self._detector = h.NetCon(cell.soma(0.5)._ref_v, None, sec=cell.soma)
        self._detector.threshold = cell.definition.values["spike_threshold_mv"]
        self._context.set_gid2node(OUTPUT_GID, self._context.id())
        self._context.cell(OUTPUT_GID, self._detector)
        self._context.spike_record(OUTPUT_GID, self._spike_times, self._spike_gids)
        self._context.set_maxstep(10)

    def integrate(
        self, events: Events, duration_ms: int, step_ms: float, second_order: bool, wanted: Wanted
    ) -> Recording:
        """Integrate one trial from rest; a spike is stamped with the end of the step that crosses the threshold.

        Raises:
            FloatingPointError: If a recorded voltage is not finite.
        """
        n_steps = steps_per_ms(step_ms)  # a millisecond
        h.dt, h.steps_per_ms, h.secondorder = step_ms, n_steps, 2 if second_order else 0
        h.cvode_active(0)
        voltages = [h.Vector().record(segment._ref_v) for segment in wanted.voltages]
        calcium = [h.Vector().record(wanted.calcium._ref_cai)] if wanted.calcium is not None else []
        nmda = [h.Vector().record(reference) for reference in self._nmda_references()] if wanted.nmda else []
        h.finitialize(self._cell.definition.values["initial_voltage_mv"])
        for synapse, time_ms in zip(events.synapse.tolist(), events.time_ms.tolist(), strict=True):
            self._connections[synapse].event(time_ms)
        solve(duration_ms, self._use_coreneuron)

        def sampled(vectors: list[Any]) -> np.ndarray:
            every_ms = [vector.as_numpy()[::n_steps][:duration_ms] for vector in vectors]
            return np.stack(every_ms, axis=1).astype(np.float32)

        voltage_mv = sampled(voltages)
        if not np.isfinite(voltage_mv).all():
            raise FloatingPointError(f"{self._cell.definition.name}: a voltage is not finite; try a smaller step_ms")
        return Recording(
            self._spike_times.as_numpy().copy(),
            voltage_mv,
            sampled(calcium)[:, 0] if calcium else None,
            sampled(nmda) if nmda else None,
        )

    def _nmda_references(self) -> list[Any]:
        points = self._cell.points[: len(self._cell.segments)]
        if not hasattr(points[0], NMDA_CONDUCTANCE):
            raise InvalidFileError(
                f"{self._cell.definition.name}: nmda_conductance is to be recorded, but the excitatory synapse has no RANGE {NMDA_CONDUCTANCE}"
            )
        return [getattr(point, f"_ref_{NMDA_CONDUCTANCE}") for point in points]


def solve(duration_ms: float, use_coreneuron: bool) -> None:
    """Integrate what lives in this process from its present state to `duration_ms`."""
    with coreneuron(enable=use_coreneuron, verbose=0):
        h.ParallelContext().psolve(duration_ms)
