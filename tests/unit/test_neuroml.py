"""NeuroML morphologies: the same tree as SWC, and every fault with its segment and a remedy."""

import numpy as np
import pytest
import yaml

from neurodepth.cells import definition, neuroml
from neurodepth.cells.morphology_file import swc_faults
from neurodepth.checking.cells import _morphology_faults
from neurodepth.validation import InvalidFileError
from tests.unit.test_morphology_file import SWC, _with_morphology

NEUROML = """<neuroml xmlns="http://www.neuroml.org/schema/neuroml2"><cell id="small"><morphology id="tree">
<segment id="0"><proximal x="0" y="-5" z="0" diameter="10"/><distal x="0" y="5" z="0" diameter="10"/></segment>
<segment id="1"><parent segment="0" fractionAlong="0.5"/>
    <proximal x="0" y="-10" z="0" diameter="2"/><distal x="0" y="-30" z="0" diameter="2"/></segment>
<segment id="3"><parent segment="2"/><distal x="20" y="60" z="0" diameter="1"/></segment>
<segment id="4"><parent segment="2" fractionAlong="0.5"/><distal x="-20" y="60" z="0" diameter="1"/></segment>
<segment id="2"><parent segment="0" fractionAlong="0.5"/>
    <proximal x="0" y="10" z="0" diameter="2"/><distal x="0" y="40" z="0" diameter="2"/></segment>
<segmentGroup id="soma_group"><member segment="0"/></segmentGroup>
<segmentGroup id="dendrite_group"><member segment="1"/><include segmentGroup="apical_dendrites"/></segmentGroup>
<segmentGroup id="apical_dendrites"><include segmentGroup="tips"/><member segment="2"/></segmentGroup>
<segmentGroup id="tips"><member segment="3"/><member segment="4"/></segmentGroup>
</morphology></cell></neuroml>
"""
SAME_AS_SWC = SWC.replace("6 4 0 10 0 1 2\n7 4 0 40 0 1 6\n", "") + (
    "6 4 0 10 0 1 2\n7 4 0 25 0 1 6\n8 4 0 40 0 1 7\n9 4 20 60 0 0.5 8\n10 4 -20 60 0 0.5 7\n"
)


def points(text):
    """Number, type, place, radius and parent of each point of an SWC file."""
    return [[float(value) for value in line.split()] for line in text.splitlines() if not line.startswith("#")]


def test_a_tree_becomes_the_same_swc_with_points_where_branches_hang(tmp_path):
    (tmp_path / "cell.nml").write_text(NEUROML)
    neuroml.write_swc(tmp_path / "cell.nml", tmp_path / "cell.swc")
    assert points((tmp_path / "cell.swc").read_text()) == points(SAME_AS_SWC)
    assert swc_faults(tmp_path / "cell.swc") == []


def test_a_spherical_soma_is_one_point_and_a_child_begins_where_it_hangs(tmp_path):
    sphere = NEUROML.replace('y="-5"', 'y="5"').replace('<proximal x="0" y="10" z="0" diameter="2"/>', "")
    (tmp_path / "cell.nml").write_text(sphere)
    neuroml.write_swc(tmp_path / "cell.nml", tmp_path / "cell.swc")
    soma, *others = points((tmp_path / "cell.swc").read_text())
    assert soma == [1, 1, 0, 5, 0, 5, -1]
    assert [row[1] for row in others].count(1) == 0
    assert [row[6] for row in others].count(1) == 2  # the basal dendrite's own start, and the middle of the apical one


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ('<distal x="20" y="60"', '<distal x="nan" y="60"', r"segment 3: distal has .* nan, 60, 0, 1, expected finite"),
        (
            'z="0" diameter="1"/></segment>\n<segment id="4"',
            'z="0"/></segment>\n<segment id="4"',
            r"segment 3: .*nothing",
        ),
        ('y="-30" z="0" diameter="2"', 'y="-30" z="0" diameter="0"', r"segment 1: .*positive diameter: correct it"),
        (
            '<parent segment="2"/>',
            '<parent segment="9"/>',
            r"segment 3: expected the id of a segment as parent, found 9",
        ),
        ('<parent segment="2"/>', "", r"segment 3: expected a proximal point, found none: add it"),
        (
            'id="2"><parent segment="0"',
            'id="2"><parent segment="3"',
            r"segment 2: expected a tree, .* its own ancestor",
        ),
        ('fractionAlong="0.5"/>\n', 'fractionAlong="1.5"/>\n', r"segment 1: fractionAlong is 1\.5, expected 0 to 1"),
        ('<segment id="4">', '<segment id="3">', r"segment 3: expected an id of its own"),
        ('<segment id="4">', "<segment>", r"segment None: expected whole numbers as id and parent"),
        ('<member segment="4"/>', "", r"segment 4: expected a segment group with soma, axon, .*: add it to one"),
        ('"soma_group"', '"axon_group"', r"expected one segment without parent, of the soma, found \[0\]"),
        ("</cell>", "", r".* no XML \(mismatched tag: line 13, column \d+\): correct the file"),
        ("morphology", "morph", r"expected one morphology with segments \(NeuroML 2\), found 0"),
        ("<neuroml", '<!DOCTYPE n [<!ENTITY a "aaaa">]><neuroml', r".* found a document type, which may hide entities"),
    ],
)
def test_a_fault_is_named_with_its_segment_and_a_remedy(tmp_path, good, bad, message):
    assert good in NEUROML
    (tmp_path / "cell.nml").write_text(NEUROML.replace(good, bad))
    with pytest.raises(InvalidFileError, match=rf"cell\.nml(, |: ){message}"):
        neuroml.read(tmp_path / "cell.nml")


def test_all_faults_are_found_at_once_when_a_cell_is_checked(project, tmp_path):
    wrong = NEUROML.replace('y="-30"', 'y="inf"').replace('<parent segment="2"/>', "")
    folder = _with_morphology(project, tmp_path, "cell.nml", wrong)
    assert len(_morphology_faults(definition.read(folder), "data")) == 2


def test_neuron_builds_the_same_cell_as_from_swc(project, isolated, tmp_path):
    trees = {}
    for name, content in (("cell.nml", NEUROML), ("cell.swc", SAME_AS_SWC)):
        folder = _with_morphology(project, tmp_path / name, name, content)
        values = yaml.safe_load((folder / "cell.yaml").read_text())
        del values["morphology"]["nexus"]  # of a larger tree
        (folder / "cell.yaml").write_text(yaml.safe_dump(values))
        trees[name] = isolated(_segments, folder)
    length_um = trees["cell.nml"].groupby("tree")["length_um"].sum()
    assert length_um["apical"] == pytest.approx(30 + np.hypot(20, 20) + np.hypot(20, 35))
    assert trees["cell.nml"].equals(trees["cell.swc"])


def _segments(folder):
    from neurodepth.cells.compartmental import CompartmentalCell

    return CompartmentalCell(definition.read(folder), simulator="neuron").segments
