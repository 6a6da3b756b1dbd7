import dataclasses
import shutil

import pytest

from neurodepth.cells import definition, morphology
from neurodepth.validation import InvalidFileError


@pytest.fixture
def published(project, monkeypatch):
    monkeypatch.delenv(morphology.DATA_VARIABLE, raising=False)
    cell = definition.read(project / "models" / "cells" / "l5pc_hay2011")
    fetch = cell.values["morphology"]["fetch"] | {"url": "http://127.0.0.1:9/nothing-listens-here.zip"}
    values = cell.values | {"morphology": cell.values["morphology"] | {"fetch": fetch}}
    return dataclasses.replace(cell, values=values)


def test_without_a_network_the_error_says_which_file_to_put_where(published, tmp_path):
    with pytest.raises(ConnectionError, match=r"Put cell1\.asc into data/morphologies/, or set NEURODEPTH_DATA"):
        morphology.obtain(published, tmp_path / "morphologies" / "cell1.asc")
    assert not list((tmp_path / "morphologies").iterdir())


def test_a_file_of_the_users_is_taken(published, tmp_path, reference, monkeypatch):
    monkeypatch.setenv(morphology.DATA_VARIABLE, str(reference))
    morphology.obtain(published, tmp_path / "morphologies" / "cell1.asc")
    assert (tmp_path / "morphologies" / "cell1.asc").read_bytes() == (reference / "cell1.asc").read_bytes()


def test_another_file_of_that_name_is_refused(published, tmp_path, monkeypatch):
    (tmp_path / "cell1.asc").write_text("not the published one")
    monkeypatch.setenv(morphology.DATA_VARIABLE, str(tmp_path))
    with pytest.raises(InvalidFileError, match=r"cell1\.asc: sha256 is .* not the published file"):
        morphology.find_morphology(published, tmp_path / "data")


def test_a_point_with_zero_diameter_is_named(project, isolated, tmp_path):
    cells = tmp_path / "cells"
    shutil.copytree(project / "models" / "cells" / "l5pc", cells / "l5pc")
    swc = cells / "l5pc" / "morphology.swc"
    lines = swc.read_text().splitlines()
    fields = lines[-1].split()
    fields[5] = "0"
    swc.write_text("\n".join([*lines[:-1], " ".join(fields)]) + "\n")
    with pytest.raises(InvalidFileError, match=r"morphology\.swc: apic\[\d+\] has diameter 0 um at .*positive"):
        isolated(_build, cells / "l5pc")


def _build(folder):
    from neurodepth.cells.compartmental import CompartmentalCell

    CompartmentalCell(definition.read(folder))
