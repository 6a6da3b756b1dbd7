"""Functions of test_population.py that run in a process of their own, called through the fixture `isolated`."""

import numpy as np

from neurodepth import population, stimulus
from neurodepth.cells import definition
from neurodepth.cells.trial import Events

N_CELLS, DURATION_MS, BACKGROUND_MS = 2, 80, 300
CONTACTS = 400  # enough to make the other cell spike


def build(project, simulator):
    from neurodepth.population.cells import Cells

    return Cells(definition.read(project / "models" / "cells" / "l5pc", "nmda"), N_CELLS, simulator, project / "data")


def refusal(project, variant):
    """Why cells of a variant cannot be a network."""
    from neurodepth.population.cells import Cells

    try:
        Cells(definition.read(project / "models" / "cells" / "l5pc", variant), N_CELLS, data_path=project / "data")
    except ValueError as error:
        return str(error)
    return "they can"


def wire(n_connections, delay_ms=1):
    """The first cell excites the second at so many synapses."""
    source = np.zeros(n_connections, int)
    return population.Wiring(N_CELLS, source, source + 1, np.arange(n_connections), np.full(n_connections, delay_ms))


def spikes(activity):
    return [activity.time_ms[activity.neuron == cell].tolist() for cell in range(N_CELLS)]


def relayed_spikes(project, simulator, delay_ms):
    """Spikes of each cell when a volley hits the first one: not connected, connected, and not connected again."""
    cells = build(project, simulator)
    n_excitatory = len(cells.synapses) // 2
    volley = Events(np.full(n_excitatory, 10, np.uint16), np.arange(n_excitatory, dtype=np.uint16))
    nothing = Events(np.zeros(0, np.uint16), np.zeros(0, np.uint16))
    wirings = (wire(0), wire(CONTACTS, delay_ms), wire(0))
    return [spikes(cells.simulate(wiring, [volley, nothing], DURATION_MS)) for wiring in wirings]


def draw_background(synapses, defined):
    return [
        stimulus.draw_events(synapses, defined.values["input"], BACKGROUND_MS, stimulus.trial_rng(1, "test", trial))
        for trial in range(N_CELLS)
    ]


def spikes_alone(project):
    """Spikes of each of two trials, simulated one after the other."""
    from neurodepth.cells.compartmental import CompartmentalCell

    defined = definition.read(project / "models" / "cells" / "l5pc", "nmda")
    cell = CompartmentalCell(defined, project / "data", "coreneuron")
    background = draw_background(cell.synapses, defined)
    return [cell.run(events, BACKGROUND_MS, 0.0625, True).spike_time_ms.tolist() for events in background]


def spikes_side_by_side(project):
    """Spikes of two cells without connections, each with one of the trials."""
    cells = build(project, "coreneuron")
    background = draw_background(cells.synapses, definition.read(project / "models" / "cells" / "l5pc", "nmda"))
    return spikes(cells.simulate(wire(0), background, BACKGROUND_MS))
