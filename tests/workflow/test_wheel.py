"""neurodepth installed from its wheel, with no checkout: a new study plans the whole workflow."""

import os
import subprocess
import sys
import zipfile

import pytest

from tests.project_copy import PROJECT


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder to import neurodepth from, as pip would unpack it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def call(installed, folder, *command):
    done = subprocess.run(
        [sys.executable, "-P", "-m", *command],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output[-3000:]
    return output


def test_a_new_study_of_an_installed_wheel_plans_the_workflow_and_simulates(installed, tmp_path):
    call(installed, tmp_path, "neurodepth", "new", "mine", "--cell", "lif")
    study = tmp_path / "mine"
    assert str(installed) in (study / "README.md").read_text()
    assert "make_report" in call(installed, study, "snakemake", "--cores", "1", "-n")
    shard = "results/lif/default/trials/validation/0000.h5"
    call(installed, study, "snakemake", "--cores", "1", shard)
    assert "lif" in call(installed, study, "neurodepth", "info", shard)
