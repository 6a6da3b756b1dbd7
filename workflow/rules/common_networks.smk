"""What is trained and tested: the networks of a study, their data and the order of the search."""

import json
from pathlib import Path

from neurodepth import networks

BASE_MB = 3000  # Keras, a network and its batches
WITH_BASELINES = [key for key, one in CONDITIONS.items() if one.get("baselines")]


def unusual_variants(wildcards):
    """Variants with unusual input that networks of a condition are tested on."""
    return condition_of(wildcards).get("test_on", [])


def unusual_test_shards(wildcards):
    """Test shards of those variants."""
    return [
        path
        for variant in unusual_variants(wildcards)
        for path in shards_of((wildcards.cell, variant), "test")
    ]


def unusual_tables():
    """The scores of all conditions on unusual input, where they have any."""
    return [
        f"{CONDITION_PATH}/out_of_distribution.csv".format(cell=cell, variant=variant)
        for (cell, variant), one in CONDITIONS.items()
        if one.get("test_on")
    ]


def training_sizes(condition):
    """Training trials of the networks of a condition, smallest first."""
    n_trials = CONDITIONS[condition]["trials"]["train"]
    return configuration.training_sizes(n_trials, config["training_fractions"])


def depths_of(condition):
    """Depths to train for a condition: all, or in a sequential search those up to the first that surely meets."""
    cell, variant = condition
    depths = sorted(config["depths"])
    if config["search"] == "grid":
        return depths
    for number, depth in enumerate(depths[:-1], start=1):
        judgement = checkpoints.judge_depth.get(cell=cell, variant=variant, depth=depth)
        if json.loads(Path(judgement.output[0]).read_text())["meets"]:
            return depths[:number]
    return depths


def networks_of(condition, suffix):
    """Files of all networks of a condition, given as (cell, variant)."""
    cell, variant = condition
    return expand(
        f"{NETWORK_PATH}.{suffix}",
        cell=cell,
        variant=variant,
        depth=depths_of(condition),
        training_trials=training_sizes(condition),
        seed=config["training_seeds"],
    )


def networks_of_all(wildcards):
    """Trained networks of all conditions."""
    return [path for key in CONDITIONS for path in networks_of(key, "keras")]


def histories_of_all(wildcards):
    """Training histories of all conditions."""
    return [path for key in CONDITIONS for path in networks_of(key, "csv")]


def network_files(wildcards):
    """Trained networks of a condition, with their descriptions."""
    condition = key_of(wildcards)
    return networks_of(condition, "keras") + networks_of(condition, "json")


def networks_of_depth(wildcards):
    """Networks of one depth trained on all the data, with their descriptions."""
    return expand(
        f"{NETWORK_PATH}.{{suffix}}",
        cell=wildcards.cell,
        variant=wildcards.variant,
        depth=wildcards.depth,
        training_trials=training_sizes(key_of(wildcards))[-1],
        seed=config["training_seeds"],
        suffix=["keras", "json"],
    )


def cheap_first(wildcards):
    """Priority of a training: the number of depths that are deeper."""
    return sum(depth > int(wildcards.depth) for depth in config["depths"])


def budget_of(wildcards):
    """How long a network is trained, as arguments of training.Budget."""
    return config["training"] | {"updates": condition_of(wildcards)["updates"]}


def architecture_of(wildcards):
    """Definition of the network of a condition."""
    return architecture_path(condition_of(wildcards)["network"])


def architecture_path(network):
    """Definition of a network."""
    return str(project.find_network(network))


def baseline_architecture(wildcards):
    """Definition of a baseline."""
    return architecture_path(wildcards.network)


@functools.cache
def groups_synapses(network):
    """Whether a network is built from groups of synapses."""
    return bool(
        networks.grouped_by(configuration.read_network(architecture_path(network)))
    )


def baselines_of(condition):
    """Files of the baselines of a condition: trained on all the data, with the greatest depth where they have one."""
    cell, variant = condition
    return [
        path
        for network in CONDITIONS[condition].get("baselines", [])
        for path in expand(
            f"{BASELINE_PATH}.{{suffix}}",
            cell=cell,
            variant=variant,
            network=network,
            depth=networks.baseline_depth(
                configuration.read_network(architecture_path(network)),
                config["depths"],
            ),
            training_trials=training_sizes(condition)[-1],
            seed=config["training_seeds"],
            suffix=["keras", "json"],
        )
    ]


def baselines_of_all():
    """Trained baselines of all conditions."""
    return [path for key in CONDITIONS for path in baselines_of(key)]


def baseline_files(wildcards):
    """Trained baselines of a condition, with their descriptions."""
    return baselines_of(key_of(wildcards))


def baseline_tables():
    """The scores of baselines of all conditions that have any."""
    return [
        f"{CONDITION_PATH}/baselines.csv".format(cell=cell, variant=variant)
        for cell, variant in WITH_BASELINES
    ]


def synapses_of(wildcards):
    """Table of synapses, with their branches, where a network, or else that of the condition, is built from it."""
    if not groups_synapses(
        wildcards.get("network", condition_of(wildcards)["network"])
    ):
        return []
    return f"{CONDITION_PATH}/synapses.csv".format_map(dict(wildcards.items()))


def training_memory(wildcards, attempt):
    """Memory of a training in MB: it holds all its trials."""
    n_trials = int(wildcards.training_trials) + n_trials_of(
        key_of(wildcards), "validation"
    )
    return attempt * memory_of(n_trials)


def evaluation_memory(wildcards, attempt):
    """Memory in MB of what holds all test trials of a condition."""
    return attempt * memory_of(n_trials_of(key_of(wildcards), "test"))


def memory_of(n_trials):
    """Memory in MB of what holds so many trials and a network."""
    n_ms = n_trials * config["simulation"]["duration_ms"]
    half_floats = 2 * config["simulation"]["dendrite_components"]
    return BASE_MB + n_ms * (TRIAL_BYTES_PER_MS + half_floats) // 10**6
