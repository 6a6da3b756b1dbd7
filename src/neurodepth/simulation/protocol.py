"""How a cell is simulated, and one trial of it."""

import dataclasses
import gc
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from neurodepth import cells, stimulus
from neurodepth.cells import definition
from neurodepth.cells.trial import Trial, VoltageBasis
from neurodepth.stimulus.release import release

_built: dict[tuple[str, ...], Any] = {}


@dataclass(frozen=True)
class Protocol:
    """How a cell is simulated.

    Attributes:
        cell_path: Folder of the cell's definition.
        variant: Variant of the cell.
        seed: The study's seed.
        duration_ms: Length of a trial.
        step_ms: Integration step.
        second_order: Crank-Nicolson instead of implicit Euler.
        simulator: What integrates a compartmental cell, as in the configuration.
        data_path: The user's data folder.
        record: What to keep of a compartmental cell besides its somatic and nexus voltage, as in the configuration.
    """

    cell_path: str
    variant: str
    seed: int
    duration_ms: int
    step_ms: float = 0.0625
    second_order: bool = True
    simulator: str = "tabulated"
    data_path: str = "data"
    record: tuple[str, ...] = ()


def simulate_trial(
    protocol: Protocol, split: str, index: int, basis: VoltageBasis | None = None, repeat: int = 0
) -> Trial:
    """Simulate one trial; the result depends on the protocol, the split, the index and the repeat alone.

    The cell gets the vesicles that the trial's presynaptic spikes release; the trial keeps the spikes.

    Args:
        protocol: How.
        split: One of `stimulus.SPLITS`.
        index: Number of the trial within its split.
        basis: Components of the dendritic voltages to keep, or None.
        repeat: Number of a repetition: the same spikes, other vesicles.
    """
    cell = built_cell(protocol)
    rng = stimulus.trial_rng(protocol.seed, split, index)
    events = stimulus.draw_events(cell.synapses, cell.definition.values["input"], protocol.duration_ms, rng)
    kinds, synapses = cell.synapses["kind"].to_numpy(), cell.definition.values.get("synapses", {})
    released = release(events, kinds, synapses, stimulus.release_rng(protocol.seed, split, index, repeat))
    if cell.definition.values["type"] == "point":  # no dendrite to keep anything of
        return dataclasses.replace(cell.run(released, protocol.duration_ms), events=events)
    recorded = {"record": tuple(protocol.record)} if protocol.record else {}
    trial = cell.run(released, protocol.duration_ms, protocol.step_ms, protocol.second_order, basis, **recorded)
    return dataclasses.replace(trial, events=events)


def describe(protocol: Protocol, split: str) -> dict[str, Any]:
    """What a shard of trials says about how it was made: the description that `dataset.write_shard` wants."""
    cell = built_cell(protocol)
    return {
        "cell": cell.definition.name,
        "variant": protocol.variant,
        "split": split,
        "seed": protocol.seed,
        "n_synapses": len(cell.synapses),
        "n_excitatory": int((cell.synapses["kind"] == "excitatory").sum()),
        "protocol": asdict(protocol),
        "input": cell.definition.values["input"],
        "synapses": cell.synapses,
    }


def built_cell(protocol: Protocol) -> Any:
    """The cell of a protocol, built once a process; NEURON simulates all cells of a process, so only one is kept."""
    found = anywhere(protocol)
    key = (found.cell_path, found.variant, found.data_path, found.simulator)
    if key not in _built:
        _built.clear()
        gc.collect()
        cell = definition.read(protocol.cell_path, protocol.variant)
        _built[key] = cells.build(cell, protocol.data_path, protocol.simulator)
    return _built[key]


def anywhere(protocol: Protocol) -> Protocol:
    """The same protocol with absolute paths, for a process that works in another folder."""
    cell_path, data_path = Path(protocol.cell_path).resolve(), Path(protocol.data_path).resolve()
    return dataclasses.replace(protocol, cell_path=str(cell_path), data_path=str(data_path))
