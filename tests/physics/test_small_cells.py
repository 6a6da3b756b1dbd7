"""Scaled and small cells: what NEURON builds from them against closed forms."""

import dataclasses

import numpy as np
import pytest

from neurodepth.cells import definition
from neurodepth.validation import overlay


def build(project, name, values):
    from neurodepth.cells.compartmental import CompartmentalCell

    found = definition.read(project / "models" / "cells" / name)
    return CompartmentalCell(dataclasses.replace(found, values=overlay(found.values, values)), project / "data")


def scaled(project, factor):
    cell = build(project, "l5pc", {"morphology": {"length_factor": factor}})
    zone = [segment.Ca_LVA.gbar > 0.1 for segment in cell.dendritic_segments() if hasattr(segment, "Ca_LVA")]
    in_zone = cell.segments.loc[cell.segments["tree"] == "apical", "path_distance_um"].to_numpy()[zone]
    ih = max(segment.Ih.gbar for segment in cell.dendritic_segments())
    return cell.segments, cell.soma(0.5).area(), (in_zone.min(), in_zone.max()), ih


def exported_synapses(project, folder):
    """Columns of the synapses in an NWB file of a cell with dendrites, and how many there are."""
    from pynwb import NWBHDF5IO

    from neurodepth import dataset, export, simulation

    cell = project / "models" / "cells" / "ball_and_stick"
    protocol = simulation.Protocol(str(cell), definition.read(cell).variant, 1, duration_ms=20, simulator="neuron")
    trials = simulation.simulate_trials(protocol, "test", [0], n_workers=1)
    dataset.write_shard(folder / "shard.h5", trials, [0], simulation.describe(protocol, "test"))
    export.export_shards([folder / "shard.h5"], "nwb", folder / "trials.nwb", cell, project / "data")
    with NWBHDF5IO(folder / "trials.nwb", "r") as io:
        table = io.read().processing["misc"]["synapses"].to_dataframe()
    return set(table.columns), len(table)


def stick_input_resistance_mohm(project):
    """Steady change of the soma's voltage of the passive ball and stick per current, and what it is made of."""
    from neuron import h

    membrane = {"channels_s_per_cm2": {}, "capacitance_uf_per_cm2": 1, "axial_resistance_ohm_cm": 100}
    leak = {"leak": {"conductance_s_per_cm2": 6e-5, "reversal_mv": -80}}
    passive = dict.fromkeys(("soma", "axon", "apical"), membrane | leak)
    found = definition.read(project / "models" / "cells" / "ball_and_stick")
    values = found.values | {"regions": passive}
    values["morphology"] = {key: value for key, value in values["morphology"].items() if key != "axon"}
    from neurodepth.cells.compartmental import CompartmentalCell

    cell = CompartmentalCell(dataclasses.replace(found, values=values), project / "data", "neuron")
    clamp = h.IClamp(cell.soma(0.5))
    clamp.delay, clamp.dur, clamp.amp = 0, 1e9, 0.01
    h.dt, h.secondorder = 0.1, 0
    h.finitialize(-80)
    h.continuerun(400)
    return (cell.soma(0.5).v + 80) / 0.01, sum(segment.area() for segment in cell.soma)


def stepped_densities(project):
    """Ih of the apical segments where it has two steps, and their distances."""
    steps = [{"from_um": 0, "to_um": 100, "density": 1e-3}, {"from_um": 100, "to_um": 600, "density": 4e-3}]
    cell = build(project, "l5pc", {"regions": {"apical": {"channels_s_per_cm2": {"Ih": steps}}}})
    return [segment.Ih.gbar for segment in cell.dendritic_segments()][-375:], cell.segments["path_distance_um"][-375:]


@pytest.fixture(scope="module")
def halves(project, isolated):
    return isolated(scaled, project, 1), isolated(scaled, project, 0.5)


def test_half_the_length_is_half_of_every_path_and_the_same_soma(halves):
    (whole, soma_um2, *_), (half, half_soma_um2, *_) = halves
    of_section = [one.groupby(["tree", "section"])["length_um"].sum() for one in (whole, half)]
    np.testing.assert_allclose(of_section[1], of_section[0] / 2, rtol=1e-4)  # positions are single precision
    assert half_soma_um2 == soma_um2
    assert half["path_distance_um"].max() == pytest.approx(whole["path_distance_um"].max() / 2, rel=0.02)


def test_densities_scale_with_the_dendrite(halves):
    (_, _, zone_um, ih), (_, _, half_zone_um, half_ih) = halves
    np.testing.assert_allclose(half_zone_um, np.array(zone_um) / 2, atol=20)  # a segment
    assert half_ih == pytest.approx(ih)  # grows with the distance, up to 0.65 of the longest path


def test_the_passive_ball_and_stick_has_the_input_resistance_of_cable_theory(project, isolated):
    found_mohm, soma_um2 = isolated(stick_input_resistance_mohm, project)
    membrane_ohm_cm2, axial_ohm_cm, diameter_cm, length_cm = 1 / 6e-5, 100, 2e-4, 0.1
    lambda_cm = np.sqrt(membrane_ohm_cm2 / axial_ohm_cm * diameter_cm / 4)
    infinite_s = np.pi / 2 * diameter_cm**1.5 / np.sqrt(membrane_ohm_cm2 * axial_ohm_cm)  # Rall 1959
    stick_s = infinite_s * np.tanh(length_cm / lambda_cm)
    soma_s = soma_um2 * 1e-8 / membrane_ohm_cm2
    assert found_mohm == pytest.approx(1e-6 / (stick_s + soma_s), rel=0.01)  # 201 segments


def test_a_density_in_steps_has_each_where_its_distances_are(project, isolated):
    density, distance_um = isolated(stepped_densities, project)
    near, middle, far = distance_um < 60, (distance_um > 140) & (distance_um < 560), distance_um > 640
    for where, expected in ((near, 1e-3), (middle, 4e-3), (far, 0)):
        assert where.sum() > 2
        np.testing.assert_allclose(np.array(density)[where], expected)


def test_the_synapses_of_a_cell_with_dendrites_are_exported_with_their_places(isolated, project, tmp_path):
    columns, number = isolated(exported_synapses, project, tmp_path)
    assert {"tree", "segment", "length_um", "weight", "spine"} <= columns
    assert number > 1
