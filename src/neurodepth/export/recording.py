"""What an export holds, whatever its format: the trials of some shards, their signals with units, their synapses."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurodepth import cells, dataset, provenance
from neurodepth.cells import definition
from neurodepth.trials import Trials

IDENTITY = ("cell", "variant", "split", "seed")
KINDS = ("excitatory", "inhibitory")


@dataclass(frozen=True)
class Signal:
    """A quantity sampled once a millisecond.

    Attributes:
        name: Its name in an export.
        unit: The unit that its values are in.
        si_unit: The unit without a prefix, spelt out.
        si_factor: What a value is multiplied with to be in `si_unit`.
        place: Where it is recorded: soma, nexus or dendrites.
        variable: The quantity's name for a simulator.
        description: One sentence, with the meaning of the columns.
    """

    name: str
    unit: str
    si_unit: str
    si_factor: float
    place: str
    variable: str
    description: str


_SEGMENT = "one column a dendritic segment, in the order of the cell's table of segments"
# Field of Trials: how it is exported. Fields that a shard lacks are left out.
SIGNALS = {
    "soma_voltage_mv": Signal("soma_voltage", "mV", "volts", 1e-3, "soma", "v", "Membrane voltage of the soma."),
    "nexus_voltage_mv": Signal(
        "nexus_voltage", "mV", "volts", 1e-3, "nexus", "v", "Membrane voltage where the tuft begins (the nexus)."
    ),
    "nexus_calcium_mm": Signal(
        "nexus_calcium", "mM", "mol/L", 1e-3, "nexus", "cai", "Calcium concentration where the tuft begins (the nexus)."
    ),
    "dendrite_voltage_mv": Signal(
        "dendrite_voltage", "mV", "volts", 1e-3, "dendrites", "v", f"Membrane voltage, {_SEGMENT}."
    ),
    "nmda_conductance_us": Signal(
        "nmda_conductance", "uS", "siemens", 1e-6, "dendrites", "g_nmda", f"NMDA conductance, {_SEGMENT}."
    ),
    "dendrite_components_mv": Signal(
        "dendrite_components",
        "mV",
        "volts",
        1e-3,
        "dendrites",
        "v",
        "Dendritic voltages less their mean, along the principal components of the study's basis.h5, one column each.",
    ),
}


@dataclass(frozen=True)
class Recording:
    """Trials with what is known about them.

    Attributes:
        trials: The trials.
        attributes: Attributes of the shards; those that differ between shards are lists. JSON can hold them.
        synapses: One row a synapse in input order: kind, and, where the cell is known, tree, segment, length_um.
        segments: One row a dendritic segment, as in `CompartmentalCell.segments`; None where the cell is not known.
    """

    trials: Trials
    attributes: dict[str, Any]
    synapses: pd.DataFrame
    segments: pd.DataFrame | None

    @property
    def name(self) -> str:
        """Cell, variant, split and seed as one word."""
        cell, variant, split, seed = (self.attributes[key] for key in IDENTITY)
        return f"{cell}-{variant}-{split}-seed{seed}"

    @property
    def title(self) -> str:
        """What this is, as a sentence."""
        cell, variant, split, seed = (self.attributes[key] for key in IDENTITY)
        return (
            f"{len(self.trials)} simulated trials of the cell {cell}, variant {variant}, under random synaptic input "
            f"(split {split}, seed {seed}); a simulation, no animal."
        )

    @property
    def step_ms(self) -> float:
        """Integration step that was asked for; a point neuron steps 1 ms all the same."""
        return self.attributes["protocol"].get("step_ms", 1.0)

    @property
    def digest(self) -> str:
        """Short digest of where the trials come from; the same for the same shards."""
        return provenance.digest([self.attributes, self.trials.index.tolist()])

    def signals(self) -> list[tuple[Signal, np.ndarray]]:
        """Signals that the shards hold, each float32 of shape (trials, time) or (trials, time, columns)."""
        held = [(signal, getattr(self.trials, field, None)) for field, signal in SIGNALS.items()]
        return [(signal, np.asarray(values, np.float32)) for signal, values in held if values is not None]


def read(
    shard_paths: Sequence[str | Path], cell_path: str | Path | None = None, data_path: str | Path = "data"
) -> Recording:
    """Read shards of one cell, variant, split and seed.

    Args:
        shard_paths: The shards; their trials stay in this order.
        cell_path: Folder of the cell's definition, which says where each synapse sits; None leaves that out.
        data_path: The user's data folder, searched for the cell's morphology.

    Raises:
        DatasetError: If a shard is damaged, foreign or does not fit the others.
        ValueError: If the cell is not the one of the shards.
    """
    described = [dataset.describe(path)["attributes"] for path in shard_paths]
    for path, attributes in zip(shard_paths, described, strict=True):
        for key in (*IDENTITY, "protocol"):
            if attributes[key] != described[0][key]:
                raise dataset.DatasetError(
                    f"{path}: {key} is '{attributes[key]}', but {shard_paths[0]} has '{described[0][key]}': "
                    "export each by itself"
                )
    trials = dataset.read_split(shard_paths, tuple(dataset.OPTIONAL))
    attributes = {key: _merge([_plain(one.get(key)) for one in described]) for key in described[0]}
    if cell_path is None:
        return Recording(trials, attributes, pd.DataFrame({"kind": _kinds(trials)}), None)
    cell = build_cell(Path(cell_path), data_path, attributes, trials)
    return Recording(trials, attributes, cell.synapses, getattr(cell, "segments", None))


def build_cell(cell_path: Path, data_path: str | Path, attributes: dict[str, Any], trials: Trials) -> Any:
    """Build the cell of a shard for its tables alone; nothing is simulated with it.

    Args:
        cell_path: Folder of its definition.
        data_path: The user's data folder, searched for the morphology.
        attributes: Of the shard.
        trials: Of the shard.

    Raises:
        ValueError: If the definition is that of another cell, or of one with other synapses.
    """
    if (name := definition.read(cell_path).name) != attributes["cell"]:
        raise ValueError(f"{cell_path}: this is the cell {name}, but the shards are of {attributes['cell']}")
    cell = cells.build(definition.read(cell_path, attributes["variant"]), data_path, "neuron")
    if (found := cell.synapses["kind"].tolist()) != (expected := _kinds(trials)):
        raise ValueError(
            f"{cell_path}: the cell has {len(found)} synapses, {found.count(KINDS[0])} of them excitatory, but the "
            f"shards have {len(expected)} and {expected.count(KINDS[0])}: the cell has changed since they were made; "
            "name the folder of the cell as it was with --cell, or simulate again"
        )
    return cell


def _kinds(trials: Trials) -> list[str]:
    n_inhibitory = trials.n_synapses - trials.n_excitatory
    return [KINDS[0]] * trials.n_excitatory + [KINDS[1]] * n_inhibitory


def _plain(value: Any) -> Any:
    """An HDF5 attribute as Python's own types; text that is a JSON object becomes one."""
    value = value.item() if isinstance(value, np.generic) else value
    return json.loads(value) if isinstance(value, str) and value.startswith("{") else value


def _merge(values: list[Any]) -> Any:
    return values[0] if all(value == values[0] for value in values) else values
