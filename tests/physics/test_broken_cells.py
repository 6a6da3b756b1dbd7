"""Cells that cannot be built or simulated, each found by `neurodepth check` with one line that says what to change."""

import copy
import re
import shutil

import numpy as np
import pytest
import yaml

from neurodepth.cells import definition
from neurodepth.cells.anatomy import describe
from neurodepth.checking.cells import cell_faults
from tests.physics import foreign_model

TREE = ["1 1 0 0 0 8 -1", "2 3 0 -8 0 1 1", "3 3 0 -150 0 1 2", "4 4 0 8 0 1 1", "5 4 0 200 0 1 4"]
WITHOUT_APICAL = [line for line in TREE if line.split()[1] != "4"]


@pytest.fixture
def write(project, tmp_path):
    """Write a small cell with the layer-5 cell's membrane and one variant; keys with __ change it."""

    def written(tree=TREE, name="small", **changed):
        values = copy.deepcopy(definition.read(project / "models" / "cells" / "l5pc").values)
        values |= {"mechanisms_path": str(project / "models/cells/l5pc/mechanisms"), "variants": {"own": {}}}
        values |= {"default_variant": "own", "morphology": {"path": "tree.swc", "segment_length_um": 40}}
        del values["citation"]
        foreign_model.change(values, changed)
        folder = tmp_path / name
        folder.mkdir()
        (folder / "tree.swc").write_text("\n".join(tree))
        (folder / "cell.yaml").write_text(yaml.safe_dump(values))
        return folder

    return written


CLUSTERS = {"groups": 1, "synapses": 5000, "share_factor": 1, "rate_hz": 1, "fraction": 1, "jitter_ms": 1}
BROKEN = {
    "a_channel_without_gbar": (
        {"regions__soma__channels_s_per_cm2": {"hh": 0.1}},
        r"regions\.soma\.channels_s_per_cm2: expected a mechanism with the RANGE variable gbar, found 'hh' without",
    ),
    "a_synapse_as_a_channel": (
        {"regions__soma__channels_s_per_cm2": {"Gaba": 0.1}},
        "expected a channel 'Gaba' .*, found a point process: name it under synapses",
    ),
    "a_pool_that_is_none": (
        {"regions__soma__calcium_pool__mechanism": "Ih"},
        r"regions\.soma\.calcium_pool: expected a mechanism with the RANGE variables decay and gamma, found 'Ih'",
    ),
    "an_ion_misspelt": (
        {"regions__soma__reversal_mv": {"K": -85}},
        r"regions\.soma\.reversal_mv\.K: expected an ion that a channel of the region uses, in NEURON's spelling",
    ),
    "too_many_synapses": (
        {"synapses__excitatory__per_um": 10, "morphology__length_factor": 10, "synapses__inhibitory__per_um": 10},
        "synapses: expected at most 65536 of both kinds",
    ),
    "clusters_larger_than_a_tree": (
        {"input__clusters": CLUSTERS},
        r"input\.clusters\.synapses is 5000, but the largest tree has \d+ excitatory synapses",
    ),
    "an_inhibition_that_explodes": (
        {"synapses__inhibitory__parameters": {"gmax_us": 0.1, "rise_ms": 0.2, "decay_ms": 8, "e_mv": -8000}},
        "expected a voltage that a cell can have when all .* inhibitory synapses are active",
    ),
    "a_membrane_that_explodes": (
        {"regions__soma__leak__conductance_s_per_cm2": 1e308},
        "expected a finite voltage without input, found none",
    ),
}


@pytest.mark.parametrize(("changed", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_cell_is_explained(write, changed, message):
    tree = [*TREE[:4], "5 4 0 900 0 1 4"] if "morphology__length_factor" in changed else TREE
    (found,) = cell_faults(write(tree, **changed))
    assert re.search(message, found), found


def test_a_part_without_a_region_is_refused(write):
    folder = write()
    values = yaml.safe_load((folder / "cell.yaml").read_text())
    del values["regions"]["apical"]
    (folder / "cell.yaml").write_text(yaml.safe_dump(values))
    (found,) = cell_faults(folder)
    assert "expected regions.apical, as the cell has sections of it, found axon, basal, soma" in found


def test_an_exponential_density_asks_for_an_apical_tree(write):
    profile = {"profile": "exponential", "scale": 1, "offset": 0, "amplitude": 1, "exponent": 1, "largest_fraction": 1}
    (found,) = cell_faults(write(WITHOUT_APICAL, regions__basal__channels_s_per_cm2={"Ih": profile}))
    assert "an exponential density falls along the apical tree, of which the cell has none" in found


def test_a_fault_that_variants_share_is_said_once(write):
    folder = write(variants={"own": {}, "warm": {"temperature_celsius": 36}}, input__clusters=CLUSTERS)
    (found,) = cell_faults(folder)
    assert found.startswith("small, variant own and 1 more: input.clusters.synapses is 5000")


def test_a_cell_without_an_apical_tree_is_sound_and_has_an_axon_somewhere(write, isolated):
    axon = {"sections": 2, "length_um": 30, "diameter_um": 1}
    folder = write(WITHOUT_APICAL, morphology__axon=axon)
    assert cell_faults(folder) == []
    ends_um = isolated(_ends_um, folder)
    assert np.isfinite(ends_um).all()
    assert ends_um[:, 1].max() > 50  # two sections upwards, away from the basal dendrite below the soma


def test_a_folder_with_letters_that_neuron_cannot_read_is_no_hindrance(write):
    assert cell_faults(write(name="Körnerzelle")) == []


def _ends_um(folder):
    from neurodepth import cells

    return describe(cells.build(definition.read(folder)))["segment_end_um"]


def test_a_kinetic_scheme_is_named_before_a_study_meets_it(write, project, tmp_path):
    """Tables hold channels whose gates are independent; the default simulator integrates from tables."""
    mechanisms = shutil.copytree(project / "models" / "cells" / "l5pc" / "mechanisms", tmp_path / "mechanisms")
    (mechanisms / "Scheme.mod").write_text(KINETIC)
    changed = {"mechanisms_path": str(mechanisms), "regions__soma__channels_s_per_cm2": {"Scheme": 1e-5, "NaTs2": 1.0}}
    found = cell_faults(write(**changed))
    assert len(found) == 1, found
    assert "Scheme" in found[0]
    assert "coreneuron" in found[0]
    other = write(name="other", **changed, simulation={"simulator": "neuron"})
    assert cell_faults(other) == []


KINETIC = """
NEURON { SUFFIX Scheme USEION k READ ek WRITE ik RANGE gbar THREADSAFE }
UNITS { (mV) = (millivolt) (mA) = (milliamp) (S) = (siemens) }
PARAMETER { gbar = 1e-5 (S/cm2) }
ASSIGNED { v (mV) ek (mV) ik (mA/cm2) }
STATE { closed opened }
INITIAL { SOLVE scheme STEADYSTATE sparse }
BREAKPOINT { SOLVE scheme METHOD sparse
    ik = gbar * opened * (v - ek) }
KINETIC scheme {
    ~ closed <-> opened (0.1, 0.2)
    CONSERVE closed + opened = 1
}
"""
