"""Spines: the resistance of the neck, and what it does to an excitatory event."""

import dataclasses

import numpy as np
import pytest

from neurodepth.cells import definition
from neurodepth.cells.trial import Events
from neurodepth.validation import InvalidFileError, overlay

SPINES = {"fraction": 0.2, "neck_resistance_mohm": 200, "head_diameter_um": 0.5, "seed": 0}
ON_SPINE_MS, DURATION_MS = 20, 60


def build(project, simulator="tabulated", **changes):
    from neurodepth.cells.compartmental import CompartmentalCell

    found = definition.read(project / "models" / "cells" / "l5pc")
    values = overlay(found.values, {"synapses": {"excitatory": {"spines": SPINES | changes}}})
    return CompartmentalCell(dataclasses.replace(found, values=values), project / "data", simulator)


def resistances_mohm(project):
    """Input resistance at the head and at the shaft of some spines, for constant current at -80 mV."""
    from neuron import h

    cell = build(project, "neuron")
    shafts = cell.dendritic_segments()
    segments = cell.synapses.loc[cell.synapses["spine"] >= 0, "segment"].to_numpy()
    h.finitialize(-80)
    found = []
    for spine, segment in list(zip(cell.spines, segments, strict=True))[::20]:
        impedance = h.Impedance()
        at_head, at_shaft = spine.head(0.5), shafts[segment]
        values = []
        for place in (at_head, at_shaft):
            impedance.loc(place.x, sec=place.sec)
            impedance.compute(0)
            values.append(impedance.input(place.x, sec=place.sec))
        found.append(values)
    return np.array(found)


def test_a_head_is_the_neck_s_resistance_away_from_its_shaft(project, isolated):
    head, shaft = isolated(resistances_mohm, project).T
    np.testing.assert_allclose(head - shaft, SPINES["neck_resistance_mohm"], rtol=0.02)


def trial(project, simulator, resistance_mohm):
    """Soma voltage with one event on each of ten spines."""
    cell = build(project, simulator, neck_resistance_mohm=resistance_mohm)
    synapse = np.flatnonzero(cell.synapses["spine"] >= 0)[:10].astype(np.uint16)
    events = Events(np.full(10, ON_SPINE_MS, np.uint16), synapse)
    return cell.run(events, DURATION_MS, 0.025, False).soma_voltage_mv


def test_both_simulators_agree(project, isolated):
    tabulated_mv, stepped_mv = (isolated(trial, project, name, 200) for name in ("tabulated", "neuron"))
    assert tabulated_mv.max() > tabulated_mv[ON_SPINE_MS] + 0.2
    np.testing.assert_allclose(tabulated_mv, stepped_mv, atol=0.01)  # mV; tables with a row each 0.1 mV


def test_a_neck_without_resistance_is_no_neck_and_a_thin_one_weakens_the_synapse(project, isolated):
    found = [isolated(trial, project, "tabulated", resistance_mohm) for resistance_mohm in (1, 200, 5000)]
    wide_mv, usual_mv, thin_mv = (one[ON_SPINE_MS:].max() - one[ON_SPINE_MS] for one in found)
    assert thin_mv < 0.7 * usual_mv
    assert usual_mv == pytest.approx(
        wide_mv, rel=0.25
    )  # Palmer & Stuart 2009, J Neurosci 29:6897: 500 Mohm change it by less than 15 %


def table(project, fraction):
    return build(project, fraction=fraction).synapses


def test_a_part_of_the_excitatory_synapses_has_spines_and_the_input_stays(project, isolated):
    with_spines, without = (isolated(table, project, fraction) for fraction in (0.2, 0.0))
    on_spine = with_spines["spine"] >= 0
    assert (with_spines.loc[on_spine, "kind"] == "excitatory").all()
    assert on_spine.sum() == pytest.approx(0.2 * (with_spines["kind"] == "excitatory").sum(), rel=0.2)
    assert sorted(with_spines.loc[on_spine, "spine"]) == list(range(on_spine.sum()))
    assert (without["spine"] == -1).all()
    assert with_spines.drop(columns="spine").equals(without.drop(columns="spine"))


def record_nmda(project):
    build(project).run(
        Events(np.zeros(0, np.uint16), np.zeros(0, np.uint16)), 10, 0.025, False, record=["nmda_conductance"]
    )


def test_the_conductance_of_spines_cannot_be_recorded(project, isolated):
    with pytest.raises(InvalidFileError, match=r"some synapses lie on spines: leave it out of simulation.record"):
        isolated(record_nmda, project)


def test_spines_are_no_dendrite(project, isolated):
    with_spines, without = (isolated(regions_and_main_path, project, fraction) for fraction in (1.0, 0.0))
    assert with_spines == without


def regions_and_main_path(project, fraction):
    from neurodepth.cells import anatomy, physiology

    cell = build(project, "neuron", fraction=fraction)
    return anatomy.describe(cell)["segment_region"].tolist(), [
        str(one).split(">.")[1] for one in physiology.main_path(cell)
    ]


def test_a_spine_needs_a_leak_to_share(project, isolated):
    with pytest.raises(InvalidFileError, match=r"spines: expected the mechanism pas in bare, .* found none: leave out"):
        isolated(grow_on_a_bare_shaft)


def grow_on_a_bare_shaft():
    from neuron import h

    from neurodepth.cells.spines import Spine

    Spine(0, h.Section(name="bare")(0.5), SPINES)
