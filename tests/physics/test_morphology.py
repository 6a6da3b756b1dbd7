"""The shipped morphology is what its generator makes, and measures what Hay et al. 2011's cell 1 measures."""

from pathlib import Path

import neurom
import numpy as np
import pytest
from neurom import NeuriteType

from neurodepth.cells import growth, swc

SHIPPED = Path(__file__).resolve().parents[2] / "models/cells/l5pc/morphology.swc"
TREES = {"basal": NeuriteType.basal_dendrite, "apical": NeuriteType.apical_dendrite}
# Hay et al. 2011, cell 1 (ModelDB 139653), imported by NEURON as the model does it.
PUBLISHED = [
    ("basal", "number_of_sections", 84),
    ("basal", "number_of_leaves", 46),
    ("basal", "total_length", 5133.5),
    ("basal", "total_area", 8863),
    ("basal", "section_path_distances", 282),
    ("apical", "number_of_sections", 109),
    ("apical", "number_of_leaves", 55),
    ("apical", "total_length", 7440.9),
    ("apical", "total_area", 21009),
    ("apical", "section_path_distances", 1300.5),
]
N_SEGMENTS = {"basal": 262, "apical": 377}  # the same cell, nseg = 1 + 2 * int(L / 40)
TOLERANCE = 0.05  # what the generator promises


@pytest.fixture(scope="module")
def shipped() -> neurom.core.Morphology:
    return neurom.load_morphology(SHIPPED)


def test_shipped_file_is_what_the_generator_makes(tmp_path):
    swc.write_swc(growth.grow(growth.SEED), tmp_path / "grown.swc", growth.SEED)
    assert (tmp_path / "grown.swc").read_bytes() == SHIPPED.read_bytes()


def test_another_seed_grows_another_cell(tmp_path):
    swc.write_swc(growth.grow(growth.SEED + 1), tmp_path / "grown.swc", growth.SEED + 1)
    assert (tmp_path / "grown.swc").read_bytes() != SHIPPED.read_bytes()


@pytest.mark.parametrize(("tree", "feature", "published"), PUBLISHED)
def test_measure_agrees_with_the_published_cell(shipped, tree, feature, published):
    measured = np.max(neurom.get(feature, shipped, neurite_type=TREES[tree]))
    assert measured == pytest.approx(published, rel=TOLERANCE)


@pytest.mark.parametrize("tree", TREES)
def test_number_of_segments_agrees_with_the_published_cell(shipped, tree):
    lengths_um = neurom.get("section_lengths", shipped, neurite_type=TREES[tree])
    n_segments = sum(1 + 2 * int(length_um / 40) for length_um in lengths_um)
    assert n_segments == pytest.approx(N_SEGMENTS[tree], rel=TOLERANCE)


def test_one_trunk_and_eight_basal_stems_leave_the_soma(shipped):
    stems = {tree: neurom.get("number_of_neurites", shipped, neurite_type=kind) for tree, kind in TREES.items()}
    assert stems == {"basal": 8, "apical": 1}


def test_soma_area_agrees_with_the_published_cell(shipped):
    assert neurom.get("soma_surface_area", shipped) == pytest.approx(1131, rel=0.01)


def test_every_diameter_is_positive():
    points = np.loadtxt(SHIPPED)
    assert points[:, 5].min() > 0
