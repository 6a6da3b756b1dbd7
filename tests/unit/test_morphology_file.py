import dataclasses
import shutil

import pytest
import yaml

from neurodepth.cells import definition, morphology, morphology_file
from neurodepth.validation import InvalidFileError


@pytest.fixture
def published(project, monkeypatch):
    monkeypatch.delenv(morphology.DATA_VARIABLE, raising=False)
    cell = definition.read(project / "models" / "cells" / "l5pc_hay2011")
    fetch = cell.values["morphology"]["fetch"] | {"url": "http://127.0.0.1:9/nothing-listens-here.zip"}
    values = cell.values | {"morphology": cell.values["morphology"] | {"fetch": fetch}}
    return dataclasses.replace(cell, values=values)


def test_without_a_network_the_error_says_which_file_to_put_where(published, tmp_path):
    message = rf"Put cell1\.asc into {tmp_path}/morphologies/, or set NEURODEPTH_DATA"
    with pytest.raises(ConnectionError, match=message):
        morphology.obtain(published, tmp_path / "morphologies" / "cell1.asc")
    assert not list((tmp_path / "morphologies").iterdir())


def test_a_morphology_of_ones_own_belongs_beside_its_cell(published, tmp_path):
    own = {"path": "mine.swc"}
    cell = dataclasses.replace(published, values={"morphology": own}, morphology_folder=tmp_path / "mine")
    with pytest.raises(
        FileNotFoundError, match=rf"Put mine\.swc into {tmp_path}/mine/, or into there/morphologies/, or set"
    ):
        morphology.find_morphology(cell, "there")


def test_a_file_of_the_users_is_taken(published, tmp_path, reference, monkeypatch):
    monkeypatch.setenv(morphology.DATA_VARIABLE, str(reference))
    morphology.obtain(published, tmp_path / "morphologies" / "cell1.asc")
    assert (tmp_path / "morphologies" / "cell1.asc").read_bytes() == (reference / "cell1.asc").read_bytes()


def test_another_file_of_that_name_is_refused(published, tmp_path, monkeypatch):
    (tmp_path / "cell1.asc").write_text("not the published one")
    monkeypatch.setenv(morphology.DATA_VARIABLE, str(tmp_path))
    with pytest.raises(InvalidFileError, match=r"cell1\.asc: sha256 is .* not the published file"):
        morphology.find_morphology(published, tmp_path / "data")


SWC = """# a soma, a basal and an apical branch
1 1 0 -5 0 5 -1
2 1 0 0 0 5 1
3 1 0 5 0 5 2
4 3 0 -10 0 1 2
5 3 0 -30 0 1 4
6 4 0 10 0 1 2
7 4 0 40 0 1 6
"""


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ("7 4 0 40 0 1 6", "7 4 0 40 0 1 -1", r"line 8: point 7 has parent -1 .*connected to nothing.*\(line 2\)"),
        ("7 4 0 40 0 1 6", "7 4 0 40 0 1 99", "line 8: point 7 has parent 99, .*none with that id: correct the parent"),
        ("6 4 0 10 0 1 2", "6 4 0 10 0 1 7", "line 7: point 6 has parent 7, .*move the point below it"),
        ("7 4 0 40 0 1 6", "7 4 0 40 0 1 7", "line 8: point 7 has parent 7, .*none with that id"),
        ("7 4 0 40 0 1 6", "5 4 0 40 0 1 4", "line 8: expected a new id, found 5, which line 6 has"),
        ("5 3 0 -30 0 1 4", "8 3 0 -30 0 1 4", "line 7: expected an id above 8, found 6: sort the lines"),
        ("7 4 0 40 0 1 6", "7 4 0 nan 0 1 6", r"line 8: point 7 is at \(0, nan, 0\), expected finite coordinates"),
        ("7 4 0 40 0 1 6", "7 4 0 40 0 0 6", "line 8: point 7 has radius 0 um, expected a positive one: correct it"),
        ("7 4 0 40 0 1 6", "7 4 0 40 0 inf 6", "line 8: point 7 has radius inf um"),
        ("7 4 0 40 0 1 6", "7 5 0 40 0 1 6", "line 8: point 7 has type 5, expected 1 .soma.*give it the type"),
        ("7 4 0 40 0 1 6", "7 4 0 40 0 1", "line 8: expected seven numbers .*found '7 4 0 40 0 1': correct the line"),
        ("7 4 0 40 0 1 6", "7 4 0 4O 0 1 6", "line 8: expected seven numbers .*found '7 4 0 4O 0 1 6'"),
        ("1 1 0 -5 0 5 -1", "1 3 0 -5 0 5 -1", "line 2: point 1 is the first, with type 3 .*begin with the soma"),
        (SWC, "# nothing", "expected the points of a cell, found none"),
        ("# a", "\ufeff# a", "begins with a byte order mark, .*save it as UTF-8 without one"),
    ],
)
def test_a_broken_swc_file_is_refused_with_the_line(tmp_path, good, bad, message):
    path = tmp_path / "cell.swc"
    path.write_text(SWC.replace(good, bad))
    with pytest.raises(InvalidFileError, match=rf"cell\.swc(, |: ){message}"):
        morphology_file.check_swc(path)


@pytest.mark.parametrize("change", [("\n", "\r\n"), ("# a", "# \xe4"), (" 6\n", " 6 more\n"), ("\n", "\n\n")])
def test_what_neuron_reads_is_no_fault(tmp_path, change):
    (tmp_path / "cell.swc").write_bytes(SWC.replace(*change).encode("latin-1"))
    morphology_file.check_swc(tmp_path / "cell.swc")


def test_a_cell_with_a_broken_swc_file_is_not_given_to_neuron(project, isolated, tmp_path):
    folder = _with_morphology(project, tmp_path, "cell.swc", SWC.replace("1 6\n", "1 99\n"))
    with pytest.raises(InvalidFileError, match=r"cell\.swc, line 8: point 7 has parent 99"):
        isolated(_build, folder)


def test_a_dendrite_on_the_axon_is_refused(project, isolated, tmp_path):
    axon = "8 2 5 0 0 1 2\n9 2 30 0 0 1 8\n10 3 40 0 0 1 9\n11 3 60 0 0 1 10\n"
    folder = _with_morphology(project, tmp_path, "cell.swc", SWC + axon)
    with pytest.raises(InvalidFileError, match=r"cell\.swc: dend\[1\] hangs on the axon or on nothing, .*remove that"):
        isolated(_build, folder)


ASC = """("CellBody" (CellBody) (0 0 0 1) (10 0 0 1) (10 10 0 1) (0 10 0 1))
((Dendrite) (5 5 0 2) (5 -20 0 2))
((Apical) (5 5 0 2) (5 50 0 2))
"""


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ("(5 50 0 2)", "(5 nan 0 2)", r"apic\[0\] has a point at \(5, nan, 0\), expected finite coordinates"),
        ("(5 -20 0 2)", "(5 -20 0)", r"dend\[0\] has diameter 0 um at \(5, -20, 0\), expected a positive one: correct"),
        (
            ASC,
            "<html>not found</html>",
            "expected one soma and dendrites, found sections: 0 soma, 0 dend",
        ),
    ],
)
def test_a_broken_neurolucida_file_is_refused(project, isolated, tmp_path, good, bad, message):
    folder = _with_morphology(project, tmp_path, "cell.asc", ASC.replace(good, bad))
    with pytest.raises(InvalidFileError, match=rf"cell\.asc: {message}"):
        isolated(_build, folder)


def test_a_file_of_another_kind_is_refused(project, isolated, tmp_path):
    folder = _with_morphology(project, tmp_path, "cell.hoc", "create soma")
    with pytest.raises(
        InvalidFileError, match=r"cell\.hoc: expected a file \.swc, \.asc .* or \.nml .*found '\.hoc': convert it"
    ):
        isolated(_build, folder)


def _with_morphology(project, tmp_path, name, content):
    """A copy of the cell l5pc with another morphology file."""
    folder = shutil.copytree(project / "models" / "cells" / "l5pc", tmp_path / "l5pc")
    (folder / name).write_text(content)
    values = yaml.safe_load((folder / "cell.yaml").read_text())
    values["morphology"]["path"] = name
    (folder / "cell.yaml").write_text(yaml.safe_dump(values))
    return folder


def _build(folder):
    from neurodepth.cells.compartmental import CompartmentalCell

    CompartmentalCell(definition.read(folder))
