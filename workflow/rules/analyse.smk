"""What the report shows beside the scores: the cell, trials to play, what networks learned, the data."""

INSPECTION_CODE = ["inspection", "synapse_types.py", "cells/anatomy.py"]


rule describe_tree:
    input:
        files=cell_files,
        test=test_shards,
    output:
        f"{CONDITION_PATH}/tree.npz",
    log:
        f"{LOG_PATH}/describe_tree/{{cell}}/{{variant}}.log",
    benchmark:
        f"{BENCHMARK_PATH}/describe_tree/{{cell}}/{{variant}}.tsv"
    conda:
        "../../envs/simulate.yaml"
    threads: 1
    resources:
        mem_mb=evaluation_memory,
        runtime=planned_time("describe_tree/{cell}/{variant}"),
    params:
        cell_path=cell_path_of,
        study=study_of,
        digest=cell_digest,
        own_digest=provenance.code_digest(
            *READING_CODE, "cells/anatomy.py", "data_statistics.py"
        ),
    message:
        "Describe the tree of {wildcards.cell}, {wildcards.variant}."
    script:
        "../../scripts/describe_tree.py"


rule describe_data:
    input:
        train=train_shards,
        validation=validation_shards,
        test=test_shards,
        tree=f"{CONDITION_PATH}/tree.npz",
    output:
        f"{CONDITION_PATH}/statistics.npz",
    log:
        f"{LOG_PATH}/describe_data/{{cell}}/{{variant}}.log",
    benchmark:
        f"{BENCHMARK_PATH}/describe_data/{{cell}}/{{variant}}.tsv"
    conda:
        "../../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=more_each_attempt(2000),
        runtime=planned_time("describe_data/{cell}/{variant}"),
    params:
        study=study_of,
        digest=provenance.code_digest(
            *READING_CODE, "data_statistics.py", "synapse_types.py"
        ),
    message:
        "Describe the trials of {wildcards.cell}, {wildcards.variant}."
    script:
        "../../scripts/describe_data.py"


rule inspect_networks:
    input:
        test=test_shards,
        networks=network_files,
        tree=f"{CONDITION_PATH}/tree.npz",
    output:
        learned=f"{CONDITION_PATH}/learned.npz",
        sparsity=report(
            f"{CONDITION_PATH}/sparsity.csv",
            caption="../report/sparsity.rst",
            category="What networks have learned",
            labels={"neuron": "{cell}, {variant}", "table": "silent units"},
        ),
        ablation=report(
            f"{CONDITION_PATH}/ablation.csv",
            caption="../report/ablation.rst",
            category="What networks have learned",
            labels={"neuron": "{cell}, {variant}", "table": "input left out"},
        ),
    log:
        f"{LOG_PATH}/inspect_networks/{{cell}}/{{variant}}.log",
    benchmark:
        f"{BENCHMARK_PATH}/inspect_networks/{{cell}}/{{variant}}.tsv"
    conda:
        "../../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=evaluation_memory,
        runtime=planned_time("inspect_networks/{cell}/{variant}"),
    params:
        study=study_of,
        digest=provenance.code_digest(
            *READING_CODE, *INSPECTION_CODE, "networks", "training"
        ),
    message:
        "Inspect what the networks of {wildcards.cell}, {wildcards.variant} have learned."
    script:
        "../../scripts/inspect_networks.py"


rule play_trials:
    input:
        test=test_shards,
        networks=network_files,
        tree=f"{CONDITION_PATH}/tree.npz",
        learned=f"{CONDITION_PATH}/learned.npz",
        basis=basis_of,
    output:
        f"{CONDITION_PATH}/played.npz",
    log:
        f"{LOG_PATH}/play_trials/{{cell}}/{{variant}}.log",
    benchmark:
        f"{BENCHMARK_PATH}/play_trials/{{cell}}/{{variant}}.tsv"
    conda:
        "../../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=evaluation_memory,
        runtime=planned_time("play_trials/{cell}/{variant}"),
    params:
        study=study_of,
        digest=provenance.code_digest(
            *READING_CODE, *INSPECTION_CODE, "networks", "playback.py", "training"
        ),
    message:
        "Record test trials of {wildcards.cell}, {wildcards.variant} to play."
    script:
        "../../scripts/play_trials.py"


rule learn_trust:
    input:
        train=familiar_shards,
        validation=validation_shards,
        networks=best_trained_files,
        tree=f"{CONDITION_PATH}/tree.npz",
    output:
        f"{CONDITION_PATH}/{result_files.TRUST}",
    log:
        f"{LOG_PATH}/learn_trust/{{cell}}/{{variant}}.log",
    benchmark:
        f"{BENCHMARK_PATH}/learn_trust/{{cell}}/{{variant}}.tsv"
    conda:
        "../../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=trust_memory,
        runtime=planned_time("learn_trust/{cell}/{variant}"),
    params:
        study=study_of,
        digest=provenance.code_digest(
            *READING_CODE,
            "networks",
            "surrogate.py",
            "synapse_types.py",
            "training",
            "trust",
        ),
    message:
        "Learn how far to trust the networks of {wildcards.cell}, {wildcards.variant}."
    script:
        "../../scripts/learn_trust.py"
