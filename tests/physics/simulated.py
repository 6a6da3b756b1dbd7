"""Functions that run in a process of their own, called through the fixture `isolated`."""

import h5py
import numpy as np

from neurodepth.cells import definition
from neurodepth.cells.trial import Events


def mechanisms(project):
    """Load the l5pc mechanisms into this process and return NEURON."""
    from neurodepth.cells import mechanisms, sections

    cell = definition.read(project / "models" / "cells" / "l5pc")
    sections.load_mechanisms(mechanisms.compile_mechanisms(cell.mechanisms_path))
    return sections.h


def build(project, name, variant=None, simulator="tabulated"):
    from neurodepth.cells.compartmental import CompartmentalCell

    cell = definition.read(project / "models" / "cells" / name, variant)
    return CompartmentalCell(cell, project / "data", simulator)


def segments(project, name):
    return build(project, name).segments


def densities(project, name):
    """Ih and low-voltage calcium densities of all dendritic segments, S/cm2."""
    cell = build(project, name)
    return np.array(
        [
            (segment.Ih.gbar, segment.Ca_LVA.gbar if hasattr(segment, "Ca_LVA") else 0.0)
            for tree in ("basal", "apical")
            for section in cell.trees[tree]
            for segment in section
        ]
    )


def reference_trials(project, reference, family, names, step_ms, second_order=False, simulator="tabulated"):
    """Run reference trials with our cell: for each, spike times, soma and nexus voltage."""
    cell = build(project, "l5pc_hay2011", "nmda" if family == "nmda" else "no_nmda", simulator)
    found = {}
    with h5py.File(reference / "l5pc_trials.h5") as file:
        for name in names:
            events = Events(file[family][name]["event_time_ms"][:], file[family][name]["event_synapse"][:])
            trial = cell.run(events, 3000, step_ms, second_order)
            found[name] = (trial.spike_time_ms, trial.soma_voltage_mv, trial.nexus_voltage_mv)
    return found


def one_trial(project, simulator, step_ms=0.025, second_order=False, duration_ms=400, variant=None, record=()):
    """A short driven trial of the shipped cell: spike times, soma voltage and what else was recorded, by name."""
    from neurodepth import stimulus

    cell = build(project, "l5pc", variant, simulator)
    rng = stimulus.trial_rng(1, "train", 0)
    events = stimulus.draw_events(cell.synapses, cell.definition.values["input"], duration_ms, rng)
    trial = cell.run(events, duration_ms, step_ms, second_order, record=record)
    return {"spikes": trial.spike_time_ms, "soma": trial.soma_voltage_mv} | {
        name: getattr(trial, name)
        for name in ("dendrite_voltage_mv", "nmda_conductance_us", "nexus_calcium_mm")
        if getattr(trial, name) is not None
    }


def passive_decay(project):
    """Voltage of an isopotential passive sphere after a brief current: time in ms, voltage above rest in mV."""
    h = mechanisms(project)
    soma = h.Section(name="soma")
    soma.L = soma.diam = 20
    soma.cm = 1
    soma.insert("pas")
    soma.g_pas, soma.e_pas = 1e-4, -70
    clamp = h.IClamp(soma(0.5))
    clamp.delay, clamp.dur, clamp.amp = 1, 1, 0.05
    time, voltage = h.Vector().record(h._ref_t), h.Vector().record(soma(0.5)._ref_v)
    h.dt, h.secondorder = 0.025, 2
    h.finitialize(-70)
    h.continuerun(60)
    return np.array(time), np.array(voltage) + 70


def synapse_conductance(project, name, parameters, event_times_ms, voltage_mv):
    """Conductance in uS of a synapse on a clamped compartment: for each recorded variable, its time course."""
    h = mechanisms(project)
    soma = h.Section(name="soma")
    soma.L = soma.diam = 20
    synapse = getattr(h, name)(soma(0.5))
    for key, value in parameters.items():
        setattr(synapse, key, value)
    clamp = h.SEClamp(soma(0.5))
    clamp.dur1, clamp.amp1, clamp.rs = 1e9, voltage_mv, 1e-6
    names = ("g_ampa", "g_nmda") if name == "AmpaNmda" else ("g",)
    recorded = {key: h.Vector().record(getattr(synapse, f"_ref_{key}")) for key in names}
    connection = h.NetCon(None, synapse)
    connection.weight[0] = 1
    h.dt = 0.005
    h.steps_per_ms = 200
    h.finitialize(voltage_mv)
    for time_ms in event_times_ms:
        connection.event(time_ms)
    h.continuerun(60)
    return {key: np.array(vector) for key, vector in recorded.items()}


def gate_curves(project, mechanism, voltages_mv):
    """Steady state and time constant (ms) of the gates of a channel at given voltages, as the compiled code has them."""
    h = mechanisms(project)
    soma = h.Section(name="soma")
    soma.insert(mechanism)
    channel = getattr(soma(0.5), mechanism)
    gates = [name for name in ("m", "h") if hasattr(channel, name)]
    found = {gate: [] for gate in gates}
    h.dt = 1e-3
    for voltage_mv in voltages_mv:
        h.finitialize(voltage_mv)
        found_steady = {gate: getattr(channel, gate) for gate in gates}
        for gate in gates:
            found[gate].append(found_steady[gate])
    return found


def trial_with_synapses_listed_backwards(project):
    """Spikes and soma voltage of the trial of `one_trial`, where the definition names inhibition first."""
    import dataclasses

    from neurodepth import stimulus
    from neurodepth.cells.compartmental import CompartmentalCell

    found = definition.read(project / "models" / "cells" / "l5pc")
    backwards = found.values | {"synapses": dict(reversed(found.values["synapses"].items()))}
    cell = CompartmentalCell(dataclasses.replace(found, values=backwards), project / "data")
    rng = stimulus.trial_rng(1, "train", 0)
    events = stimulus.draw_events(cell.synapses, cell.definition.values["input"], 400, rng)
    trial = cell.run(events, 400, 0.025, False)
    return {"spikes": trial.spike_time_ms, "soma": trial.soma_voltage_mv}


def measured_channels(project):
    """Steady states of the tabulated channels: for each, the voltages in mV and each gate that voltage opens."""
    mechanisms(project)
    from neurodepth.cells.tabulated import measure

    names = ("NaTs2", "Nap", "K_T", "K_P", "Kv3_1", "Im", "Ca_LVA", "Ih")
    return {
        name: (
            measure.voltage_grid_mv(),
            {gate.name: gate.steady for gate in measure.measure_channel(name, {}).gates},
        )
        for name in names
    }


def measure_foreign(folder, name):
    """Measure a channel from a folder of its own."""
    from neurodepth.cells import mechanisms, sections

    sections.load_mechanisms(mechanisms.compile_mechanisms(folder, coreneuron=False))
    from neurodepth.cells.tabulated import measure

    measure.measure_channel(name, {})


def diverging_trial(project):
    """A trial of a cell whose leak pulls to an absurd voltage."""
    import dataclasses

    from neurodepth.cells.compartmental import CompartmentalCell
    from neurodepth.validation import overlay

    found = definition.read(project / "models" / "cells" / "l5pc")
    absurd = overlay(found.values, {"regions": {"soma": {"leak": {"reversal_mv": 1e6}}}})
    cell = CompartmentalCell(dataclasses.replace(found, values=absurd), project / "data")
    cell.run(Events(np.zeros(0, np.uint16), np.zeros(0, np.uint16)), 100, 0.05, True)


def driven_spikes(project, march, duration_ms=3000):
    """Spikes of a trial that has nine, by a kernel compiled for an instruction set."""
    from neurodepth import stimulus
    from neurodepth.cells.tabulated import kernel

    kernel.FLAGS = tuple(flag.replace("native", march) for flag in kernel.FLAGS)
    cell = build(project, "l5pc")
    rng = stimulus.trial_rng(1, "test", 1)
    events = stimulus.draw_events(cell.synapses, cell.definition.values["input"], duration_ms, rng)
    return cell.run(events, duration_ms, 0.0625, True).spike_time_ms


def synaptic_states_after_silence(project, duration_ms=1000):
    """All states of the synapses long after an event at each, shape (segments, 8), and a denormal number times one."""
    cell = build(project, "l5pc")
    every = np.arange(len(cell.synapses)).astype(np.uint16)
    cell.run(Events(np.zeros_like(every), every), duration_ms, 0.0625, True)
    (solver,) = cell.integrator._solvers.values()
    states = np.concatenate([one["synapse"] for one in solver._arrays])
    return states, np.array([5e-324]) * 1.0


def trial_with_synapses_per_um(project, folder, simulator):
    """A short driven trial of the shipped cell with synapses by length: soma voltage, and synapses of each kind."""
    from neurodepth import stimulus
    from neurodepth.cells.compartmental import CompartmentalCell

    extended = project / "models" / "cells" / "l5pc" / "cell.yaml"
    (folder / "cell.yaml").write_text(
        f"extends: {extended}\nsynapses: {{ excitatory: {{ per_um: 0.1 }}, inhibitory: {{ per_um: 0.02 }} }}\n"
    )
    cell = CompartmentalCell(definition.read(folder), project / "data", simulator)
    events = stimulus.draw_events(
        cell.synapses, cell.definition.values["input"], 300, stimulus.trial_rng(1, "train", 0)
    )
    return cell.run(events, 300, 0.05, False).soma_voltage_mv, cell.synapses["kind"].value_counts().to_dict()
