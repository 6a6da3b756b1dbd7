"""Integration from tables: the same equations as in NEURON, several times as fast. docs/simulator.md explains it."""

from typing import Any

import numpy as np
import pandas as pd

from neurodepth.cells.recording import NMDA_CONDUCTANCE, Recording, Wanted
from neurodepth.cells.tabulated import measure
from neurodepth.cells.tabulated.measure import CalciumPool, Channel
from neurodepth.cells.tabulated.probe import UnsupportedMechanismError
from neurodepth.cells.tabulated.solver import Region, Solver
from neurodepth.cells.trial import Events
from neurodepth.validation import InvalidFileError


class TabulatedIntegrator:
    """Runs a cell from tables that are measured from its mechanisms.

    Args:
        cell: A CompartmentalCell.

    Raises:
        UnsupportedMechanismError: If a mechanism is of a kind that tables cannot hold.
    """

    def __init__(self, cell: Any):
        self._cell = cell
        values = cell.definition.values
        self._channels: dict[str, Channel] = {}
        self._regions = [
            self._region(sections, values["regions"][name], name in cell.trees)
            for name, sections in cell.parts.items()
            if sections and name in values["regions"]
        ]
        if cell.spines:
            self._regions += [
                Region([spine.neck(0.5) for spine in cell.spines], [], None, has_synapses=False),
                Region([spine.head(0.5) for spine in cell.spines], [], None, has_synapses=True),
            ]
        self._synapses = [
            measure.measure_synapse(values["synapses"][kind]["mechanism"], parameters)
            for kind, parameters in cell.synapse_parameters.items()
        ]
        self._solvers: dict[tuple[float, bool], Solver] = {}

    def integrate(
        self, events: Events, duration_ms: int, step_ms: float, second_order: bool, wanted: Wanted
    ) -> Recording:
        """Integrate one trial from rest; spike times are interpolated within their steps.

        Raises:
            FloatingPointError: If a voltage leaves the range of the tables.
        """
        cell = self._cell
        solver = self._solver(step_ms, second_order)
        addresses = [solver.voltage_address(wanted.voltages)]
        if wanted.calcium is not None:
            addresses.append(np.array([solver.calcium_address(wanted.calcium)]))
        if wanted.nmda:
            addresses.append(solver.voltage_address(cell.dendritic_segments()))
            addresses.extend(solver.synapse_address(state) for state in range(len(self._nmda_tables())))
        spike_time_ms, values = solver.run(
            events,
            self._placed(),
            duration_ms,
            cell.definition.values["spike_threshold_mv"],
            cell.soma(0.5),
            np.concatenate(addresses),
        )
        n = len(wanted.voltages)
        return Recording(
            spike_time_ms,
            values[:, :n],
            values[:, n] if wanted.calcium is not None else None,
            self._nmda_conductance(values[:, n + (wanted.calcium is not None) :]) if wanted.nmda else None,
        )

    def _region(self, sections: list[Any], region: dict[str, Any], has_synapses: bool) -> Region:
        channels = [self._channel(mechanism) for mechanism in region.get("channels_s_per_cm2", {})]
        pool: CalciumPool | None = None
        if "calcium_pool" in region:
            carriers = [channel.mechanism for channel in channels if channel.ion == "ca"]
            if not carriers:
                raise UnsupportedMechanismError(f"{region['calcium_pool']['mechanism']}: no calcium channel drives it")
            parameters = {"decay": region["calcium_pool"]["decay_ms"], "gamma": region["calcium_pool"]["gamma"]}
            pool = measure.measure_pool(region["calcium_pool"]["mechanism"], parameters, carriers[0])
        return Region([segment for section in sections for segment in section], channels, pool, has_synapses)

    def _channel(self, mechanism: str) -> Channel:
        if mechanism not in self._channels:
            parameters = self._cell.mechanism_parameters.get(mechanism, {})
            self._channels[mechanism] = measure.measure_channel(mechanism, parameters)
        return self._channels[mechanism]

    def _solver(self, step_ms: float, second_order: bool) -> Solver:
        key = step_ms, second_order
        if key not in self._solvers:
            sections = [section for part in self._cell.parts.values() for section in part]
            sections += [section for spine in self._cell.spines for section in (spine.neck, spine.head)]
            initial_mv = self._cell.definition.values["initial_voltage_mv"]
            self._solvers[key] = Solver(sections, self._regions, self._synapses, initial_mv, step_ms, second_order)
        return self._solvers[key]

    def _placed(self) -> pd.DataFrame:
        """The table of synapses, those of spines on the segments of heads, which come after the dendritic ones."""
        synapses = self._cell.synapses
        on_head = len(self._cell.segments) + synapses["spine"]
        return synapses.assign(segment=synapses["segment"].where(synapses["spine"] < 0, on_head))

    def _nmda_tables(self) -> np.ndarray:
        """NMDA conductance of each state of the excitatory synapse over the grid of voltages, shape (states, grid)."""
        tables = self._synapses[0].nmda_us
        if tables is None:
            raise InvalidFileError(
                f"{self._cell.definition.name}: nmda_conductance is to be recorded, but the excitatory synapse has no RANGE {NMDA_CONDUCTANCE}"
            )
        return tables

    def _nmda_conductance(self, values: np.ndarray) -> np.ndarray:
        """From voltages, then states, each of shape (time, segments): the conductances, float32, of the same shape."""
        tables = self._nmda_tables()
        voltage_mv, *states = np.split(values, 1 + len(tables), axis=1)
        total_us = np.zeros(voltage_mv.shape)
        for table, state in zip(tables, states, strict=True):
            if table.any():
                total_us += state * np.interp(voltage_mv, measure.voltage_grid_mv(), table)
        return total_us.astype(np.float32)
