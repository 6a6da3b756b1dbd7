"""What a study is said to take."""

import copy
import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from neurodepth import networks, plan, validation
from neurodepth.cells import definition
from neurodepth.cli import main
from neurodepth.networks import cost
from neurodepth.plan.rates import correct
from neurodepth.plan.schedule import makespan_s
from neurodepth.plan.work import jobs_of

ONE_CORE = plan.Place(1, None, 0)
EVERYTHING = {  # that studies may ask for besides
    "conditions": [
        {"cell": "l5pc", "variant": "unreliable", "network": "tcn", "target_output_rate_hz": 1},
        {"cell": "lif", "variant": "default", "network": "point", "target_output_rate_hz": 5},
    ],
    "condition_defaults": {"trials": {"train": 3000, "validation": 8, "test": 14}, "updates": 100},
    "simulation": {"trials_per_shard": 3000},
    "experiment_backgrounds": 8,
}
DRY_RUN = """
import json, sys
from snakemake import cli
from snakemake.executors.dryrun import Executor

def show(self, job):
    resources = job.resources
    name = job.benchmark or "/".join([job.rule.name, *job.wildcards])
    shown = {"rule": job.rule.name, "name": name, "minutes": resources.get("runtime"), "mb": resources.get("mem_mb")}
    print(json.dumps(shown))
    run_job(self, job)

run_job, Executor.run_job = Executor.run_job, show
cli.main(["-n", "--cores", "1", "--quiet", "all", *sys.argv[1:]])
"""


@pytest.fixture(autouse=True)
def _in_the_project(project, monkeypatch):
    monkeypatch.chdir(project)


@pytest.fixture
def rates():
    return plan.rates.read()


def rules_of(study, rates):
    return pd.Series([job.name.split("/")[0] for job in jobs_of(study, rates, 1)]).value_counts().to_dict()


@pytest.mark.parametrize("name", ["default", "quick", "paper"])
def test_overlays_merge_as_snakemake_merges_them(name):
    from snakemake.utils import update_config

    merged = yaml.safe_load(Path("config/default.yaml").read_text())
    update_config(merged, yaml.safe_load(Path(f"config/{name}.yaml").read_text()))
    assert plan.read_study([f"config/{name}.yaml"]) == merged


@pytest.fixture(scope="module", params=["quick", "paper", "everything"])
def dry_run(request, project, tmp_path_factory):
    """A study, and of each job that Snakemake would run its rule, name, time in minutes and memory in MB."""
    folder = tmp_path_factory.mktemp(request.param)
    overlay = project / "config" / f"{request.param}.yaml"
    if request.param == "everything":
        overlay = folder / "study.yaml"
        overlay.write_text(yaml.safe_dump(EVERYTHING))
    run = subprocess.run(
        [sys.executable, "-c", DRY_RUN, "--configfile", str(overlay), "--config", f"results_path={folder}/results"],
        cwd=project,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    jobs = pd.DataFrame([json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")])
    prefix = f"{folder}/results/benchmarks/"
    return overlay, jobs.assign(name=jobs["name"].str.removeprefix(prefix).str.removesuffix(".tsv"))


def test_as_many_jobs_of_each_rule_are_planned_as_snakemake_would_run(dry_run, rates):
    overlay, jobs = dry_run
    counted = jobs["rule"].value_counts().drop(["all", "fetch_morphology"], errors="ignore").to_dict()
    assert rules_of(plan.read_study([overlay]), rates) == counted


def test_a_job_may_take_at_least_twice_the_time_that_is_planned_for_it(dry_run, rates):
    overlay, jobs = dry_run
    minutes = dict(zip(jobs["name"], jobs["minutes"], strict=True))
    planned = {job.name: rates.seconds_of(job.amounts()) / 60 for job in jobs_of(plan.read_study([overlay]), rates, 1)}
    assert {name: one for name, one in planned.items() if minutes[name] < 2 * one} == {}


def test_a_simulation_asks_for_memory_for_its_trials_and_their_file(dry_run, rates):
    """Trials of a layer-5 cell with every dendritic voltage, and their file while it is made, took 3.7 times the file's size."""
    overlay, jobs = dry_run
    mb = dict(zip(jobs["name"], jobs["mb"], strict=True))
    written = {job.name: 4 * job.size_bytes / 1e6 for job in jobs_of(plan.read_study([overlay]), rates, 1)}
    assert {name: one for name, one in written.items() if "simulate_trials" in name and mb[name] < one} == {}


def test_a_cell_is_planned_with_the_simulator_and_the_step_that_it_asks_for(rates, tmp_path, monkeypatch, project):
    own = tmp_path / "models" / "cells" / "mine" / "cell.yaml"
    own.parent.mkdir(parents=True)
    base = {"extends": str(project / "models" / "cells" / "l5pc" / "cell.yaml")}
    own.write_text(yaml.safe_dump(base | {"simulation": {"simulator": "neuron", "step_ms": 0.025}}))
    conditions = [
        {
            "cell": name,
            "variant": "nmda",
            "network": "tcn",
            "trials": {"train": 8, "validation": 2, "test": 2},
            "updates": 300,
        }
        for name in ("mine", "l5pc")
    ]
    (tmp_path / "study.yaml").write_text(yaml.safe_dump({"conditions": conditions}))
    monkeypatch.chdir(tmp_path)
    mine, shipped = (
        next(
            job.shared_work["simulation_l5pc"]
            for job in jobs_of(plan.read_study(["study.yaml"]), rates, 1)
            if f"simulate_trials/{name}" in job.name
        )
        for name in ("mine", "l5pc")
    )
    assert mine / shipped == pytest.approx(rates.simulators["neuron"] * 0.0625 / 0.025)


def test_twice_the_trials_take_twice_the_simulation_beside_the_start_of_jobs(rates):
    study = plan.read_study(["config/paper.yaml"])
    more = copy.deepcopy(study)
    for condition in more["conditions"]:
        condition["trials"] = {split: 2 * n for split, n in condition["trials"].items()}
    no_start = {kind: 0.0 if "_start" in kind else one for kind, one in rates.seconds.items()}
    rates = plan.Rates(**vars(rates) | {"seconds": no_start})
    basis_h = sum(
        rates.seconds_of(job.amounts()) / 3600 for job in jobs_of(study, rates, 1) if job.name.startswith("fit_")
    )
    once, twice = (plan.estimate(one, rates, ONE_CORE)[0] for one in (study, more))
    assert twice.core_h - basis_h == pytest.approx(2 * (once.core_h - basis_h))
    assert twice.disk_gb == pytest.approx(2 * once.disk_gb)


def test_training_a_wider_network_takes_its_additional_multiply_adds(rates):
    study = plan.read_study([])
    wider = copy.deepcopy(study)
    wider["conditions"][0]["network"] = "tcn_full"
    once, more = (next(job.work for job in jobs_of(one, rates, 1) if "depth_7" in job.name) for one in (study, wider))
    per_ms = [
        cost.count(networks.read(f"models/networks/{name}.yaml"), 7, 1278, event_rate_hz=0).multiply_adds_per_ms
        for name in ("tcn", "tcn_full")
    ]
    kind = "training_giga_multiply_add"
    assert more[kind] / once[kind] == pytest.approx(per_ms[1] / per_ms[0])
    assert more | {kind: 0} == once | {kind: 0}


def test_more_cores_shorten_the_study_and_cost_no_less(rates):
    study = plan.read_study(["config/paper.yaml"])
    one, many = (plan.estimate(study, rates, plan.Place(cores, None, 0), 0.5)[-1] for cores in (1, 64))
    assert one.wall_h == pytest.approx(one.core_h)
    assert one.core_h / 64 < many.wall_h < one.wall_h / 16
    assert many.core_h >= one.core_h
    assert many.cost == pytest.approx(0.5 * many.core_h)


def test_a_simulation_has_the_cores_that_a_profile_gives_it_on_a_cluster(rates):
    study = plan.read_study(["config/paper.yaml"])
    one, eight = (plan.estimate(study, rates, plan.Place(None, 1000, 0, cores))[0] for cores in (None, 8))
    assert one.wall_h / 8 < eight.wall_h < one.wall_h / 4  # the start of a job is not shared
    assert {job.cores for job in jobs_of(study, rates, 8) if job.stage != "simulation" or "/lif/" in job.name} == {1}


def studies_that_ship():
    small = Path("config/studies/small.yaml")
    studies = [path for path in sorted(Path("config/studies").glob("*.yaml")) if path != small]
    return (
        [[path] for path in sorted(Path("config").glob("*.yaml"))]
        + [[one] for one in studies]
        + [[one, small] for one in studies]
    )


@pytest.mark.parametrize("paths", studies_that_ship(), ids=lambda paths: "+".join(path.stem for path in paths))
def test_networks_of_a_study_that_ships_pass_once_through_their_data(paths):
    assert plan.short_trainings(plan.read_study(paths)) == []


def test_a_training_is_held_against_the_largest_fraction_of_the_data():
    study = plan.read_study([])
    study |= {"training_fractions": [0.25, 0.5], "conditions": study["conditions"][:1]}
    study["conditions"][0] |= {"updates": 12}
    assert plan.short_trainings(study) == []  # 77 s of 72 s


def test_a_training_shorter_than_its_data_is_named_with_the_updates_that_it_needs():
    study = plan.read_study([])
    study["conditions"][0] |= {"updates": 10}
    assert plan.short_trainings(study) == [
        "l5pc/nmda: 10 updates, each of which scores 6.4 s, are 0.44 times the length of its data, so that depths that do not meet "
        "will be limited by training: give it 23 updates or more"
    ]


def test_a_trial_of_an_experiment_is_planned_as_long_as_it_is():
    from neurodepth.experiments import DURATION_MS
    from neurodepth.plan.work import EXPERIMENT_S

    assert 1000 * EXPERIMENT_S == DURATION_MS


@pytest.mark.parametrize(
    ("jobs", "n_slots", "expected_s"),
    [
        ([(3, 1), (2, 1), (2, 1)], 2, 4),
        ([(3, 1), (2, 1), (2, 1)], 3, 3),
        ([(3, 2), (2, 1), (2, 1)], 2, 5),
        ([(3, 16)], 2, 3),
        ([], 2, 0),
    ],
)
def test_jobs_fill_the_slots_that_are_free(jobs, n_slots, expected_s):
    assert makespan_s(jobs, n_slots) == expected_s


def test_measured_jobs_give_back_the_rates_that_made_them(rates):
    """A machine on which starting is 1.5 and simulating 2.5 times as slow, 12 jobs long enough to tell the two apart."""
    kinds = ("simulation_start_compartmental", "simulation_l5pc")
    true = {kinds[0]: 1.5 * rates.seconds[kinds[0]], kinds[1]: 2.5 * rates.seconds[kinds[1]]}
    amounts = [{kinds[0]: 1.0, kinds[1]: biology_s} for biology_s in (1, 3, 10, 30, 100, 300) * 2]
    measured = [("simulation", one, sum(true[kind] * amount for kind, amount in one.items())) for one in amounts]
    corrected, _ = correct(rates, measured)
    for kind in kinds:
        assert corrected.seconds[kind] == pytest.approx(true[kind], rel=0.05)
    assert corrected.seconds["training_start"] == rates.seconds["training_start"]


def test_a_single_measured_job_moves_all_rates_of_its_stage_alike(rates):
    amounts = {"simulation_start_compartmental": 1.0, "simulation_l5pc": 100.0}
    corrected, factors = correct(rates, [("simulation", amounts, 3 * rates.seconds_of(amounts))])
    assert factors == {"simulation": pytest.approx(3)}
    for kind in ("simulation_start_compartmental", "simulation_l5pc", "simulation_lif"):
        assert corrected.seconds[kind] == pytest.approx(3 * rates.seconds[kind])


def test_rates_are_corrected_by_the_benchmark_files_of_a_study(rates, tmp_path):
    study = plan.read_study(["config/quick.yaml"])
    (tmp_path / "verdict.json").write_text(json.dumps({"configuration": study, "commit": "abc"}))
    for job in jobs_of(study, rates, 2):
        path = tmp_path / "benchmarks" / f"{job.name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\th:m:s\n{2 * rates.seconds_of(job.amounts())}\t-\n")
    corrected, factors = plan.measure(tmp_path, rates, 2)
    assert factors == {stage: pytest.approx(2) for stage in plan.STAGES}
    once, slower = (plan.estimate(study, one, plan.Place(2, None, 0))[-1] for one in (rates, corrected))
    assert slower.core_h == pytest.approx(2 * once.core_h)


def test_saved_rates_are_read_back(rates, tmp_path):
    plan.rates.write(rates, tmp_path / "rates.yaml")
    assert plan.rates.read(tmp_path / "rates.yaml") == rates


def test_every_network_and_cell_that_ships_has_rates(project, rates):
    study = plan.read_study([])
    study["conditions"][0]["baselines"] = sorted(path.stem for path in (project / "models" / "networks").glob("*.yaml"))
    assert plan.estimate(study, rates, ONE_CORE)[-1].core_h > 0
    cells = {
        path.parent.name: definition.read(path.parent).values
        for path in (project / "models" / "cells").glob("*/cell.yaml")
    }
    assert {name for name, cell in cells.items() if cell["type"] != "foreign"} <= rates.cells.keys()


def test_the_documented_plan_of_the_paper_study_is_the_one_that_is_made(project, rates):
    page = (project / "docs" / "planning.md").read_text()
    rows = re.findall(r"^\| (\w+) \| (\d+) \| ([\d.]+) \| ([\d.]+) \|", page, re.MULTILINE)
    documented = {stage: (int(jobs), float(core_h), float(wall_h)) for stage, jobs, core_h, wall_h in rows}
    study = plan.read_study(["config/paper.yaml"])
    made = plan.estimate(study, rates, plan.Place(None, 100, plan.CLUSTER_OVERHEAD_S))
    assert documented == {
        one.stage: (one.jobs, pytest.approx(one.core_h, 0.1, 0.01), pytest.approx(one.wall_h, 0.1, 0.01))
        for one in made
    }


def plan_command(*arguments):
    return CliRunner().invoke(main, ["plan", *map(str, arguments)])


def test_the_command_prints_every_stage_with_its_cost():
    done = plan_command("config/quick.yaml", "--cores", 2, "--price-per-core-hour", 0.04)
    assert done.exit_code == 0, done.output
    assert [line.split()[0] for line in done.output.splitlines()] == ["stage", *plan.STAGES, "total"]
    assert done.output.splitlines()[0].split()[-1] == "cost"


def test_a_small_study_is_not_shown_as_free():
    shown = plan.table([plan.Amount("simulation", 3, 0.00421, 2436.93, 0.0, None)])
    assert shown.splitlines()[1].split() == ["simulation", "3", "0.0042", "2,436.93", "0.00"]


def test_the_command_writes_json(rates):
    done = plan_command("config/quick.yaml", "--jobs", 4, "--json")
    stages = json.loads(done.output)["stages"]
    study = plan.read_study(["config/quick.yaml"])
    assert stages[-1]["jobs"] == len(jobs_of(study, rates, 1))
    assert stages[-1]["core_h"] == pytest.approx(sum(one["core_h"] for one in stages[:-1]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere.yaml",), "no such file"),
        (("--measured", "nowhere"), "nowhere/verdict.json: no such file"),
        (("--rates", "config/quick.yaml"), "--save-rates"),
        (("--cores", 2, "--jobs", 2), "give one of them"),
        (("--save-rates", "config/quick.yaml"), "config/quick.yaml exists: choose another"),
    ],
)
def test_what_cannot_be_planned_gets_one_clear_line(arguments, message):
    done = plan_command(*arguments)
    assert done.exit_code != 0
    assert message in done.output
    assert "Traceback" not in done.output


def test_a_rate_that_is_missing_is_named(rates):
    with pytest.raises(validation.InvalidFileError, match="simulation_l6pc"):
        rates.seconds_of({"simulation_l6pc": 1})
