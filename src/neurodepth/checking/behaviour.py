"""What is wrong with what a cell does: at rest, without input, and when all its excitatory synapses are active."""

from typing import Any

import numpy as np

from neurodepth.cells.definition import simulation_settings
from neurodepth.cells.trial import Events, Trial

REST_MS, SETTLED_MS = 300, 150  # without input; a cell may fire on its way from the initial voltage
DRIVEN_MS, VOLLEYS_MS = 150, range(20, 120, 10)  # one event at every excitatory synapse each time
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
