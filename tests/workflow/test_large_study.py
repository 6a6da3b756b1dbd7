"""A study of 24 cells: what Snakemake plans for it."""

import shutil
import subprocess
import sys

import pytest
import yaml

from neurodepth import plan
from neurodepth.plan.work import jobs_of
from tests.project_copy import copy_project

N_CELLS = 24
COUNTING = """
import atexit, sys
from neurodepth import validation
from snakemake import cli

def count():
    checks = validation._validator.cache_info()
    print("schema_checks", checks.hits + checks.misses)

atexit.register(count)
cli.main(sys.argv[1:])
"""


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


@pytest.fixture(scope="module")
def counted(large):
    """Jobs of each rule in a dry run, and how often its process checked a mapping against a schema."""
    run = subprocess.run(
        [sys.executable, "-c", COUNTING, "-n", "--quiet", "rules", "--configfile", "config/large.yaml"],
        cwd=large,
        capture_output=True,
        text=True,
        timeout=580,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    lines = [line.split() for line in (run.stdout + run.stderr).splitlines()]
    return {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[1].isdigit()}


def test_a_study_of_24_cells_has_hundreds_of_simulation_jobs_and_all_are_planned(large, counted, monkeypatch):
    assert counted["fit_voltage_basis"] == N_CELLS
    assert 10 * N_CELLS < counted["simulate_trials"] < 1000
    assert counted["total"] < 4000
    monkeypatch.chdir(large)
    planned = jobs_of(plan.read_study(["config/large.yaml"]), plan.rates.read(), cores=1)
    assert len(planned) == counted["total"] - counted["all"]


def test_what_24_cells_have_in_common_is_checked_once(counted):
    """The study twice, the cell with and without each of its variants, nine networks: not so many for each cell."""
    assert counted["schema_checks"] < 2 * N_CELLS
