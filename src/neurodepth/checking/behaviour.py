"""What is wrong with what a cell does: at rest, when all synapses of a kind are active, and with the input that is drawn for it."""

from typing import Any, cast

import numpy as np
import pandas as pd

from neurodepth import stimulus
from neurodepth.cells.definition import simulation_settings
from neurodepth.cells.synapse_table import KINDS
from neurodepth.cells.trial import Events, Trial
from neurodepth.stimulus.release import release

REST_MS, BRIEF_MS, SETTLED_MS = 300, 50, 150  # without input; a cell may fire on its way from the initial voltage
DRIVEN_MS, VOLLEYS_MS = 150, range(20, 120, 10)  # one event at every synapse of a kind each time
PILOT_SEED, N_PILOTS, PILOT_MS = 1, 5, 6000  # of a point neuron, which costs next to nothing
DEFAULTS = {"step_ms": 0.05, "second_order": True}  # where the cell does not say


def rest_faults(cell: Any, duration_ms: int = REST_MS) -> list[str]:
    """Faults of a compartmental or foreign cell without input: a voltage that is not finite, or spikes once it has settled."""
    threshold_mv = cell.definition.values["spike_threshold_mv"]
    try:
        rest = _run(cell, [], [], duration_ms)
    except FloatingPointError:
        return [
            f"expected a finite voltage without input, found none within {duration_ms} ms: look at initial_voltage_mv, "
            "temperature_celsius, and the mechanisms and densities"
        ]
    if (spikes := rest.spike_time_ms[rest.spike_time_ms > SETTLED_MS]).size:
        return [
            f"expected silence without input, found a spike at {spikes[0]:.0f} ms (spike_threshold_mv is {threshold_mv}, the "
            f"soma is at {np.median(rest.soma_voltage_mv):.0f} mV): look at temperature_celsius, the densities, and the "
            "threshold; a study cannot tell what such a cell owes to its input"
        ]
    return []


def driven_faults(cell: Any) -> list[str]:
    """Faults of such a cell when all synapses of a kind are active: no finite voltage, or no spike however strong the excitation."""
    for kind in KINDS:
        synapses = np.flatnonzero(cell.synapses["kind"] == kind).tolist()
        times_ms = [time_ms for time_ms in VOLLEYS_MS for _ in synapses]
        try:
            driven = _run(cell, times_ms, synapses * len(VOLLEYS_MS), DRIVEN_MS)
        except FloatingPointError:
            return [
                f"expected a voltage that a cell can have when all {len(synapses)} {kind} synapses are active every 10 ms, found none: look at "
                f"synapses.{kind}, its mechanism and parameters"
            ]
        if kind == "excitatory" and not driven.spike_time_ms.size:
            return [
                f"expected a spike when all {len(synapses)} excitatory synapses are active every 10 ms, found a highest soma "
                f"voltage of {driven.soma_voltage_mv.max():.0f} mV, with spike_threshold_mv "
                f"{cell.definition.values['spike_threshold_mv']}: lower the threshold, or look at the conductances of the "
                "synapses and the densities"
            ]
    return []


def input_faults(synapses: pd.DataFrame, statistics: dict[str, Any]) -> list[str]:
    """What keeps input from being drawn: a trial of it, or of a recording as much as is played at once."""
    try:
        for split, duration_ms in _played(statistics):
            stimulus.draw_events(synapses, statistics, duration_ms, stimulus.trial_rng(PILOT_SEED, split, 0))
    except ValueError as error:
        return str(error).splitlines()
    return []


def silent_faults(cell: Any) -> list[str]:
    """Faults of a point neuron: no spike in some pilot trials of its own input."""
    statistics, synapses = cell.definition.values["input"], cell.definition.values.get("synapses", {})
    if "replay" in statistics:
        return []  # a recording is what it is
    kinds = cell.synapses["kind"].to_numpy()
    highest_mv = -np.inf
    for index in range(N_PILOTS):
        rng = stimulus.trial_rng(PILOT_SEED, "pilot", index)
        events = stimulus.draw_events(cell.synapses, statistics, PILOT_MS, rng)
        released = release(events, kinds, synapses, stimulus.release_rng(PILOT_SEED, "pilot", index, 0))
        trial = cell.run(released, PILOT_MS)
        if trial.spike_time_ms.size:
            return []
        highest_mv = max(highest_mv, trial.soma_voltage_mv.max())
    return [
        f"expected a spike within {N_PILOTS * PILOT_MS // 1000} s of its own input, found none, with a highest voltage of "
        f"{highest_mv:.1f} mV: raise neuron.gain_mv or the rates under input, or look at the parameters of neuron"
    ]


def _played(statistics: dict[str, Any]) -> list[tuple[str, int]]:
    """Splits of which there is input, and how long a trial of each may be."""
    if "replay" not in statistics:
        return [("pilot", PILOT_MS)]
    return [(split, min(one["duration_ms"], PILOT_MS)) for split, one in statistics["replay"].items()]


def _run(cell: Any, time_ms: list[int], synapse: list[int], duration_ms: int) -> Trial:
    settings = simulation_settings(cell.definition, DEFAULTS)
    events = Events(np.array(time_ms, np.uint16), np.array(synapse, np.uint16))
    return cast(Trial, cell.run(events, duration_ms, settings["step_ms"], settings["second_order"]))
