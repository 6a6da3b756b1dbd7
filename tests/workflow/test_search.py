"""The sequential search for the required depth, on a point neuron with a criterion that one layer meets."""

import json

import yaml

from tests.workflow.test_workflow import copy_project, snakemake

STUDY = {
    "results_path": "results/search",
    "conditions": [
        {
            "cell": "lif",
            "variant": "default",
            "network": "point",
            "trials": {"train": 40, "validation": 5, "test": 20},
            "updates": 60,
        }
    ],
    "simulation": {"duration_ms": 2000},
    "depths": [1, 2, 3],
    "search": "sequential",
    "training": {"updates_per_epoch": 20, "batch_size": 8, "window_ms": 400},
    "verdict": {"auc": 0.6},
}


def test_a_sequential_search_trains_nothing_deeper_than_what_meets_and_ends(project, tmp_path):
    folder = copy_project(project, tmp_path / "project")
    (folder / "config" / "search.yaml").write_text(yaml.safe_dump(STUDY))
    arguments = ("--configfile", "config/search.yaml", "--", "results/search/verdict.json")
    code = {"PYTHONPATH": str(folder / "src")}  # the copy's, so that an edit in the project starts nothing again
    snakemake(folder, *arguments, **code)
    results = folder / "results" / "search"
    (cell,) = json.loads((results / "verdict.json").read_text())["cells"]
    assert (cell["required_depth"], cell["status"]) == (1, "reached")
    assert [path.name for path in (results / "lif" / "default" / "networks").iterdir()] == ["depth_1"]
    _, output = snakemake(folder, *arguments, **code)
    assert "Nothing to be done" in output
