"""A compartmental cell in NEURON: built from a definition, driven by synaptic events."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from neuron import h

from neurodepth.cells import mechanisms, spines
from neurodepth.cells.definition import CellDefinition
from neurodepth.cells.input_rates import with_rates_of_trees
from neurodepth.cells.morphology import find_morphology
from neurodepth.cells.recording import Wanted
from neurodepth.cells.sections import import_morphology, load_mechanisms, traced_points
from neurodepth.cells.spines import Spine
from neurodepth.cells.stepped import SteppedIntegrator
from neurodepth.cells.synapse_table import KINDS, place_synapses
from neurodepth.cells.tabulated import TabulatedIntegrator
from neurodepth.cells.trial import Events, Trial, VoltageBasis, steps_per_ms
from neurodepth.validation import InvalidFileError

TREES = ("basal", "apical")
SIMULATORS = ("tabulated", "coreneuron", "neuron")
RECORDABLE = ("dendrite_voltage", "nmda_conductance", "nexus_calcium")
# Units that a key may end in, as NEURON spells them.
UNITS = {"us": "uS", "ms": "ms", "mv": "mV", "mm": "mM"}


class CompartmentalCell:
    """A cell with an excitatory and an inhibitory synapse at the middle of every dendritic segment.

    Attributes:
        synapses: One row a synapse in input order: kind, tree, segment (row of `segments`), length_um, weight (factor on
            its conductance), spine (row of `spines`; -1 for one on the shaft).
        spines: Of some of the excitatory synapses.
        untraced_um: Points of sections that have none of their own, by section, as `sections.traced_points` gives them.
        segments: One row a dendritic segment, basal first, in NEURON's order: tree, section, x, parent_section,
            parent_x, length_um, diameter_um, area_um2, path_distance_um, x_um, y_um, z_um.
    """

    def __init__(self, definition: CellDefinition, data_path: str | Path = "data", simulator: str = SIMULATORS[0]):
        """Build the cell.

        Args:
            definition: The cell and its variant.
            data_path: The user's data folder, searched for the morphology.
            simulator: `tabulated` integrates from tables measured from the mechanisms, `coreneuron` runs CoreNEURON,
                `neuron` runs NEURON: the same equations, each several times slower than the one before.

        Raises:
            FileNotFoundError: If the morphology or the mechanisms are missing.
            InvalidFileError: If the morphology or a value in the definition cannot be used.
            CompilationError: If the mechanisms do not compile.
            UnsupportedMechanismError: If a mechanism is of a kind that tables cannot hold.
        """
        if simulator not in SIMULATORS:
            raise ValueError(f"simulator is '{simulator}', expected one of {', '.join(SIMULATORS)}")
        self.simulator = simulator
        sources = mechanisms.mechanism_files(definition, data_path)
        load_mechanisms(mechanisms.compile_mechanisms(sources, simulator == "coreneuron"))
        h.celsius = definition.values["temperature_celsius"]
        self.untraced_um: dict[Any, np.ndarray] = {}
        self.parts = self._make_sections(definition, data_path)
        self.soma, self.axon = self.parts["soma"][0], self.parts["axon"]
        self.trees = {tree: self.parts[tree] for tree in TREES}
        self.segments = self._tabulate_segments()
        self.definition = with_rates_of_trees(definition, self.segments)
        self._insert_membrane()
        synapses = definition.values["synapses"]
        self.synapse_parameters = {  # in the order of the table of synapses, whatever that of cell.yaml
            kind: {
                _strip_unit(key, synapses[kind]["mechanism"]): value
                for key, value in synapses[kind]["parameters"].items()
            }
            for kind in KINDS
        }
        self.synapses = place_synapses(self.segments, synapses)
        self.spines = self._grow_spines(synapses["excitatory"].get("spines"))
        self.points = self._add_synapses()
        self.nexus = self._find_nexus()
        self.integrator = (
            TabulatedIntegrator(self)
            if simulator == "tabulated"
            else SteppedIntegrator(self, simulator == "coreneuron")
        )

    def run(
        self,
        events: Events,
        duration_ms: int,
        step_ms: float,
        second_order: bool,
        basis: VoltageBasis | None = None,
        record: Collection[str] = (),
    ) -> Trial:
        """Simulate one trial from rest.

        Args:
            events: Input events; each acts at its own time.
            duration_ms: Length of the trial.
            step_ms: Integration step; a whole number of steps must fit into 1 ms.
            second_order: Crank-Nicolson instead of implicit Euler.
            basis: Components of the dendritic voltages to keep, or None.
            record: What else to keep: any of RECORDABLE.

        Raises:
            ValueError: If the step does not divide 1 ms, an event names a synapse that does not exist, or something
                that cannot be recorded is asked for.
            RuntimeError: If another cell lives in this process: NEURON would simulate both.
            FloatingPointError: If a voltage is not finite, or beyond any cell's range.
        """
        steps_per_ms(step_ms)
        if len(events.synapse) and events.synapse.max() >= len(self.synapses):
            raise ValueError(f"an event names synapse {events.synapse.max()}, the cell has {len(self.synapses)}")
        if unknown := set(record) - set(RECORDABLE):
            raise ValueError(f"cannot record {', '.join(sorted(unknown))}, expected any of {', '.join(RECORDABLE)}")
        if "nexus_calcium" in record and self.nexus is None:
            raise InvalidFileError(
                f"{self.definition.name}: nexus_calcium is to be recorded, but morphology names no nexus: add one, or leave it out of simulation.record"
            )
        n_sections = sum(map(len, self.parts.values())) + 2 * len(self.spines)
        if (n_alive := sum(1 for _ in h.allsec())) != n_sections:
            raise RuntimeError(
                f"this process holds {n_alive} sections, the cell has {n_sections}: delete the other cell, or use a process each"
            )
        h.celsius = self.definition.values["temperature_celsius"]
        if "nmda_conductance" in record and self.spines:
            raise InvalidFileError(
                f"{self.definition.name}: nmda_conductance is recorded on the shaft of the dendrite, but some synapses lie on "
                "spines: leave it out of simulation.record, or the spines out of the cell"
            )
        keeps_dendrites = basis is not None or "dendrite_voltage" in record
        middles = [self.soma(0.5)] + ([self.nexus] if self.nexus is not None else [])
        wanted = Wanted(
            [*middles, *(self.dendritic_segments() if keeps_dendrites else [])],
            self.nexus if "nexus_calcium" in record else None,
            "nmda_conductance" in record,
        )
        found = self.integrator.integrate(events, duration_ms, step_ms, second_order, wanted)
        dendrite_mv = found.voltage_mv[:, len(middles) :]
        return Trial(
            events=events,
            spike_time_ms=found.spike_time_ms,
            soma_voltage_mv=found.voltage_mv[:, 0].copy(),
            nexus_voltage_mv=None if self.nexus is None else found.voltage_mv[:, 1].copy(),
            dendrite_components_mv=None if basis is None else basis.project(dendrite_mv),
            dendrite_voltage_mv=dendrite_mv.astype(np.float16) if "dendrite_voltage" in record else None,
            nmda_conductance_us=found.nmda_conductance_us,
            nexus_calcium_mm=found.calcium_mm,
        )

    def dendritic_segments(self) -> list[Any]:
        """NEURON's segments of the dendrites, in the order of `segments`."""
        return [segment for tree in TREES for section in self.trees[tree] for segment in section]

    def line_um(self, section: Any) -> np.ndarray:
        """Line along which a section lies, as `sections.traced_points` gives it."""
        return self.untraced_um[section] if section in self.untraced_um else traced_points(section)

    def densities(self, segments: list[Any]) -> dict[str, np.ndarray]:
        """Peak conductance of the leak and of each channel, S/cm2, shape (segments,); 0 where there is none."""
        regions = self.definition.values["regions"].values()
        found = {"leak": np.array([segment.pas.g for segment in segments])}
        for name in sorted({name for region in regions for name in region.get("channels_s_per_cm2", {})}):
            found[name] = np.array([getattr(one, name).gbar if hasattr(one, name) else 0.0 for one in segments])
        return found

    def _tabulate_segments(self) -> pd.DataFrame:
        soma_middle = self.soma(0.5)
        rows = []
        for tree in TREES:
            for number, section in enumerate(self.trees[tree]):
                parent = section.parentseg()
                points = self.line_um(section)
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

    def _make_sections(self, definition: CellDefinition, data_path: str | Path) -> dict[str, list[Any]]:
        """Sections of the soma, the axon, and the basal and the apical tree."""
        return import_morphology(find_morphology(definition, data_path), definition)

    def _find_nexus(self) -> Any:
        """NEURON's segment where the tuft begins, or None where the definition names none."""
        nexus = self.definition.values.get("morphology", {}).get("nexus")
        if nexus is None:
            return None
        if nexus["section"] >= len(self.trees["apical"]):
            raise InvalidFileError(
                f"{self.definition.name}: morphology.nexus.section is {nexus['section']}, expected one of the apical "
                f"sections, found {len(self.trees['apical'])} of them in {self.definition.values['morphology']['path']}: "
                "name another, counted from 0, leave the nexus out, or correct the file"
            )
        return self.trees["apical"][nexus["section"]](nexus["position"])

    def _insert_membrane(self) -> None:
        values = self.definition.values
        inserted = {name for region in values["regions"].values() for name in region.get("channels_s_per_cm2", {})}
        for key in ("mechanism_parameters", "channel_scale"):
            if unknown := set(values.get(key, {})) - inserted:
                raise InvalidFileError(
                    f"{self.definition.folder}/cell.yaml: {key} names {', '.join(sorted(unknown))}, expected channels of a region: {', '.join(sorted(inserted))}"
                )
        self.mechanism_parameters = {
            mechanism: {_strip_unit(key, mechanism, is_synapse=False): value for key, value in parameters.items()}
            for mechanism, parameters in values.get("mechanism_parameters", {}).items()
        }
        self.longest_apical_path_um = max(
            (h.distance(self.soma(0.5), section(1)) for section in self.trees["apical"]), default=0.0
        )
        bare = [name for name, sections in self.parts.items() if sections and name not in values["regions"]]
        if bare:
            raise InvalidFileError(
                f"{self.definition.folder}/cell.yaml: expected regions.{bare[0]}, as the cell has sections of it, found "
                f"{', '.join(values['regions']) or 'none'}: add it, with at least capacitance, axial resistance and leak"
            )
        for name, region in values["regions"].items():
            for section in self.parts[name]:
                self._insert_region(section, region, f"{self.definition.folder}/cell.yaml: regions.{name}")

    def _insert_region(self, section: Any, region: dict[str, Any], origin: str) -> None:
        section.cm = region["capacitance_uf_per_cm2"]
        section.Ra = region["axial_resistance_ohm_cm"]
        section.insert("pas")
        section.g_pas = region["leak"]["conductance_s_per_cm2"]
        section.e_pas = region["leak"]["reversal_mv"]
        for mechanism, density in region.get("channels_s_per_cm2", {}).items():
            _insert(section, mechanism, self.definition)
            _expect(section, mechanism, ("gbar",), f"{origin}.channels_s_per_cm2")
            scale = self.definition.values.get("channel_scale", {}).get(mechanism, 1)
            for segment in section:
                getattr(segment, mechanism).gbar = scale * self._density(density, segment)
            for name, value in self.mechanism_parameters.get(mechanism, {}).items():
                setattr(section, f"{name}_{mechanism}", value)
        if pool := region.get("calcium_pool"):
            _insert(section, pool["mechanism"], self.definition)
            _expect(section, pool["mechanism"], ("decay", "gamma"), f"{origin}.calcium_pool")
            for segment in section:
                getattr(segment, pool["mechanism"]).decay = pool["decay_ms"]
                getattr(segment, pool["mechanism"]).gamma = pool["gamma"]
        for ion, reversal_mv in region.get("reversal_mv", {}).items():
            if not hasattr(section(0.5), f"e{ion}"):
                raise InvalidFileError(
                    f"{origin}.reversal_mv.{ion}: expected an ion that a channel of the region uses, in NEURON's spelling (na, "
                    "k, ca): correct or remove it"
                )
            setattr(section, f"e{ion}", reversal_mv)

    def _density(self, density: float | dict[str, Any] | list[dict[str, float]], segment: Any) -> float:
        if not isinstance(density, dict | list):
            return density
        # The published program assigns densities at a section's start, its segments' middles and its end, in this
        # order, so that the last segment of a section has the density of the section's end (Hay et al. 2011).
        section = segment.sec
        is_last = segment.x > 1 - 1 / section.nseg
        distance_um = h.distance(self.soma(0.5), section(1) if is_last else segment)
        unscaled_um = distance_um / self.definition.values["morphology"].get("length_factor", 1)  # zones scale along
        if isinstance(density, list):
            return next((one["density"] for one in density if one["from_um"] <= unscaled_um < one["to_um"]), 0.0)
        if density["profile"] == "band":
            return density["inside"] if density["from_um"] < unscaled_um < density["to_um"] else density["outside"]
        if not self.longest_apical_path_um:
            raise InvalidFileError(
                f"{self.definition.folder}/cell.yaml: an exponential density falls along the apical tree, of which the cell has "
                "none: give a number, a band or steps instead"
            )
        fraction = min(distance_um / self.longest_apical_path_um, density["largest_fraction"])
        return density["scale"] * (density["offset"] + density["amplitude"] * np.exp(density["exponent"] * fraction))

    def _grow_spines(self, settings: dict[str, Any] | None) -> list[Spine]:
        self.synapses["spine"] = spines.choose(self.synapses, settings)
        shafts = self.dendritic_segments()
        with_spine = self.synapses.loc[self.synapses["spine"] >= 0, "segment"]
        return [Spine(number, shafts[segment], settings or {}) for number, segment in enumerate(with_spine)]

    def _add_synapses(self) -> list[Any]:
        """A synapse of each kind at the middle of every dendritic segment, then an excitatory one on every spine.

        All synapses of a kind that lie on a segment share the states of its one.
        """
        places = [(kind, segment) for kind in KINDS for segment in self.dendritic_segments()]
        places += [(KINDS[0], spine.head(0.5)) for spine in self.spines]
        points = []
        for kind, segment in places:
            point = getattr(h, self.definition.values["synapses"][kind]["mechanism"])(segment)
            for name, value in self.synapse_parameters[kind].items():
                setattr(point, name, value)
            points.append(point)
        return points

    def point_of_synapse(self) -> list[Any]:
        """NEURON's point process of each synapse."""
        is_inhibitory = self.synapses["kind"] == KINDS[1]
        on_shaft = self.synapses["segment"] + is_inhibitory * len(self.segments)
        number = on_shaft.where(self.synapses["spine"] < 0, 2 * len(self.segments) + self.synapses["spine"])
        return [self.points[one] for one in number]


def _insert(section: Any, mechanism: str, definition: CellDefinition) -> None:
    try:
        section.insert(mechanism)
    except ValueError as error:
        found = "a point process: name it under synapses" if hasattr(h, mechanism) else "none of that name"
        raise InvalidFileError(
            f"{definition.folder}/cell.yaml: expected a channel '{mechanism}' in {definition.mechanisms_path}, found {found}"
        ) from error


def _expect(section: Any, mechanism: str, variables: tuple[str, ...], origin: str) -> None:
    """Check that a mechanism has the variables that a definition sets."""
    missing = [name for name in variables if not hasattr(getattr(section(0.5), mechanism), name)]
    if missing:
        raise InvalidFileError(
            f"{origin}: expected a mechanism with the RANGE variable{'s' if len(missing) > 1 else ''} {' and '.join(missing)}, found "
            f"'{mechanism}' without: rename {'them' if len(missing) > 1 else 'it'} in the NMODL file, or use another mechanism"
        )


def _strip_unit(key: str, mechanism: str, is_synapse: bool = True) -> str:
    """Parameter name behind a key such as `ampa_rise_ms`, after checking the unit with the mechanism's own."""
    match = re.fullmatch(r"(\w+)_(" + "|".join(UNITS) + ")", key)
    if not match:
        raise InvalidFileError(
            f"{mechanism}: key '{key}' must end in a unit: {', '.join('_' + unit for unit in UNITS)}"
        )
    name, unit = match[1], UNITS[match[2]]
    try:
        declared = h.units(f"{mechanism}.{name}" if is_synapse else f"{name}_{mechanism}")
    except RuntimeError as error:
        raise InvalidFileError(f"{mechanism} has no parameter '{name}' (key '{key}')") from error
    if declared != unit:
        raise InvalidFileError(f"{mechanism}.{name} is in {declared}, but the key '{key}' says {unit}")
    return name
