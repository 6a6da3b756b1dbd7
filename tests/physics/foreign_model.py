"""A small NEURON model as somebody else would write it, and functions on it that run in a process of their own."""

import os
from pathlib import Path

import numpy as np
import yaml

# As published templates do, it changes the temperature, the step and the working folder of the whole process.
TEMPLATE = """
objref nothing
begintemplate Small
public soma, dend, somatic, basal, both, empty
objref somatic, basal, both, empty, synapse
create soma, dend[2]
proc init() { local i
    celsius = 50  dt = 1  v_init = 0
    chdir("..")
    soma { L = 20  diam = 20  insert hh }
    for i = 0, 1 {
        dend[i] { L = 100  diam = $1  nseg = 3  insert pas  e_pas = $2  insert Slow }
        soma connect dend[i](0), i
    }
    somatic = new SectionList()  basal = new SectionList()  both = new SectionList()  empty = new SectionList()
    soma { somatic.append() both.append() }
    for i = 0, 1 dend[i] { basal.append() both.append() }
}
proc connect_synapse() { soma synapse = new TheirSynapse(0.5) }
endtemplate Small
"""
SLOW = """
NEURON { SUFFIX Slow USEION k READ ek WRITE ik RANGE gbar THREADSAFE }
UNITS { (mV) = (millivolt) (mA) = (milliamp) (S) = (siemens) }
PARAMETER { gbar = 1e-5 (S/cm2) }
ASSIGNED { v (mV) ek (mV) ik (mA/cm2) }
STATE { n }
INITIAL { n = 0.5 }
BREAKPOINT { SOLVE states METHOD cnexp ik = gbar * n * (v - ek) }
DERIVATIVE states { n' = (0.5 - n) / (100) }
"""
# Of the usual kind that NEURON 9 refuses.
THEIR_SYNAPSE = """
NEURON { POINT_PROCESS TheirSynapse NONSPECIFIC_CURRENT i }
ASSIGNED { i }
BREAKPOINT {
VERBATIM
    extern void* nrn_random_arg(int);
ENDVERBATIM
    i = scop_random(1)
}
"""
FUNCTION = """
from neuron import h

class Cell:
    def __init__(self, length_um):
        self.soma, self.dendrites = h.Section("soma", self), [h.Section("dend", self)]
        self.soma.L = self.soma.diam = 20
        self.soma.insert("hh")
        self.dendrites[0].L, self.dendrites[0].diam = length_um, 1
        self.dendrites[0].insert("pas")
        self.dendrites[0].connect(self.soma(1))

def build(length_um):
    h.celsius = 50
    return Cell(length_um)
"""


def write(folder: Path, project: Path, **changed) -> Path:
    """Write the model and a cell.yaml for it; a changed value is named by its keys, joined by two underscores."""
    model = folder / "theirs"
    (model / "mechanisms").mkdir(parents=True)
    (model / "small.hoc").write_text(TEMPLATE)
    (model / "cell.py").write_text(FUNCTION)
    (model / "mechanisms" / "Slow.mod").write_text(SLOW)
    (model / "mechanisms" / "TheirSynapse.mod").write_text(THEIR_SYNAPSE)
    shared = yaml.safe_load((project / "models" / "cells" / "foreign.yaml").read_text())
    values = {key: shared[key] for key in ("synapses", "input")} | {
        "type": "foreign",
        "model": {
            "path": "theirs",
            "mechanisms": "mechanisms",
            "left_out": ["TheirSynapse"],
            "hoc": {"file": "small.hoc", "template": "Small", "arguments": [1, -65]},
            "sections": {"soma": "somatic", "basal": "basal"},
        },
        "mechanisms_path": str(project / "models" / "cells" / "l5pc" / "mechanisms"),
        "temperature_celsius": 6.3,
        "initial_voltage_mv": -65,
        "spike_threshold_mv": -20,
        "default_variant": "default",
        "variants": {"default": {}},
    }
    change(values, changed)
    (folder / "cell.yaml").write_text(yaml.safe_dump(values))
    return folder


def change(values: dict, changed: dict) -> None:
    """Change values of a cell.yaml, each named by its keys, joined by two underscores."""
    for keys, value in changed.items():
        *path, last = keys.split("__")
        holder = values
        for key in path:
            holder = holder[key]
        holder[last] = value


def driven(folder: Path, simulator: str = "neuron"):
    """Build the cell and run a trial of 100 ms with one volley: what it is made of, what it did, and the process after."""
    from neurodepth import cells
    from neurodepth.cells import definition
    from neurodepth.cells.trial import Events

    here = os.getcwd()
    cell = cells.build(definition.read(folder), simulator=simulator)
    from neuron import h

    after = {"folder_kept": os.getcwd() == here, "dt": h.dt, "v_init": h.v_init, "celsius": h.celsius}
    excitatory = np.flatnonzero(cell.synapses["kind"] == "excitatory").astype(np.uint16)
    events = Events(np.full(excitatory.size, 20, np.uint16), excitatory)
    trial = cell.run(events, 100, 0.025, False)
    return {
        "after": after,
        "celsius_while_running": h.celsius,
        "synapses": cell.synapses,
        "segments": cell.segments,
        "trees": cell.definition.values["input"]["trees"],
        "spikes": trial.spike_time_ms,
        "soma_mv": trial.soma_voltage_mv,
        "nexus_mv": trial.nexus_voltage_mv,
    }


def described(folder: Path):
    """What is drawn of the cell."""
    from neurodepth import cells
    from neurodepth.cells import anatomy, definition

    return anatomy.describe(cells.build(definition.read(folder), simulator="neuron"))


def inspected(folder: Path, data_path: Path, is_driven: bool):
    """Parts, synapses and length of a published cell, and whether one volley of 100 ms drives its soma where asked for."""
    from neurodepth import cells
    from neurodepth.cells import definition
    from neurodepth.cells.trial import Events

    cell = cells.build(definition.read(folder), data_path, simulator="neuron")
    risen_mv = None
    if is_driven:
        excitatory = np.flatnonzero(cell.synapses["kind"] == "excitatory").astype(np.uint16)
        soma_mv = cell.run(Events(np.full(excitatory.size, 20, np.uint16), excitatory), 60, 0.05, True).soma_voltage_mv
        risen_mv = soma_mv[20:].max() - soma_mv[19]
    return {
        "soma": len(cell.parts["soma"]),
        "dendrites": len(cell.parts["basal"]) + len(cell.parts["apical"]),
        "has_apical": bool(cell.parts["apical"]),
        "segments": len(cell.segments),
        "dendrite_mm": cell.segments["length_um"].sum() / 1000,
        "synapses": cell.synapses["kind"].value_counts().to_dict(),
        "risen_mv": risen_mv,
    }


def built_twice(folder: Path, other: Path):
    """Build one model in a process that has built another."""
    import gc

    from neurodepth import cells
    from neurodepth.cells import definition

    for path in (folder, folder, other):
        cell = cells.build(definition.read(path), simulator="neuron")
        del cell
        gc.collect()


def built_beside_another(folder: Path):
    """Build the model while another cell's section lives in the process."""
    from neurodepth import cells
    from neurodepth.cells import definition

    from neuron import h  # isort: skip

    section = h.Section(name="ours")
    try:
        cells.build(definition.read(folder), simulator="neuron")
    except RuntimeError as error:
        return str(error), section.name()
    return None
