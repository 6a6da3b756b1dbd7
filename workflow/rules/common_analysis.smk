"""What is described beside the scores: functions of the rules in analyse.smk and report.smk."""

from neurodepth import result_files

DESCRIBED = {  # of each neuron, by the name that the report gives it
    name: f"{CONDITION_PATH}/{file}"
    for name, file in {
        "example_path": result_files.EXAMPLE,
        **result_files.DESCRIBED,
    }.items()
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
        unusual = f"{CONDITION_PATH}/{result_files.UNUSUAL}".format_map(names)
        files["unusual_path"] = unusual if one.get("test_on") else None
        shown.append(names | files)
    return shown
