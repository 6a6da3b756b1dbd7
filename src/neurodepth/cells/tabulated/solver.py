"""A cell's tables laid out for the kernel: the tree as a matrix, channels side by side in lanes, synapses as states."""

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from neuron import h

from neurodepth.cells.synapse_table import KINDS
from neurodepth.cells.tabulated import kernel, measure
from neurodepth.cells.tabulated.measure import CalciumPool, Channel, Synapse
from neurodepth.cells.tabulated.probe import UnsupportedMechanismError
from neurodepth.cells.tabulated.tree import read_tree
from neurodepth.cells.trial import Events, steps_per_ms

LANES = kernel.LANES
MOST_CHANNELS = 2 * LANES  # the kernel is compiled for one block of lanes and for two
MOST_GATES = 2  # and for channels of one gate and of two


@dataclass(frozen=True)
class Region:
    """Segments of NEURON with the same mechanisms."""

    segments: list[Any]
    channels: list[Channel]
    pool: CalciumPool | None
    has_synapses: bool


class Solver:
    """Integrates one cell with one step; laid out once, run for every trial.

    Args:
        sections: All sections of the cell, the root first.
        regions: Their segments. Those with synapses come in the order of the cell's table of segments.
        synapses: The synapse of each kind; all of a kind are alike.
        initial_mv: Voltage at the start of a trial.
        step_ms: Integration step.
        second_order: Crank-Nicolson, with events at their own times; else implicit Euler as NEURON does it.
    """

    def __init__(
        self,
        sections: list[Any],
        regions: list[Region],
        synapses: list[Synapse],
        initial_mv: float,
        step_ms: float,
        second_order: bool,
    ):
        h.finitialize(initial_mv)
        self._integrate = kernel.load()
        self._step_ms, self._second_order, self._initial_mv = step_ms, second_order, initial_mv
        self.tree = read_tree(sections)
        # Crank-Nicolson is half an implicit step, doubled.
        self._capacitance = self.tree.capacitance_nf / (step_ms / 2 if second_order else step_ms)
        self._diagonal = self._capacitance + self.tree.axial_us
        np.add.at(self._diagonal, self.tree.parent, self.tree.axial_us)
        self._source = np.zeros(len(self.tree.parent))
        self._voltage = np.full(len(self.tree.parent), initial_mv, np.float64)
        self._regions = regions
        self._synapse_decay, self._jumps, currents_na = self._lay_out_synapses(synapses)
        self._arrays = [self._lay_out(region, currents_na) for region in regions]
        self._initial = [{name: one[name].copy() for name in _STATES} for one in self._arrays]
        dendrites = [one for one, region in zip(self._arrays, regions, strict=True) if region.has_synapses]
        # Addresses of the synaptic states of the dendritic segments, in the order of the cell's table.
        self._synapse_address = np.concatenate(
            [one["synapse"].ctypes.data + np.arange(len(one["node"])) * LANES * 8 for one in dendrites]
        )
        self._groups = (kernel.Group * len(regions))()
        for group, arrays, region in zip(self._groups, self._arrays, regions, strict=True):
            n_segments, n_factors, n_blocks, _ = arrays["gate"].shape
            kernel.fill(
                group,
                n_segments=n_segments,
                n_blocks=n_blocks,
                n_factors=n_factors,
                has_synapses=int(region.has_synapses),
                has_calcium=int(region.pool is not None),
                opened_by_calcium=int(any(gate.by_calcium for channel in region.channels for gate in channel.gates)),
                **arrays,
            )
            for factor, power in enumerate(arrays["power"]):
                group.extra_powers[factor] = int(power.any(axis=(0, 2)).sum())

    def voltage_address(self, segments: list[Any]) -> np.ndarray:
        """Where the kernel keeps the voltages (mV) of NEURON's segments."""
        return (
            self._voltage.ctypes.data
            + np.array([self.tree.node(segment) for segment in segments]) * self._voltage.itemsize
        )

    def calcium_address(self, segment: Any) -> int:
        """Where the kernel keeps the calcium concentration (mM) of NEURON's segment.

        Raises:
            ValueError: If the segment has no calcium pool.
        """
        for region, arrays in zip(self._regions, self._arrays, strict=True):
            at = np.flatnonzero(arrays["node"] == self.tree.node(segment))
            if region.pool is not None and at.size:
                return arrays["calcium"].ctypes.data + int(at[0]) * arrays["calcium"].itemsize
        raise ValueError(f"{segment}: expected a calcium pool to record, found none")

    def synapse_address(self, state: int) -> np.ndarray:
        """Where the kernel keeps one state of the synapses, numbered over all kinds, of every dendritic segment."""
        return self._synapse_address + state * self._synapse_decay.itemsize

    def run(
        self,
        events: Events,
        synapses: pd.DataFrame,
        duration_ms: int,
        threshold_mv: float,
        soma: Any,
        recorded: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Integrate one trial.

        Args:
            events: Input events; each acts at its own time.
            synapses: The cell's table of synapses with columns kind, segment and weight.
            duration_ms: Length of the trial.
            threshold_mv: Threshold of a spike.
            soma: NEURON's segment whose upward crossings of the threshold are spikes.
            recorded: Addresses of what to record.

        Returns:
            Spike times in ms, interpolated within their steps, float64, shape (spikes,), and the values at the
            recorded addresses at the start of every millisecond, float32, shape (time, recorded).

        Raises:
            FloatingPointError: If a voltage leaves the range of the tables.
        """
        n_steps = steps_per_ms(self._step_ms)  # a millisecond
        n_nodes = len(self.tree.parent)
        self._voltage[:] = self._initial_mv
        for arrays, initial in zip(self._arrays, self._initial, strict=True):
            for name in _STATES:
                arrays[name][...] = initial[name]
        event_step = events.time_ms.astype(np.int64) * n_steps
        event_state = self._synapse_address[synapses["segment"].to_numpy()[events.synapse]]
        event_kind = (synapses["kind"] == KINDS[1]).to_numpy(np.int64)[events.synapse]
        event_weight = synapses["weight"].to_numpy(np.float64)[events.synapse]
        recorded = recorded.astype(np.int64)
        recording = np.zeros((duration_ms, len(recorded)), np.float32)
        spike_time_ms = np.zeros(duration_ms * n_steps // 2 + 1)
        work = np.zeros((3, n_nodes))
        plan = kernel.Plan()
        kernel.fill(
            plan,
            n_nodes=n_nodes,
            n_groups=len(self._arrays),
            n_steps=duration_ms * n_steps,
            steps_per_ms=n_steps,
            soma=self.tree.node(soma),
            n_recorded=len(recorded),
            n_events=len(event_step),
            second_order=int(self._second_order),
            step_ms=self._step_ms,
            threshold_mv=threshold_mv,
            lowest_mv=measure.LOWEST_MV,
            highest_mv=measure.HIGHEST_MV,
            rows_per_mv=float(measure.ROWS_PER_MV),
            calcium_shift=52 - measure.CALCIUM_BITS,
            calcium_first=int(measure.calcium_grid_mm()[:1].view(np.int64)[0] >> (52 - measure.CALCIUM_BITS)),
            calcium_mask=(1 << 52 - measure.CALCIUM_BITS) - 1,
            calcium_unit=1 / (1 << 52 - measure.CALCIUM_BITS),
            lowest_calcium=measure.LOWEST_CALCIUM_MM,
            highest_calcium=measure.HIGHEST_CALCIUM_MM,
            parent=self.tree.parent,
            axial=self.tree.axial_us,
            diagonal=self._diagonal,
            capacitance=self._capacitance,
            source=self._source,
            groups=self._groups,
            synapse_decay=self._synapse_decay,
            jumps=self._jumps,
            event_step=event_step,
            event_state=event_state,
            event_kind=event_kind,
            event_weight=event_weight,
            recorded=recorded,
            voltage=self._voltage,
            work=work,
            recording=recording,
            spike_time=spike_time_ms,
        )
        if self._integrate(ctypes.byref(plan)):
            raise FloatingPointError(
                f"a voltage left {measure.LOWEST_MV:g} to {measure.HIGHEST_MV:g} mV at {plan.n_steps * self._step_ms:g} ms "
                f"in {self.tree.name(plan.failed_node)}: check the densities, or try a smaller step_ms"
            )
        return spike_time_ms[: plan.n_spikes].copy(), recording

    def _lay_out_synapses(self, synapses: list[Synapse]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Decay over a step (lanes,), what an event adds (kinds, lanes), and currents over the grid (grid, lanes)."""
        n_states = sum(len(synapse.tau_ms) for synapse in synapses)
        if n_states > LANES:
            raise UnsupportedMechanismError(f"the synapses of a segment have {n_states} states, at most {LANES} fit")
        decay, jumps = np.zeros(LANES), np.zeros((len(synapses), LANES))
        currents_na = np.zeros((len(measure.voltage_grid_mv()), LANES))
        first = 0
        for kind, synapse in enumerate(synapses):
            lanes = slice(first, first := first + len(synapse.tau_ms))
            decay[lanes] = np.exp(-self._step_ms / synapse.tau_ms)
            # The kernel adds events before the states decay over the step. To first order a step ends where its
            # events act; to second order its states are those of the middle of the next step.
            since_ms = self._step_ms / 2 if self._second_order else self._step_ms
            jumps[kind, lanes] = synapse.jump * np.exp(since_ms / synapse.tau_ms)
            currents_na[:, lanes] = synapse.current_na.T
        return decay, jumps, currents_na

    def _lay_out(self, region: Region, currents_na: np.ndarray) -> dict[str, np.ndarray]:
        """Arrays of one group of segments, by the kernel's names."""
        # The kernel opens channels by calcium in the first block alone.
        channels = sorted(region.channels, key=lambda channel: not any(gate.by_calcium for gate in channel.gates))
        n_factors = max((len(channel.gates) for channel in channels), default=1)
        n_blocks = -(-max(len(channels), 1) // LANES)
        if len(channels) > MOST_CHANNELS or n_factors > MOST_GATES:
            raise UnsupportedMechanismError(
                f"{len(channels)} channels of up to {n_factors} gates in one segment: at most {MOST_CHANNELS} of {MOST_GATES} fit"
            )
        n_factors = n_factors if n_blocks == 1 else MOST_GATES
        n, lanes = len(region.segments), n_blocks * LANES
        density_to_us = np.array([segment.area() for segment in region.segments]) * 1e-2  # S/cm2 um2 in uS
        table = np.zeros((len(measure.voltage_grid_mv()), 2 * n_factors, lanes))
        table[:, 1::2] = 1  # a gate that is not there is open
        gate, power = np.ones((n, n_factors, lanes)), np.zeros((n_factors, 3, lanes))
        conductance, reversal = np.zeros((n, lanes)), np.zeros((n, lanes))
        calcium_lanes = np.zeros(lanes)
        calcium_table = np.zeros((len(measure.calcium_grid_mm()), 3))
        for lane, channel in enumerate(channels):
            instances = [getattr(segment, channel.mechanism) for segment in region.segments]
            conductance[:, lane] = density_to_us * [instance.gbar for instance in instances]
            if channel.ion == "ca" and region.pool is not None:
                calcium_lanes[lane] = 1
            else:
                name = f"e{channel.ion}"
                reversal[:, lane] = (
                    channel.reversal_mv
                    if channel.ion is None
                    else [getattr(segment, name) for segment in region.segments]
                )
            for factor, one in enumerate(channel.gates):
                decay = np.exp(-self._step_ms / one.tau_ms)
                gain = -one.steady * np.expm1(-self._step_ms / one.tau_ms)
                if one.by_calcium:
                    if factor or region.pool is None or lane:
                        raise UnsupportedMechanismError(
                            f"{channel.mechanism}: {one.name} needs a calcium pool, and to be its first gate"
                        )
                    table[:, 0, lane], table[:, 1, lane] = 1, 0
                    calcium_table[:, 1], calcium_table[:, 2] = decay, gain
                else:
                    table[:, 2 * factor, lane], table[:, 2 * factor + 1, lane] = decay, gain
                gate[:, factor, lane] = [getattr(instance, one.name) for instance in instances]
                for extra in range(3):
                    power[factor, extra, lane] = one.power >= extra + 2
        node = np.array([self.tree.node(segment) for segment in region.segments], dtype=np.int64)
        self._diagonal[node] += density_to_us * [segment.pas.g for segment in region.segments]
        self._source[node] = density_to_us * [segment.pas.g * segment.pas.e for segment in region.segments]
        blocks = (n_blocks, LANES)
        return {
            "node": node,
            # Factors and blocks: decay, then gain, of each block of each factor.
            "table": np.concatenate(
                [
                    table.reshape(len(table), n_factors, 2, *blocks).swapaxes(2, 3).reshape(len(table), -1),
                    *([currents_na] if region.has_synapses else []),
                ],
                axis=1,
            ),
            "power": np.ascontiguousarray(power.reshape(n_factors, 3, *blocks).swapaxes(1, 2)),
            "calcium_lanes": calcium_lanes,
            "conductance": conductance,
            "reversal": reversal,
            "gate": gate.reshape(n, n_factors, *blocks),
            "synapse": np.zeros((n, LANES)),
            **self._lay_out_calcium(region, density_to_us, calcium_table),
        }

    def _lay_out_calcium(
        self, region: Region, density_to_us: np.ndarray, calcium_table: np.ndarray
    ) -> dict[str, np.ndarray]:
        n, pool = len(region.segments), region.pool
        if pool is None:
            pool = CalciumPool(1.0, 0.0, 0.0)
            calcium = np.ones(n)
        else:
            calcium = np.array([segment.cai for segment in region.segments])
            outside_mm = region.segments[0].cao
            calcium_table[:, 0] = [h.nernst(inside, outside_mm, 2) for inside in measure.calcium_grid_mm()]
        decay = np.exp(-self._step_ms / pool.tau_ms)
        return {
            "calcium_table": _with_differences(calcium_table),
            "calcium_decay": np.full(n, decay),
            "calcium_source": np.full(n, (1 - decay) * pool.rest_mm),
            "calcium_gain": (1 - decay) * pool.gain / density_to_us,
            "calcium": calcium,
            "calcium_conductance": np.zeros(n),
            "calcium_reversal": np.zeros(n),
        }


_STATES = ("gate", "synapse", "calcium", "calcium_conductance", "calcium_reversal")


def _with_differences(table: np.ndarray) -> np.ndarray:
    """Each row followed by its difference to the next, shape (rows, 2, columns)."""
    return np.stack([table, np.diff(table, axis=0, append=table[-1:])], axis=1)
