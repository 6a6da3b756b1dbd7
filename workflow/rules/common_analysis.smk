"""What is described beside the scores: functions of the rules in analyse.smk and report.smk."""

from neurodepth import result_files

FAMILIAR_TRIALS = 400  # ASSUME: their extremes hardly grow with more
DESCRIBED = [  # of each neuron
    f"{CONDITION_PATH}/{file}"
    for file in (result_files.EXAMPLE, *result_files.DESCRIBED.values())
]
EXPERIMENTS = [  # on cells with dendrites of which they say something, where the study asks for them
    f"{RESULTS}/{cell}/{variant}/{result_files.EXPERIMENTS}"
    for cell, variant in CONDITIONS
    if config.get("experiment_backgrounds", 0)
    and morphology_file(cell, variant)
    and not definition.no_experiments(
        configuration.read_cell(project.find_cell(cell), variant).values
    )
]
TUNED = [  # the search for an output rate, where the study asks for one
    f"{RESULTS}/{cell}/{variant}/{result_files.TUNED}"
    for (cell, variant), one in CONDITIONS.items()
    if "target_output_rate_hz" in one
]


def train_shards(wildcards):
    """Shards of all training trials of a condition."""
    return shards_of(key_of(wildcards), "train")


def familiar_shards(wildcards):
    """The first shards of training trials, which show what input is usual."""
    per_shard = config["simulation"]["trials_per_shard"]
    return train_shards(wildcards)[: -(-FAMILIAR_TRIALS // per_shard)]


def trust_memory(wildcards, attempt):
    """Memory in MB of what holds those trials and the validation trials."""
    key = key_of(wildcards)
    n_trials = min(n_trials_of(key, "train"), 2 * FAMILIAR_TRIALS)
    return attempt * memory_of(n_trials + n_trials_of(key, "validation"))


def best_trained_files(wildcards):
    """Networks of a condition trained on all the data, with their descriptions."""
    largest = f"/trials_{training_sizes(key_of(wildcards))[-1]}/"
    return [path for path in network_files(wildcards) if largest in path]


def described_files():
    """What is described of all neurons."""
    described = [path for pattern in DESCRIBED for path in for_conditions(pattern)]
    return described + EXPERIMENTS + TUNED
