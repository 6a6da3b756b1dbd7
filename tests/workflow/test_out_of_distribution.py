"""Variants with unusual input, as the workflow plans them."""

import re

import yaml

from tests.project_copy import copy_project, snakemake

TRIALS = {"train": 4, "validation": 2, "test": 5}


def test_unusual_input_is_simulated_for_the_test_alone(tmp_path):
    """Two shards of five test trials for each of two variants; neither a basis nor a network of their own."""
    folder = copy_project(tmp_path / "project")
    condition = {"cell": "l5pc", "variant": "nmda", "network": "tcn", "trials": TRIALS, "updates": 4}
    study = {
        "conditions": [condition | {"test_on": ["volleys", "high_rate"]}],
        "simulation": {"trials_per_shard": 4},
    }
    (folder / "config" / "unusual.yaml").write_text(yaml.safe_dump(study))
    _, output = snakemake(folder, "-n", "--configfile", "config/unusual.yaml")
    for variant in ("volleys", "high_rate"):
        assert len(re.findall(rf"Simulate l5pc, {variant}: test shard", output)) == 2
    assert "voltages of l5pc, nmda" in output
    assert len(re.findall("Find principal components", output)) == 1
    assert len(re.findall("Hold the networks of l5pc, nmda against input that training never showed", output)) == 1
    assert not re.search(r"Train depth .* of l5pc, (volleys|high_rate)", output)
