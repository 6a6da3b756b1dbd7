"""The sequential search for the required depth, with baselines beside it, on a point neuron with a criterion that one layer meets."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.project_copy import copy_project, snakemake

STUDY = {
    "results_path": "results/search",
    "conditions": [
        {
            "cell": "lif",
            "variant": "default",
            "network": "point",
            "trials": {"train": 40, "validation": 5, "test": 60},  # some 150 spikes: a verdict takes 100
            "updates": 60,
            "baselines": ["perceptron", "two_layer"],
        }
    ],
    "simulation": {"duration_ms": 2000},
    "depths": [1, 2],
    "search": "sequential",
    "training": {"updates_per_epoch": 20, "batch_size": 8, "window_ms": 400},
    "verdict": {"auc": 0.6},
}
ARGUMENTS = ("--configfile", "config/search.yaml", "--", "results/search/report.html")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A finished study, and how Snakemake is to be run on it."""
    folder = copy_project(tmp_path_factory.mktemp("search") / "project")
    (folder / "config" / "search.yaml").write_text(yaml.safe_dump(STUDY))
    code = {"PYTHONPATH": str(folder / "src")}  # the copy's, so that an edit in the project starts nothing again
    snakemake(folder, *ARGUMENTS, **code)
    return folder, code


@pytest.fixture(scope="module")
def results(study):
    return study[0] / "results" / "search"


def test_a_sequential_search_trains_nothing_deeper_than_what_meets_and_ends(study, results):
    (cell,) = json.loads((results / "verdict.json").read_text())["cells"]
    assert (cell["required_depth"], cell["status"]) == (1, "reached")
    assert [path.name for path in (results / "lif" / "default" / "networks").iterdir()] == ["depth_1"]
    folder, code = study
    _, output = snakemake(folder, *ARGUMENTS, **code)
    assert "Nothing to be done" in output


def test_baselines_are_scored_on_all_the_data(results):
    table = pd.read_csv(results / "lif" / "default" / "baselines.csv")
    assert table[["network", "type", "depth", "training_trials", "seed"]].to_numpy().tolist() == [
        ["perceptron", "perceptron", 0, 40, 1],
        ["two_layer", "two_layer", 0, 40, 1],
    ]
    np.testing.assert_allclose(table.auc_mean, table.auc)  # of one seed
    assert ((table.auc_low <= table.auc) & (table.auc <= table.auc_high)).all()
    assert (table.event_multiply_adds_per_ms < table.multiply_adds_per_ms).all()


def test_baselines_are_compared_but_not_judged(results):
    assert set(pd.read_csv(results / "lif" / "default" / "evaluation.csv").network) == {"point"}
    assert set(pd.read_csv(results / "accuracy_vs_depth.csv").network) == {"point"}
    compared = pd.read_csv(results / "pareto.csv")
    assert list(compared.network) == ["point", "perceptron", "two_layer"]
    assert set(compared.training_trials) == {40}
    assert compared.on_front_of_parameters.any()
    assert '<th scope="row">perceptron</th>' in (results / "report.html").read_text()


def test_the_synapses_of_a_point_neuron_lie_on_one_branch(results):
    synapses = pd.read_csv(results / "lif" / "default" / "synapses.csv")
    assert len(synapses) == np.load(results / "lif" / "default" / "example.npz")["n_synapses"]
    assert (synapses.branch == 0).all()


def test_a_depth_that_does_not_meet_is_followed_by_the_next(study, results):
    """The last of these tests: it asks for more of the same study, whose first depth is trained."""
    folder, code = study
    first = results / "lif" / "default" / "networks" / "depth_1" / "trials_40" / "seed_1.keras"
    trained = first.stat().st_mtime_ns
    (folder / "config" / "search.yaml").write_text(yaml.safe_dump(STUDY | {"verdict": {"auc": 0.99999}}))
    snakemake(folder, *ARGUMENTS, **code)
    (cell,) = json.loads((results / "verdict.json").read_text())["cells"]
    assert cell["status"] != "reached"
    assert sorted(path.name for path in (results / "lif" / "default" / "networks").iterdir()) == ["depth_1", "depth_2"]
    assert first.stat().st_mtime_ns == trained
