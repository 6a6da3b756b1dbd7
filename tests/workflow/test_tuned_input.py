"""A study whose cell is to fire at a given rate: the input is tuned before anything is simulated."""

import pandas as pd
import yaml

from tests.project_copy import copy_project, snakemake

CONDITION = {"cell": "lif", "variant": "default", "network": "point", "updates": 4, "target_output_rate_hz": 2}


def test_trials_are_simulated_with_the_input_that_was_tuned(tmp_path):
    folder = copy_project(tmp_path / "project")
    condition = CONDITION | {"trials": {"train": 2, "validation": 1, "test": 2}}
    (folder / "config" / "tuned.yaml").write_text(yaml.safe_dump({"conditions": [condition]}))
    shard = "results/lif/default/trials/train/0000.h5"
    snakemake(folder, "--configfile", "config/tuned.yaml", "--", shard)
    tried = pd.read_csv(folder / "results/lif/default/output_rates.csv")
    tuned = yaml.safe_load((folder / "results/lif/default/tuned/lif/cell.yaml").read_text())
    factor = tuned["variants"]["default"]["input"]["rate_factor"]["excitatory"]
    assert factor == tried["factor"].iloc[-1]
    from neurodepth import dataset

    described = dataset.describe(folder / shard)["attributes"]
    assert yaml.safe_load(described["input"])["rate_factor"] == {"excitatory": factor, "inhibitory": factor}
