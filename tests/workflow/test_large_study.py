"""A study of 24 cells: what Snakemake plans for it."""

import shutil

import pytest
import yaml

from neurodepth import plan
from neurodepth.plan.work import jobs_of
from tests.project_copy import copy_project, snakemake

N_CELLS = 24


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A copy of the project with 24 cells, the pyramidal one under other names, each as the paper study treats its first."""
    folder = copy_project(tmp_path_factory.mktemp("large") / "project")
    study = yaml.safe_load((folder / "config" / "paper.yaml").read_text())
    condition = study["conditions"][0]
    names = [f"cell_{number:02d}" for number in range(N_CELLS)]
    for name in names:
        shutil.copytree(folder / "models" / "cells" / "l5pc", folder / "models" / "cells" / name)
    study["conditions"] = [condition | {"cell": name} for name in names]
    (folder / "config" / "large.yaml").write_text(yaml.safe_dump(study))
    return folder


def counted(folder):
    _, output = snakemake(folder, "-n", "--quiet", "rules", "--configfile", "config/large.yaml")
    lines = [line.split() for line in output.splitlines()]
    return {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[1].isdigit()}


def test_a_study_of_24_cells_has_hundreds_of_simulation_jobs_and_all_are_planned(large, monkeypatch):
    jobs = counted(large)
    assert jobs["fit_voltage_basis"] == N_CELLS
    assert 10 * N_CELLS < jobs["simulate_trials"] < 1000
    assert jobs["total"] < 4000
    monkeypatch.chdir(large)
    planned = jobs_of(plan.read_study(["config/large.yaml"]), plan.rates.read(), cores=1)
    assert len(planned) == jobs["total"] - jobs["all"]
