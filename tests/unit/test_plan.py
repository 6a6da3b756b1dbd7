"""What a study is said to take."""

import copy
import json
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


@pytest.mark.parametrize("overlay", ["config/quick.yaml", "config/paper.yaml"])
def test_as_many_jobs_of_each_rule_are_planned_as_snakemake_would_run(overlay, rates, tmp_path):
    run = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", "-n", "--quiet", "rules"),
            *("--configfile", overlay, "--config", f"results_path={tmp_path}/results"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.split() for line in (run.stdout + run.stderr).splitlines()]
    counted = {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[1].isdigit()}
    not_planned = {"all", "total", "fetch_morphology"}
    assert rules_of(plan.read_study([overlay]), rates) == {
        rule: n for rule, n in counted.items() if rule not in not_planned
    }


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
