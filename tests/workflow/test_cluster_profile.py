"""What a profile for clusters submits, recorded by a queue that makes empty files."""

import json
import shlex
import sys

import pytest
import yaml

from tests.project_copy import copy_project, snakemake

CORES = 3  # of a simulation job, and of no rule by itself
SIMULATIONS = ("tune_input", "fit_voltage_basis", "simulate_trials", "estimate_ceiling", "run_experiments")
TRIALS = {"train": 2, "validation": 2, "test": 2}
STUDY = {
    "conditions": [
        {"cell": "l5pc", "variant": "unreliable", "network": "tcn", "target_output_rate_hz": 1},  # a ceiling
        {"cell": "l5pc", "variant": "nmda", "network": "tcn"},  # experiments
        {"cell": "lif", "variant": "default", "network": "point", "baselines": ["perceptron"]},
    ],
    "condition_defaults": {"trials": TRIALS, "updates": 1},
    "experiment_backgrounds": 1,
    "depths": [1],
}
SUBMIT = """
import json, re, sys
from pathlib import Path

script = Path(sys.argv[1]).read_text()
job = json.loads(re.search("# properties = (.*)", script)[1])
benchmarks = [path.replace("/logs/", "/benchmarks/").replace(".log", ".tsv") for path in job["log"]]
for path in map(Path, [*job["output"], *benchmarks]):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
with open("submitted.jsonl", "a") as submitted:
    submitted.write(json.dumps(job | {"script": script}) + "\\n")
print(job["jobid"])
"""


@pytest.fixture(scope="module")
def submitted(tmp_path_factory):
    """Jobs that simulate, as the generic profile submits them."""
    folder = copy_project(tmp_path_factory.mktemp("profile") / "project")
    profile = folder / "profiles" / "cluster-generic" / "config.yaml"
    profile.write_text(profile.read_text().replace("cores_per_job: 8", f"cores_per_job: {CORES}"))
    (folder / "config" / "submitted.yaml").write_text(yaml.safe_dump(STUDY))
    (folder / "submit.py").write_text(SUBMIT)
    snakemake(
        folder,
        *("--workflow-profile", "profiles/cluster-generic", "--configfile", "config/submitted.yaml"),
        *("--cluster-generic-submit-cmd", f"{shlex.quote(sys.executable)} submit.py"),
        *("--cluster-generic-status-cmd", "echo success #", "--max-status-checks-per-second", "100"),
        *("--omit-from", "evaluate_networks"),
        cores=None,
    )
    return [json.loads(line) for line in (folder / "submitted.jsonl").read_text().splitlines()]


def test_every_job_that_simulates_dendrites_asks_for_the_cores_of_the_profile_and_no_other_for_more_than_one(submitted):
    asked = {(job["rule"], job["wildcards"].get("cell"), job["threads"]) for job in submitted}
    simulating = {one for one in asked if one[0] in SIMULATIONS and one[1] == "l5pc"}
    assert simulating == {(rule, "l5pc", CORES) for rule in SIMULATIONS}
    assert {threads for *_, threads in asked - simulating} == {1}
    assert ("simulate_trials", "lif", 1) in asked


def test_every_job_asks_for_memory_and_time(submitted):
    assert "train_baseline" in {job["rule"] for job in submitted}
    assert all(job["resources"]["mem_mb"] > 0 and job["resources"]["runtime"] > 0 for job in submitted)


def test_a_job_is_told_the_cores_of_the_profile(submitted):
    assert all(f"--config 'parallel={{cores_per_job: {CORES}}}'" in job["script"] for job in submitted)
