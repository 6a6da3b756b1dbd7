"""Weights and vesicles reach the cell alike by either simulator, and are what larger conductances are."""

import dataclasses

import numpy as np

from neurodepth import stimulus
from neurodepth.cells import definition
from neurodepth.stimulus.release import release
from neurodepth.validation import overlay

SIZES = {"distribution": "sizes", "seed": 1, "sizes": 26, "range": 60, "variability": 0.08}
VESICLES = {"probability": 0.5, "sites": 4, "recovery_ms": 100, "facilitation_ms": 0, "vesicle_weight": 0.8}
DURATION_MS = 300


def voltage_mv(project, synapses, simulator):
    """Soma voltage of one driven trial of the shipped cell, and how many events of a synapse came at once."""
    from neurodepth.cells.compartmental import CompartmentalCell

    found = definition.read(project / "models" / "cells" / "l5pc")
    values = overlay(found.values, {"synapses": synapses})
    cell = CompartmentalCell(dataclasses.replace(found, values=values), project / "data", simulator)
    events = stimulus.draw_events(cell.synapses, values["input"], DURATION_MS, stimulus.trial_rng(1, "train", 0))
    kinds = cell.synapses["kind"].to_numpy()
    events = release(events, kinds, values["synapses"], stimulus.release_rng(1, "train", 0, 0))
    at_once = np.unique(events.time_ms.astype(int) * len(kinds) + events.synapse, return_counts=True)[1].max()
    return cell.run(events, DURATION_MS, 0.025, False).soma_voltage_mv, at_once


def test_both_simulators_deliver_weighted_vesicles(project, isolated):
    synapses = {"excitatory": {"weights": SIZES, "release": VESICLES}, "inhibitory": {"weights": SIZES}}
    (tabulated_mv, at_once), (stepped_mv, _) = (
        isolated(voltage_mv, project, synapses, simulator) for simulator in ("tabulated", "neuron")
    )
    assert at_once > 1
    np.testing.assert_allclose(tabulated_mv, stepped_mv, atol=0.01)  # mV; tables with a row each 0.1 mV


def test_a_heavier_event_is_a_larger_conductance(project, isolated):
    certain = {"probability": 1.0, "sites": 1, "recovery_ms": 0, "facilitation_ms": 0, "vesicle_weight": 1.5}
    heavier = {"excitatory": {"release": certain}}
    larger = {"excitatory": {"parameters": {"ampa_gmax_us": 0.0006, "nmda_gmax_us": 0.0006}}}
    (by_weight_mv, _), (by_conductance_mv, _) = (
        isolated(voltage_mv, project, synapses, "tabulated") for synapses in (heavier, larger)
    )
    np.testing.assert_allclose(by_weight_mv, by_conductance_mv, atol=1e-4)
