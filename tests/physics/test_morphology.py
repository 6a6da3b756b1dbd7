"""The shipped morphology is what its generator makes, and measures what Hay et al. 2011's cell 1 measures."""

from pathlib import Path

import neurom
import numpy as np
import pytest
from neurom import NeuriteType

from neurodepth.cells import arbour, growth, swc

CELLS = Path(__file__).resolve().parents[2] / "models/cells"
SHIPPED = CELLS / "l5pc/morphology.swc"
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


def written(folder, cell, seed):
    parameters = arbour.read(CELLS / cell / "growth.yaml")
    command = f"python scripts/grow_morphology.py {cell} --seed {seed}"
    swc.write_swc(growth.grow(parameters, seed), folder / "grown.swc", parameters, command)
    return (folder / "grown.swc").read_bytes()


@pytest.mark.parametrize(("cell", "seed"), [("l5pc", 80), ("ca1_like", 23), ("granule_like", 2)])
def test_shipped_file_is_what_the_generator_makes(tmp_path, cell, seed):
    assert written(tmp_path, cell, seed) == (CELLS / cell / "morphology.swc").read_bytes()


def test_another_seed_grows_another_cell(tmp_path):
    assert written(tmp_path, "l5pc", 81) != SHIPPED.read_bytes()


@pytest.mark.parametrize(("cell", "total_um"), [("ca1_like", 13500), ("granule_like", 3221)])
def test_a_small_cell_has_the_published_length(cell, total_um):
    grown = neurom.load_morphology(CELLS / cell / "morphology.swc")
    assert np.sum(neurom.get("total_length", grown)) == pytest.approx(total_um, rel=TOLERANCE)


def test_the_granule_cell_has_as_many_segments_as_published():
    grown = neurom.load_morphology(CELLS / "granule_like/morphology.swc")
    assert 22 <= neurom.get("number_of_sections", grown) <= 40  # Claiborne et al. 1990
    orders = neurom.get("section_branch_orders", grown)
    assert 4 <= np.max(orders) + 1 <= 8


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
