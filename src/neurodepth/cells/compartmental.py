"""A compartmental cell in NEURON: built from a definition, driven by synaptic events."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from neuron import coreneuron, h

from neurodepth.cells import mechanisms
from neurodepth.cells.definition import CellDefinition
from neurodepth.cells.morphology import find_morphology
from neurodepth.cells.sections import import_morphology, load_mechanisms, traced_points
from neurodepth.cells.trial import Events, Trial, VoltageBasis
from neurodepth.validation import InvalidFileError

TREES = ("basal", "apical")
KINDS = ("excitatory", "inhibitory")
OUTPUT_GID = 0  # CoreNEURON wants a number for whatever detects spikes
# Units that a key may end in, as NEURON spells them.
UNITS = {"us": "uS", "ms": "ms", "mv": "mV", "mm": "mM"}


class CompartmentalCell:
    """A cell with an excitatory and an inhibitory synapse at the middle of every dendritic segment.

    Attributes:
        synapses: One row a synapse in input order: kind, tree, segment (row of `segments`), length_um.
        segments: One row a dendritic segment, basal first, in NEURON's order: tree, section, x, parent_section,
            parent_x, length_um, diameter_um, area_um2, path_distance_um, x_um, y_um, z_um.
    """

    def __init__(self, definition: CellDefinition, data_path: str | Path = "data", use_coreneuron: bool = True):
        """Build the cell.

        Args:
            definition: The cell and its variant.
            data_path: The user's data folder, searched for the morphology.
            use_coreneuron: Compile for and run in CoreNEURON; False runs in NEURON, with the same results.

        Raises:
            FileNotFoundError: If the morphology or the mechanisms are missing.
            InvalidFileError: If the morphology or a value in the definition cannot be used.
            CompilationError: If the mechanisms do not compile.
        """
        self.definition = definition
        self.use_coreneuron = use_coreneuron
        if definition.mechanisms_path is None:
            raise InvalidFileError(f"{definition.name}: mechanisms_path is missing")
        load_mechanisms(mechanisms.compile_mechanisms(definition.mechanisms_path, use_coreneuron))
        self.soma, self.axon, self.trees = import_morphology(find_morphology(definition, data_path), definition)
        self.segments = self._tabulate_segments()
        self._insert_membrane()
        self._synapse_objects, self._connections, self.synapses = self._add_synapses()
        nexus = definition.values["morphology"]["nexus"]
        if nexus["section"] >= len(self.trees["apical"]):
            raise InvalidFileError(
                f"{definition.name}: nexus.section is {nexus['section']}, but there are {len(self.trees['apical'])} apical sections"
            )
        self.nexus = self.trees["apical"][nexus["section"]](nexus["position"])
        self._record_spikes()

    def run(
        self, events: Events, duration_ms: int, step_ms: float, second_order: bool, basis: VoltageBasis | None = None
    ) -> Trial:
        """Simulate one trial from rest.

        Args:
            events: Input events; each acts at its own time.
            duration_ms: Length of the trial.
            step_ms: Integration step; a whole number of steps must fit into 1 ms.
            second_order: Crank-Nicolson instead of implicit Euler.
            basis: Components of the dendritic voltages to keep; None records no dendrite.

        Raises:
            ValueError: If the step does not divide 1 ms or an event names a synapse that does not exist.
            RuntimeError: If another cell lives in this process: NEURON would simulate both.
            FloatingPointError: If the voltage is not finite at the end.
        """
        steps_per_ms = round(1 / step_ms)
        if not np.isclose(steps_per_ms * step_ms, 1):
            raise ValueError(
                f"step_ms is {step_ms}: a whole number of steps must fit into 1 ms (1/16, 1/20, 1/40, ...)"
            )
        if len(events.synapse) and events.synapse.max() >= len(self.synapses):
            raise ValueError(f"an event names synapse {events.synapse.max()}, the cell has {len(self.synapses)}")
        n_sections = 1 + len(self.axon) + sum(map(len, self.trees.values()))
        if (n_alive := sum(1 for _ in h.allsec())) != n_sections:
            raise RuntimeError(
                f"this process holds {n_alive} sections, the cell has {n_sections}: delete the other cell, or use a process each"
            )
        h.dt = step_ms
        h.steps_per_ms = steps_per_ms
        h.secondorder = 2 if second_order else 0
        h.celsius = self.definition.values["temperature_celsius"]
        h.cvode_active(0)
        recorded = {"soma": h.Vector().record(self.soma(0.5)._ref_v), "nexus": h.Vector().record(self.nexus._ref_v)}
        dendrites = [h.Vector().record(seg._ref_v) for seg in self._dendritic_segments()] if basis is not None else []
        h.finitialize(self.definition.values["initial_voltage_mv"])
        connections = self._connections
        for synapse, time_ms in zip(events.synapse.tolist(), events.time_ms.tolist(), strict=True):
            connections[synapse].event(time_ms)
        self.solve(duration_ms)
        sampled = {name: vector.as_numpy()[::steps_per_ms][:duration_ms].copy() for name, vector in recorded.items()}
        if not np.isfinite(sampled["soma"]).all():
            raise FloatingPointError(f"{self.definition.name}: soma voltage is not finite; try a smaller step_ms")
        projected = None
        if basis is not None:
            voltages = np.stack([vector.as_numpy()[::steps_per_ms][:duration_ms] for vector in dendrites], axis=1)
            projected = ((voltages - basis.mean_mv) @ basis.components.T).astype(np.float32)
        return Trial(
            events=events,
            spike_time_ms=self._spike_times.as_numpy().copy(),
            soma_voltage_mv=sampled["soma"].astype(np.float32),
            nexus_voltage_mv=sampled["nexus"].astype(np.float32),
            dendrite_components_mv=projected,
        )

    def _record_spikes(self) -> None:
        self._context, self._spike_times, self._spike_gids = h.ParallelContext(), h.Vector(), h.Vector()
        self._context.gid_clear()  # numbers of a cell that this process has let go
        self._detector = h.NetCon(self.soma(0.5)._ref_v, None, sec=self.soma)
        self._detector.threshold = self.definition.values["spike_threshold_mv"]
        self._context.set_gid2node(OUTPUT_GID, self._context.id())
        self._context.cell(OUTPUT_GID, self._detector)
        self._context.spike_record(OUTPUT_GID, self._spike_times, self._spike_gids)
        self._context.set_maxstep(10)

    def solve(self, duration_ms: float) -> None:
        """Integrate from the present state to `duration_ms`, in CoreNEURON where the cell was compiled for it."""
        with coreneuron(enable=self.use_coreneuron, verbose=0):
            self._context.psolve(duration_ms)

    def _dendritic_segments(self) -> list[Any]:
        return [segment for tree in TREES for section in self.trees[tree] for segment in section]

    def _tabulate_segments(self) -> pd.DataFrame:
        soma_middle = self.soma(0.5)
        rows = []
        for tree in TREES:
            for number, section in enumerate(self.trees[tree]):
                parent = section.parentseg()
                points = traced_points(section)
                for segment in section:
                    position = [
                        np.interp(segment.x * points[-1, 3], points[:, 3], points[:, axis]) for axis in range(3)
                    ]
                    rows.append(
                        (
                            *(tree, number, segment.x, parent.sec.name().split(".")[-1], parent.x),
                            *(section.L / section.nseg, segment.diam, segment.area(), h.distance(soma_middle, segment)),
                            *position,
                        )
                    )
        columns = ["tree", "section", "x", "parent_section", "parent_x", "length_um", "diameter_um", "area_um2"]
        return pd.DataFrame(rows, columns=[*columns, "path_distance_um", "x_um", "y_um", "z_um"])

    def _insert_membrane(self) -> None:
        self.longest_apical_path_um = max(h.distance(self.soma(0.5), section(1)) for section in self.trees["apical"])
        parts = {"soma": [self.soma], "axon": self.axon, **self.trees}
        for name, region in self.definition.values["regions"].items():
            for section in parts[name]:
                self._insert_region(section, region)

    def _insert_region(self, section: Any, region: dict[str, Any]) -> None:
        section.cm = region["capacitance_uf_per_cm2"]
        section.Ra = region["axial_resistance_ohm_cm"]
        section.insert("pas")
        section.g_pas = region["leak"]["conductance_s_per_cm2"]
        section.e_pas = region["leak"]["reversal_mv"]
        for mechanism, density in region.get("channels_s_per_cm2", {}).items():
            _insert(section, mechanism, self.definition)
            for segment in section:
                getattr(segment, mechanism).gbar = self._density(density, segment)
        if pool := region.get("calcium_pool"):
            _insert(section, pool["mechanism"], self.definition)
            for segment in section:
                getattr(segment, pool["mechanism"]).decay = pool["decay_ms"]
                getattr(segment, pool["mechanism"]).gamma = pool["gamma"]
        for ion, reversal_mv in region.get("reversal_mv", {}).items():
            setattr(section, f"e{ion}", reversal_mv)

    def _density(self, density: float | dict[str, Any], segment: Any) -> float:
        if not isinstance(density, dict):
            return density
        # The published program assigns densities at a section's start, its segments' middles and its end, in this
        # order, so that the last segment of a section has the density of the section's end (Hay et al. 2011).
        section = segment.sec
        is_last = segment.x > 1 - 1 / section.nseg
        distance_um = h.distance(self.soma(0.5), section(1) if is_last else segment)
        if density["profile"] == "band":
            return density["inside"] if density["from_um"] < distance_um < density["to_um"] else density["outside"]
        fraction = min(distance_um / self.longest_apical_path_um, density["largest_fraction"])
        return density["scale"] * (density["offset"] + density["amplitude"] * np.exp(density["exponent"] * fraction))

    def _add_synapses(self) -> tuple[list[Any], list[Any], pd.DataFrame]:
        objects, connections = [], []
        for kind in KINDS:
            synapse = self.definition.values["synapses"][kind]
            parameters = {_strip_unit(key, synapse["mechanism"]): value for key, value in synapse["parameters"].items()}
            for segment in self._dendritic_segments():
                point = getattr(h, synapse["mechanism"])(segment)
                for name, value in parameters.items():
                    setattr(point, name, value)
                connection = h.NetCon(None, point)
                connection.weight[0] = 1
                connection.delay = 1  # not used: events are queued at their own times
                objects.append(point)
                connections.append(connection)
        one_kind = self.segments[["tree", "length_um"]].assign(segment=np.arange(len(self.segments)))
        table = pd.concat([one_kind.assign(kind=kind) for kind in KINDS], ignore_index=True)
        return objects, connections, table[["kind", "tree", "segment", "length_um"]]


def _insert(section: Any, mechanism: str, definition: CellDefinition) -> None:
    try:
        section.insert(mechanism)
    except ValueError as error:
        raise InvalidFileError(
            f"{definition.folder}/cell.yaml: no mechanism '{mechanism}' in {definition.mechanisms_path}"
        ) from error


def _strip_unit(key: str, mechanism: str) -> str:
    """Parameter name behind a key such as `ampa_rise_ms`, after checking the unit with the mechanism's own."""
    match = re.fullmatch(r"(\w+)_(" + "|".join(UNITS) + ")", key)
    if not match:
        raise InvalidFileError(
            f"{mechanism}: key '{key}' must end in a unit: {', '.join('_' + unit for unit in UNITS)}"
        )
    name, unit = match[1], UNITS[match[2]]
    try:
        declared = h.units(f"{mechanism}.{name}")
    except RuntimeError as error:
        raise InvalidFileError(f"{mechanism} has no parameter '{name}' (key '{key}')") from error
    if declared != unit:
        raise InvalidFileError(f"{mechanism}.{name} is in {declared}, but the key '{key}' says {unit}")
    return name
