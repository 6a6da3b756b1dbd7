"""The shipped cell as it is drawn agrees with its morphology, its table of segments and its definition."""

import numpy as np
import pytest

from neurodepth import cells
from neurodepth.cells import anatomy, arbour, definition, growth
from tests import documented


def describe(project, name):
    """What is drawn, and the table of dendritic segments where there is one; in a process of its own."""
    cell = cells.build(definition.read(project / "models" / "cells" / name), simulator="neuron")
    return anatomy.describe(cell), getattr(cell, "segments", None)


@pytest.fixture(scope="module")
def described(isolated, project):
    return isolated(describe, project, "l5pc")


@pytest.fixture(scope="module")
def tree(described):
    return described[0]


@pytest.fixture(scope="module")
def dendrite(tree):
    return ~np.isin(tree["segment_region"], ("soma", "axon"))


def lengths_um(tree):
    return np.linalg.norm(tree["segment_end_um"] - tree["segment_start_um"], axis=1)


def test_dendritic_segments_are_those_of_the_table_in_its_order(described, dendrite):
    tree, table = described
    np.testing.assert_allclose(tree["segment_diameter_um"][dendrite], table["diameter_um"], rtol=1e-6)
    np.testing.assert_allclose(tree["segment_distance_um"][dendrite], table["path_distance_um"], rtol=1e-6)


def test_lines_are_as_long_as_the_segments_they_stand_for(described, dendrite):
    tree, table = described
    straight_um = lengths_um(tree)[dendrite]
    assert (straight_um <= table["length_um"] + 1e-3).all()  # a line is no longer than the path between its ends
    assert straight_um.sum() == pytest.approx(table["length_um"].sum(), rel=0.03)


def test_a_segment_begins_where_the_one_before_it_ends(tree, dendrite):
    parent = tree["segment_parent"]
    inside = dendrite & dendrite[parent]
    gap_um = np.linalg.norm(tree["segment_start_um"][inside] - tree["segment_end_um"][parent[inside]], axis=1)
    assert gap_um.max() < 1e-3


def test_every_segment_leads_to_the_soma(tree):
    at = np.arange(len(tree["segment_parent"]))
    for _ in range(len(at)):
        at = np.where(at > 0, tree["segment_parent"][at], 0)
    assert not at.any()
    assert tree["segment_region"][0] == "soma"
    assert (np.flatnonzero(tree["segment_parent"] < 0) == 0).all()


def test_regions_of_the_apical_tree_are_those_that_were_grown(project, described, dendrite):
    tree, table = described
    grown_um = dict.fromkeys(("basal", "trunk", "oblique", "tuft"), 0.0)
    for branch in growth.grow(arbour.read(project / "models/cells/l5pc/growth.yaml")):
        grown_um[branch.kind] += branch.length_um
    region = tree["segment_region"][dendrite]
    found_um = {name: table["length_um"][region == name].sum() for name in grown_um}
    assert found_um == pytest.approx(grown_um, rel=0.02)  # points of the file are rounded


def test_each_dendritic_segment_has_an_excitatory_and_an_inhibitory_synapse(tree, dendrite):
    for is_excitatory in (True, False):
        of_kind = tree["synapse_segment"][tree["synapse_excitatory"] == is_excitatory]
        np.testing.assert_array_equal(of_kind, np.flatnonzero(dendrite))


def test_densities_are_those_of_the_definition(project, tree):
    regions = definition.read(project / "models" / "cells" / "l5pc").values["regions"]
    named = dict(zip(tree["density_names"], tree["density_s_per_cm2"], strict=True))
    soma, basal = (np.flatnonzero(tree["segment_region"] == name)[0] for name in ("soma", "basal"))
    for place, name in ((soma, "soma"), (basal, "basal")):
        assert named["leak"][place] == pytest.approx(regions[name]["leak"]["conductance_s_per_cm2"])
        expected = dict.fromkeys(set(named) - {"leak"}, 0.0) | regions[name]["channels_s_per_cm2"]
        assert {channel: named[channel][place] for channel in expected} == pytest.approx(expected)


def test_the_axon_is_drawn_away_from_the_apical_tree(tree):
    axon, trunk = (tree["segment_end_um"][tree["segment_region"] == name].mean(axis=0) for name in ("axon", "trunk"))
    assert axon @ trunk < 0  # the soma lies at the origin


def test_a_point_neuron_is_one_segment_of_the_soma(isolated, project):
    tree, _ = isolated(describe, project, "lif")
    assert tree["segment_region"].tolist() == ["soma"]
    assert tree["segment_parent"].tolist() == [-1]
    assert not tree["synapse_segment"].any()
    assert tree["synapse_excitatory"].sum() == 80


def test_the_documentation_names_every_array_of_the_file(tree):
    assert set(tree) | {"rate_hz"} == documented.arrays("tree.npz")
