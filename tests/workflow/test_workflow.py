"""The workflow as a user runs it: a copy of the project, real simulations, the quick study."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pandas as pd
import pytest

from tests.project_copy import PROJECT, copy_project, snakemake
from tests.unit import report_files

QUICK = ["--configfile", "config/quick.yaml"]
STUDIES = sorted(f"studies/{path.stem}" for path in (PROJECT / "config/studies").glob("*.yaml") if path.stem != "small")


@pytest.fixture(scope="module")
def study(quick_study, tmp_path_factory):
    """A finished quick study to disturb."""
    return shutil.copytree(quick_study, tmp_path_factory.mktemp("workflow") / "neurodepth", symlinks=True)


@pytest.fixture(scope="module")
def results(study):
    return study / "results" / "quick"


def test_the_quick_study_ends_in_a_verdict_for_each_cell(results):
    verdict = json.loads((results / "verdict.json").read_text())
    assert [(one["cell"], one["variant"]) for one in verdict["cells"]] == [("l5pc", "nmda"), ("lif", "default")]
    for one in verdict["cells"]:
        assert one["status"] in ("reached", "limited by training", "limited by data", "undecided", "not reached")
        assert (one["required_depth"] is None) == (one["status"] != "reached")
        assert one["reason"]
    assert verdict["commit"]
    assert verdict["configuration"]["seed"] == 1


def test_the_report_names_every_cell_and_its_reason(results):
    page = (results / "report.html").read_text()
    for one in json.loads((results / "verdict.json").read_text())["cells"]:
        assert one["cell"] in page
        assert one["status"] in page.lower()


def described(results, cell, name):
    with np.load(results / cell / f"{name}.npz") as stored:
        return {name: stored[name] for name in stored.files}


@pytest.mark.parametrize("cell", ["l5pc/nmda", "lif/default"])
def test_what_is_described_of_a_neuron_fits_together(results, cell):
    tree, played, learned, statistics = (
        described(results, cell, name) for name in ("tree", "played", "learned", "statistics")
    )
    n_synapses, n_segments = len(tree["synapse_segment"]), len(tree["segment_region"])
    assert played["event_synapse"].max() < n_synapses
    assert tree["synapse_segment"].max() < n_segments
    assert learned["effect"].shape == (n_synapses, len(learned["lag_ms"]))
    assert learned["type_names"].tolist() == statistics["type_names"].tolist()
    assert set(played["depths"]) <= set(learned["roc_depth"])
    assert np.isfinite(learned["effect"]).all()
    assert (results / cell / "played.npz").stat().st_size < 4_000_000


def test_scores_with_all_input_are_those_of_the_evaluation(results):
    ablation = pd.read_csv(results / "lif/default/ablation.csv").query("ablation_region == 'none'")
    evaluated = pd.read_csv(results / "lif/default/evaluation.csv").query("training_trials == 40")
    # Single precision; twenty test trials are all used.
    np.testing.assert_allclose(ablation["ablation_auc"], evaluated["auc"], atol=1e-6)
    np.testing.assert_allclose(ablation["ablation_variance_explained"], evaluated["variance_explained"], atol=1e-5)


def test_the_dendrite_is_played_where_the_study_keeps_its_components(results):
    assert "segment_voltage_mv" in described(results, "l5pc/nmda", "played")
    assert "segment_voltage_mv" not in described(results, "lif/default", "played")


def test_a_second_run_does_nothing(study):
    _, output = snakemake(study, *QUICK)
    assert "Nothing to be done" in output


def test_the_configuration_on_the_page_is_that_of_the_study(study, results):
    (study / "study.yaml").write_text(report_files.configuration_on((results / "report.html").read_text()))
    _, output = snakemake(study, "--configfile", "study.yaml", "-n")
    assert "Nothing to be done" in output


def test_the_tutorials_third_depth_is_all_that_is_trained_and_nothing_is_simulated(study, project):
    shown = re.search(r"# config/deeper.yaml\n(.+?)```", (project / "docs" / "tutorial.md").read_text(), re.DOTALL)
    (study / "config" / "deeper.yaml").write_text(shown.group(1))
    _, output = snakemake(study, *QUICK, "config/deeper.yaml", "-n")
    assert re.findall(r"Train depth (\d+) on", output) == ["3"] * 4  # two cells, two amounts of data
    assert not re.search("simulate_trials|fit_voltage_basis", output), output


def test_a_change_in_how_shards_are_read_trains_and_evaluates_again_and_simulates_nothing(study):
    source = study / "src" / "neurodepth" / "trials.py"
    unchanged = source.read_text()
    source.write_text(unchanged + "\n")
    _, output = snakemake(study, *QUICK, "-n", "--quiet", "rules", PYTHONPATH=str(study / "src"))
    source.write_text(unchanged)
    assert re.search(r"^train_network +\d", output, re.MULTILINE), output
    assert re.search(r"^evaluate_networks +2", output, re.MULTILINE), output
    assert "simulate_trials  " not in output


def test_one_process_simulates_what_the_workflow_simulated(study, results, tmp_path):
    subprocess.run(
        [
            *(sys.executable, "-m", "neurodepth", "simulate", "models/cells/l5pc", "--split", "validation"),
            *("--trials", "2", "--duration-ms", "2000", "--cores", "1", "--output", tmp_path / "own.h5"),
        ],
        cwd=study,
        check=True,
    )
    with (
        h5py.File(tmp_path / "own.h5") as own,
        h5py.File(results / "l5pc" / "nmda" / "trials" / "validation" / "0000.h5") as made,
    ):
        for name in ("trial_index", "event_code", "spike_time_ms", "soma_voltage_change", "nexus_voltage_change"):
            np.testing.assert_array_equal(own[name][()], made[name][()], err_msg=name)


def test_snakemakes_own_report_is_written(study):
    snakemake(study, *QUICK, "--report", "own.html")
    assert (study / "own.html").stat().st_size > 100_000


def test_a_description_that_was_deleted_is_made_again(study, results):
    played = results / "lif" / "default" / "played.npz"
    whole = played.read_bytes()
    played.unlink()
    _, output = snakemake(study, *QUICK)
    assert played.read_bytes() == whole
    assert not re.search(r"^train_network +\d", output, re.MULTILINE), output


def test_a_misspelt_key_is_explained_and_leaves_results_alone(study, results):
    before = (results / "report.html").stat().st_mtime_ns
    (study / "config" / "wrong.yaml").write_text("simulation:\n  duraton_ms: 3000\n")
    code, output = snakemake(study, "--configfile", "config/wrong.yaml", check=False)
    assert code != 0
    assert "unknown key 'simulation.duraton_ms': did you mean 'duration_ms'?" in output
    assert (results / "report.html").stat().st_mtime_ns == before


def test_a_corrupt_shard_is_named_and_replaced(study, results):
    shard = results / "lif" / "default" / "trials" / "test" / "0000.h5"
    whole = shard.read_bytes()
    network = next((results / "lif").rglob("seed_1.keras"))
    trained_at = network.stat().st_mtime_ns
    shard.write_bytes(whole[:1000])
    code, output = snakemake(study, *QUICK, check=False)
    assert code != 0
    assert "lif/default/trials/test/0000.h5" in output
    assert "delete it and run snakemake again" in output
    shard.unlink()
    snakemake(study, *QUICK)
    assert shard.read_bytes() == whole
    assert network.stat().st_mtime_ns == trained_at


def test_a_killed_training_goes_on_where_it_was(study, results):
    network = results / "lif" / "default" / "networks" / "depth_2" / "trials_40" / "seed_1.keras"
    history = network.with_suffix(".csv")
    expected = history.read_text().splitlines()
    for path in (network, history, network.with_suffix(".json")):
        path.unlink()
    running = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "2", *QUICK],
        cwd=study,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    checkpoint = network.with_name("seed_1.keras.checkpoint") / "history.json"
    try:
        deadline = time.monotonic() + 120
        while not checkpoint.is_file():
            assert time.monotonic() < deadline, "training left no checkpoint"
            assert running.poll() is None, "the run ended before it could be killed"
            time.sleep(0.05)
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    assert not network.exists()
    snakemake(study, *QUICK, "--unlock")
    snakemake(study, *QUICK)
    log = (results / "logs" / "train_network" / "lif" / "default" / "depth_2_trials_40_seed_1.log").read_text()
    assert "going on after epoch" in log
    assert len(history.read_text().splitlines()) == len(expected)
    assert not checkpoint.exists()


@pytest.mark.parametrize("name", ["default", "quick", "foreign", *STUDIES])
def test_a_shipped_study_passes_a_dry_run(tmp_path, name):
    folder = copy_project(tmp_path / "project")
    small = ["config/studies/small.yaml"] if name in STUDIES else []
    _, output = snakemake(folder, "-n", "--configfile", f"config/{name}.yaml", *small)
    assert "make_report" in output


def test_the_paper_study_passes_a_dry_run_with_hundreds_of_jobs_not_thousands(tmp_path):
    folder = copy_project(tmp_path / "project")
    _, output = snakemake(folder, "-n", "--quiet", "rules", "--configfile", "config/paper.yaml")
    assert "make_report" in output
    total = next(line for line in output.splitlines() if line.startswith("total"))
    assert 300 < int(total.split()[1]) < 1000
