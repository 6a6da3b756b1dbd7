"""Paths, checks and the functions that rules share."""

import functools
import os
from pathlib import Path

from neurodepth import configuration, project, provenance, validation
from neurodepth.cells import definition
from neurodepth.cells.foreign import files
from neurodepth.cells.morphology import find_morphology
from neurodepth.validation import InvalidFileError
from snakemake.exceptions import WorkflowError

try:
    for path in workflow.configfiles:
        validation.read_yaml(path)  # Snakemake drops the first of two equal keys
    config |= validation.with_numbers(config, "config")
    config["conditions"] = configuration.conditions(config)
    configuration.check(config, models_path="models")
except InvalidFileError as error:
    raise WorkflowError(str(error)) from None

RESULTS = Path(config["results_path"]).as_posix()
CONDITIONS = {(one["cell"], one["variant"]): one for one in config["conditions"]}
UNUSUAL = {  # variants with unusual input that networks are tested on, and how many trials of each
    (one["cell"], variant): one["trials"]["test"]
    for one in config["conditions"]
    for variant in one.get("test_on", [])
}
CONDITION_PATH = f"{RESULTS}/{{cell}}/{{variant}}"
BENCHMARK_PATH = f"{RESULTS}/benchmarks"
LOG_PATH = f"{RESULTS}/logs"
TUNED_PATH = f"{CONDITION_PATH}/tuned/{{cell}}/cell.yaml"  # with the input rates of a target output rate
SHARD_PATH = f"{CONDITION_PATH}/trials/{{split}}/{{shard}}.h5"
NETWORK_PATH = f"{CONDITION_PATH}/networks/depth_{{depth}}/trials_{{training_trials}}/seed_{{seed}}"
BASELINE_PATH = f"{CONDITION_PATH}/baselines/{{network}}/depth_{{depth}}/trials_{{training_trials}}/seed_{{seed}}"
JUDGEMENT_PATH = f"{CONDITION_PATH}/networks/depth_{{depth}}/judgement.json"
SIMULATION_CODE = [
    "cells/__init__.py",
    "cells/compartmental.py",
    "cells/definition.py",
    "cells/density_table.py",
    "cells/foreign",
    "cells/input_rates.py",
    "cells/mechanisms.py",
    "cells/morphology.py",
    "cells/morphology_file.py",
    "cells/neuroml.py",
    "cells/point.py",
    "cells/point_models.py",
    "cells/recording.py",
    "cells/stepped.py",
    "cells/sections.py",
    "cells/spines.py",
    "cells/synapse_table.py",
    "cells/tabulated",
    "cells/synaptic_weights.py",
    "cells/trial.py",
    "coding.py",
    "container.py",
    "dataset.py",
    "simulation/__init__.py",
    "simulation/protocol.py",
    "simulation/voltage_basis.py",
    "stimulus",
]


CODE_DIGEST = provenance.code_digest(*SIMULATION_CODE)


wildcard_constraints:
    cell="[A-Za-z0-9_]+",
    variant="[A-Za-z0-9_]+",
    network="[A-Za-z0-9_]+",
    split="train|validation|test",
    shard="[0-9]+",
    depth="[0-9]+",
    training_trials="[0-9]+",
    seed="[0-9]+",


def study_of(wildcards):
    """What every shard of a condition must say of itself, besides its split."""
    return {
        "cell": wildcards.cell,
        "variant": wildcards.variant,
        "seed": config["seed"],
    }


def key_of(wildcards):
    """Key of a condition, (cell, variant), if the study has it."""
    key = (wildcards.cell, wildcards.variant)
    if key not in CONDITIONS:
        raise WorkflowError(
            f"cell {wildcards.cell}, variant {wildcards.variant}: not among the conditions"
        )
    return key


def condition_of(wildcards):
    """The configuration's entry for a cell and variant."""
    return CONDITIONS[key_of(wildcards)]


def n_trials_of(condition, split):
    """Trials of one split of a condition, or of a variant that networks are tested on."""
    if condition in CONDITIONS:
        return CONDITIONS[condition]["trials"][split]
    if condition in UNUSUAL and split == "test":
        return UNUSUAL[condition]
    raise WorkflowError(f"{'/'.join(condition)}: the study has no {split} trials of it")


def protocol_of(wildcards):
    """How the cell of a condition is simulated, as arguments of simulation.Protocol."""
    settings = definition.simulation_settings(cell_of(wildcards), config["simulation"])
    return {
        "cell_path": cell_path_of(wildcards),
        "variant": wildcards.variant,
        "seed": config["seed"],
        **{
            key: settings[key]
            for key in (
                "duration_ms",
                "step_ms",
                "second_order",
                "simulator",
                "record",
            )
        },
    }


def untuned_protocol_of(wildcards):
    """The same, with the input rates of the cell's own definition."""
    return protocol_of(wildcards) | {
        "cell_path": str(project.find_cell(wildcards.cell))
    }


def tuned_file(wildcards):
    """Definition with the input rates that were found for a target output rate, in a list; an empty one without target.

    There is at most one, as `configuration.check` refuses a variant with two input rates. A variant that networks are tested on has the input rates of the variant they were trained on.
    """
    return [
        TUNED_PATH.format(cell=cell, variant=variant)
        for (cell, variant), one in CONDITIONS.items()
        if "target_output_rate_hz" in one
        and cell == wildcards.cell
        and wildcards.variant in (variant, *one.get("test_on", []))
    ]


def tuned_variants(wildcards):
    """Variants whose input rates are those of a condition."""
    return [wildcards.variant, *condition_of(wildcards).get("test_on", [])]


def n_training_trials(wildcards):
    """Training trials of a condition."""
    return n_trials_of(key_of(wildcards), "train")


def target_output_rate_of(wildcards):
    """Output rate that the input of a condition is to give."""
    return condition_of(wildcards)["target_output_rate_hz"]


def cell_path_of(wildcards):
    """Folder of a condition's cell: with its input tuned, or the study's own, else the project's."""
    found = [os.path.dirname(path) for path in tuned_file(wildcards)]
    return found[0] if found else str(project.find_cell(wildcards.cell))


def cell_of(wildcards):
    """The checked definition of a condition's cell."""
    return configuration.read_cell(project.find_cell(wildcards.cell), wildcards.variant)


def cell_digest(wildcards):
    """Digest of what a simulation depends on besides its files: the code and the cell's values."""
    return digest_of(wildcards.cell, wildcards.variant)


@functools.cache
def digest_of(cell, variant):
    """The same, of a variant of a cell."""
    found = configuration.read_cell(project.find_cell(cell), variant)
    values = {
        key: value
        for key, value in found.values.items()
        if key not in ("citation", "description", "variants")
    }
    return provenance.digest([values, CODE_DIGEST])


def cell_files(wildcards):
    """Files of a condition's cell that a simulation reads: those of its definition, and its tuned input rates."""
    return definition_files(wildcards) + tuned_file(wildcards)


def definition_files(wildcards):
    """Files that the definition of a condition's cell names: morphology or model, and mechanisms.

    Relative paths: a study that is moved or copied is still up to date.
    """
    return files_of(wildcards.cell, wildcards.variant)


@functools.cache
def files_of(cell, variant):
    """The same, of a variant of a cell."""
    found = configuration.read_cell(project.find_cell(cell), variant)
    if found.values["type"] == "point":
        return []
    return [
        *(morphology_file(cell, variant) or model_files(found)),
        *sorted(map(os.path.relpath, found.mechanisms_path.glob("*.mod"))),
    ]


def model_files(cell):
    """Files of a foreign model: the archive, which is fetched, or those of its folder, and a program of ours for them."""
    model = cell.values["model"]
    own = [cell.model_folder / model["python"]["file"]] if "python" in model else []
    own = [os.path.relpath(path) for path in own if path.is_file()]
    if "archive" in model:
        return [f"data/models/{model['archive']['file']}", *own]
    return sorted(
        {*map(os.path.relpath, files.published(files.find_model(cell))), *own}
    )


@functools.cache
def morphology_file(cell, variant):
    """Morphology of a variant of a cell, or where the fetched one goes, in a list; an empty one for other kinds of cells."""
    found = configuration.read_cell(project.find_cell(cell), variant)
    morphology = found.values.get("morphology")
    if morphology is None:
        return []
    if "fetch" in morphology:
        return [f"data/morphologies/{morphology['path']}"]
    return [os.path.relpath(find_morphology(found))]


def basis_of(wildcards):
    """The basis of dendritic voltages where the study trains on it and the cell has dendrites."""
    if (
        not config["simulation"]["dendrite_components"]
        or (wildcards.cell, wildcards.variant) not in CONDITIONS
        or cell_of(wildcards).values["type"] == "point"
    ):
        return []
    return f"{CONDITION_PATH}/basis.h5".format_map(dict(wildcards.items()))


def shards_of(condition, split):
    """Shards of one split of a condition, given as (cell, variant)."""
    cell, variant = condition
    n_shards = -(
        -n_trials_of(condition, split) // config["simulation"]["trials_per_shard"]
    )
    return [
        SHARD_PATH.format(
            cell=cell, variant=variant, split=split, shard=f"{number:04d}"
        )
        for number in range(n_shards)
    ]


def shards_of_all():
    """Shards of all splits of all conditions, and of the unusual input."""
    splits = [(key, split) for key in CONDITIONS for split in ("train", "validation")]
    splits += [(key, "test") for key in CONDITIONS | UNUSUAL]
    return [path for key, split in splits for path in shards_of(key, split)]


def ceilings_of_all():
    """How predictable the cells are whose synapses are unreliable."""
    cells = {
        key: configuration.read_cell(project.find_cell(key[0]), key[1])
        for key in CONDITIONS
    }
    return [
        f"{CONDITION_PATH}/ceiling.json".format(cell=cell, variant=variant)
        for (cell, variant), found in cells.items()
        if definition.releases_at_random(found.values)
    ]


def training_shards(wildcards):
    """Shards that hold the training trials of one network."""
    per_shard = config["simulation"]["trials_per_shard"]
    return shards_of(key_of(wildcards), "train")[
        : -(-int(wildcards.training_trials) // per_shard)
    ]


def validation_shards(wildcards):
    """Shards of the validation trials."""
    return shards_of(key_of(wildcards), "validation")


def test_shards(wildcards):
    """Shards of the test trials."""
    return shards_of(key_of(wildcards), "test")


def shard_trials(wildcards):
    """First trial and number of trials of one shard."""
    n_trials = n_trials_of((wildcards.cell, wildcards.variant), wildcards.split)
    per_shard = config["simulation"]["trials_per_shard"]
    first = int(wildcards.shard) * per_shard
    return [first, min(per_shard, n_trials - first)]


def for_conditions(pattern):
    """A path for every condition."""
    return [pattern.format(cell=cell, variant=variant) for cell, variant in CONDITIONS]
