"""What is described beside the scores: functions of the rules in analyse.smk and report.smk."""

DESCRIBED = {  # of each neuron, by the name that the report gives it
    "example_path": f"{CONDITION_PATH}/example.npz",
    "tree_path": f"{CONDITION_PATH}/tree.npz",
    "played_path": f"{CONDITION_PATH}/played.npz",
    "learned_path": f"{CONDITION_PATH}/learned.npz",
    "statistics_path": f"{CONDITION_PATH}/statistics.npz",
    "curves_path": f"{CONDITION_PATH}/curves.csv",
    "evaluation_path": f"{CONDITION_PATH}/evaluation.csv",
}


def train_shards(wildcards):
    """Shards of all training trials of a condition."""
    return shards_of(key_of(wildcards), "train")


def described_files():
    """What is described of all neurons."""
    return [path for pattern in DESCRIBED.values() for path in for_conditions(pattern)]


def shown_conditions():
    """Neurons of the report with their files; None where there is none."""
    shown = []
    for (cell, variant), one in CONDITIONS.items():
        names = {"cell": cell, "variant": variant}
        files = {name: pattern.format_map(names) for name, pattern in DESCRIBED.items()}
        files["morphology_path"] = next(iter(picture_file(cell)), None)
        unusual = f"{CONDITION_PATH}/out_of_distribution.csv".format_map(names)
        files["unusual_path"] = unusual if one.get("test_on") else None
        shown.append(names | files)
    return shown
