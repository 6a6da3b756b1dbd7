"""What is wrong with what a cell does: at rest, when all its excitatory synapses are active, and, of a point neuron, under its own input."""

from typing import Any

import numpy as np

from neurodepth import stimulus
from neurodepth.cells.definition import simulation_settings
from neurodepth.cells.trial import Events, Trial
from neurodepth.stimulus.release import release

REST_MS, SETTLED_MS = 300, 150  # without input; a cell may fire on its way from the initial voltage
DRIVEN_MS, VOLLEYS_MS = 150, range(20, 120, 10)  # one event at every excitatory synapse each time
PILOT_SEED, N_PILOTS, PILOT_MS = 1, 5, 6000  # of a point neuron, which costs next to nothing
DEFAULTS = {"step_ms": 0.05, "second_order": True}  # where the cell does not say


def behaviour_faults(cell: Any) -> list[str]:
    """Faults of a compartmental or foreign cell that lives in this process.

    A voltage that is not finite, spikes without input, and no spike however strong the excitation.
    """
    settings = simulation_settings(cell.definition, DEFAULTS)
    threshold_mv = cell.definition.values["spike_threshold_mv"]

    def run(time_ms: list[int], synapse: list[int], duration_ms: int) -> Trial:
        events = Events(np.array(time_ms, np.uint16), np.array(synapse, np.uint16))
        return cell.run(events, duration_ms, settings["step_ms"], settings["second_order"])

    try:
        rest = run([], [], REST_MS)
    except FloatingPointError:
        return [
            f"expected a finite voltage without input, found none within {REST_MS} ms: look at initial_voltage_mv, "
            "temperature_celsius, and the mechanisms and densities"
        ]
    if (spikes := rest.spike_time_ms[rest.spike_time_ms > SETTLED_MS]).size:
        return [
            f"expected silence without input, found a spike at {spikes[0]:.0f} ms (spike_threshold_mv is {threshold_mv}, the "
            f"soma is at {np.median(rest.soma_voltage_mv):.0f} mV): look at temperature_celsius, the densities, and the "
            "threshold; a study cannot tell what such a cell owes to its input"
        ]
    excitatory = np.flatnonzero(cell.synapses["kind"] == "excitatory").tolist()
    driven = run([time_ms for time_ms in VOLLEYS_MS for _ in excitatory], excitatory * len(VOLLEYS_MS), DRIVEN_MS)
    if not driven.spike_time_ms.size:
        return [
            f"expected a spike when all {len(excitatory)} excitatory synapses are active every 10 ms, found a highest soma "
            f"voltage of {driven.soma_voltage_mv.max():.0f} mV, with spike_threshold_mv {threshold_mv}: lower the threshold, or "
            "look at the conductances of the synapses and the densities"
        ]
    return []


def silent_faults(cell: Any) -> list[str]:
    """Faults of a point neuron: no spike in some pilot trials of its own input."""
    statistics, synapses = cell.definition.values["input"], cell.definition.values.get("synapses", {})
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
