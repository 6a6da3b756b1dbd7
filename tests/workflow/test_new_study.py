"""A study in a folder of its own, with the workflow imported from the project."""

import json
import shutil
import subprocess
import sys

import pytest
import yaml

from neurodepth import study_folder, validation
from neurodepth.validation import InvalidFileError
from tests.project_copy import snakemake
from tests.unit import report_files

TINY = {
    "conditions": [
        {
            **{"cell": "mine", "variant": "default", "network": "point"},
            **{"trials": {"train": 8, "validation": 4, "test": 8}, "updates": 20},
        }
    ],
    "simulation": {"duration_ms": 2000},
    "depths": [1],
    "training": {"updates_per_epoch": 10, "batch_size": 4, "window_ms": 400},
    "verdict": {"resamples": 100},
}


@pytest.fixture
def study(tmp_path):
    study_folder.create(tmp_path / "study")
    return tmp_path / "study"


@pytest.fixture
def own_cell(study, project):
    """A cell that the project does not know, and a study of it that takes seconds."""
    shutil.copytree(project / "models" / "cells" / "lif", study / "models" / "cells" / "mine")
    (study / "tiny.yaml").write_text(yaml.safe_dump(TINY))
    return study


def test_a_new_study_is_the_default_study(study, project):
    default = validation.read_yaml(project / "config" / "default.yaml")
    assert validation.read_yaml(study / "config.yaml") == default
    assert "# length of a trial" in (study / "config.yaml").read_text()


def test_a_new_study_passes_a_dry_run_with_the_rules_of_the_project(study):
    _, output = snakemake(study, "-n", "--quiet", "rules")
    assert "make_report" in output
    assert "simulate_trials" in output


def test_a_key_that_stands_twice_is_refused(study):
    (study / "twice.yaml").write_text("depths: [1]\nseed: 2\ndepths: [1, 3]\n")
    code, output = snakemake(study, "-n", "--configfile", "twice.yaml", check=False)
    assert code != 0
    assert "the key 'depths' stands in line 1 too: keep one" in output


def test_numbers_of_the_command_line_are_numbers(study):
    given = ("depths=[1]", "training={learning_rate: 1e-3}", "parallel={cores_per_job: 2}")
    assert "simulate_trials" in snakemake(study, "-n", "--quiet", "rules", "--config", *given)[1]


def test_a_sequential_search_passes_a_dry_run(study):
    _, output = snakemake(study, "-n", "--quiet", "rules", "--config", "search=sequential")
    assert "judge_depth" in output


def test_a_new_study_of_one_neuron_has_its_conditions_alone(tmp_path):
    study_folder.create(tmp_path / "study", "l5pc")
    conditions = validation.read_yaml(tmp_path / "study" / "config.yaml")["conditions"]
    assert [(one["cell"], one["variant"]) for one in conditions] == [("l5pc", "nmda"), ("l5pc", "no_nmda")]


def test_a_cell_that_the_default_study_lacks_gets_the_numbers_of_one_of_its_kind(tmp_path):
    study_folder.create(tmp_path / "study", "l5pc_hay2011")
    (found,) = validation.read_yaml(tmp_path / "study" / "config.yaml")["conditions"]
    assert (found["cell"], found["variant"], found["network"]) == ("l5pc_hay2011", "nmda", "tcn")


def test_a_folder_that_holds_something_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="expected an empty folder"):
        study_folder.create(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_an_unknown_cell_is_refused_and_makes_no_folder(tmp_path):
    with pytest.raises(InvalidFileError, match="did you mean 'lif'"):
        study_folder.create(tmp_path / "study", "lfi")
    assert not (tmp_path / "study").exists()


def test_a_study_with_a_cell_of_its_own_runs_to_the_report(own_cell):
    """From simulation to the page, in the study's folder and from its own models/."""
    snakemake(own_cell, "--configfile", "tiny.yaml")
    (cell,) = json.loads((own_cell / "results" / "verdict.json").read_text())["cells"]
    assert cell["cell"] == "mine"
    page = (own_cell / "results" / "report.html").read_text()
    assert "mine" in page
    assert "cp -r study/models again/" in page
    (own_cell / "config.yaml").write_text(report_files.configuration_on(page))
    _, output = snakemake(own_cell)
    assert "Nothing to be done" in output
    subprocess.run(
        [sys.executable, "-m", "neurodepth", "report", "results", "-o", "again.html"], cwd=own_cell, check=True
    )
    assert (own_cell / "again.html").read_text().replace("again_figures/", "figures/") == page
    again, figures = own_cell / "again_figures", own_cell / "results" / "figures"
    assert {path.name for path in again.glob("[!.]*")} == {path.name for path in figures.glob("[!.]*")}
