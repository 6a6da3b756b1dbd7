"""Networks trained on the trials and held against the test trials."""

# What reads shards and scores predictions; compact shards draw their input again when they are read.
READING_CODE = [
    "cells/trial.py",
    "coding.py",
    "container.py",
    "dataset.py",
    "metrics.py",
    "stimulus",
    "trials.py",
]


rule train_network:
    input:
        train=training_shards,
        validation=validation_shards,
        basis=basis_of,
        synapses=synapses_of,
        architecture=architecture_of,
    output:
        model=f"{NETWORK_PATH}.keras",
        description=f"{NETWORK_PATH}.json",
        history=f"{NETWORK_PATH}.csv",
    log:
        f"{LOG_PATH}/train_network/{{cell}}/{{variant}}/depth_{{depth}}_trials_{{training_trials}}_seed_{{seed}}.log",
    benchmark:
        f"{BENCHMARK_PATH}/train_network/{{cell}}/{{variant}}/depth_{{depth}}_trials_{{training_trials}}_seed_{{seed}}.tsv"
    priority: cheap_first
    conda:
        "../../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=training_memory,
        runtime=planned_time(
            "train_network/{cell}/{variant}/depth_{depth}_trials_{training_trials}_seed_{seed}"
        ),
    params:
        study=study_of,
        budget=budget_of,
        label="{cell} {variant}, depth {depth}, {training_trials} trials, seed {seed}",
        digest=provenance.code_digest(*READING_CODE, "networks", "training"),
    message:
        "Train depth {wildcards.depth} on {wildcards.training_trials} trials of {wildcards.cell}, {wildcards.variant}, seed {wildcards.seed}."
    script:
        "../../scripts/train_network.py"


use rule train_network as train_baseline with:
    input:
        train=training_shards,
        validation=validation_shards,
        basis=basis_of,
        synapses=synapses_of,
        architecture=baseline_architecture,
    output:
        model=f"{BASELINE_PATH}.keras",
        description=f"{BASELINE_PATH}.json",
        history=f"{BASELINE_PATH}.csv",
    log:
        f"{LOG_PATH}/train_baseline/{{cell}}/{{variant}}/{{network}}_depth_{{depth}}_trials_{{training_trials}}_seed_{{seed}}.log",
    benchmark:
        f"{BENCHMARK_PATH}/train_baseline/{{cell}}/{{variant}}/{{network}}_depth_{{depth}}_trials_{{training_trials}}_seed_{{seed}}.tsv"
    priority: 0
    resources:
        mem_mb=training_memory,
        runtime=planned_time(
            "train_baseline/{cell}/{variant}/{network}_depth_{depth}_trials_{training_trials}_seed_{seed}"
        ),
    params:
        label="{cell} {variant}, {network}, {training_trials} trials, seed {seed}",
    message:
        "Train {wildcards.network} on {wildcards.training_trials} trials of {wildcards.cell}, {wildcards.variant}, seed {wildcards.seed}."


checkpoint judge_depth:
    input:
        test=test_shards,
        networks=networks_of_depth,
    output:
        JUDGEMENT_PATH,
    log:
        f"{LOG_PATH}/judge_depth/{{cell}}/{{variant}}/depth_{{depth}}.log",
    benchmark:
        f"{BENCHMARK_PATH}/judge_depth/{{cell}}/{{variant}}/depth_{{depth}}.tsv"
    conda:
        "../../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=evaluation_memory,
        runtime=planned_time("judge_depth/{cell}/{variant}/depth_{depth}"),
    params:
        study=study_of,
        criterion=config["verdict"],
        digest=provenance.code_digest(
            *READING_CODE,
            "criterion.py",
            "evaluation.py",
            "learning_curve.py",
            "networks",
            "scores.py",
            "surrogate.py",
            "training",
        ),
    message:
        "Judge whether depth {wildcards.depth} meets the criterion for {wildcards.cell}, {wildcards.variant}."
    script:
        "../../scripts/judge_depth.py"


rule evaluate_networks:
    input:
        test=test_shards,
        networks=network_files,
    output:
        table=f"{CONDITION_PATH}/evaluation.csv",
        counts=f"{CONDITION_PATH}/pair_counts.npz",
        curves=f"{CONDITION_PATH}/curves.csv",
        example=f"{CONDITION_PATH}/example.npz",
    log:
        f"{LOG_PATH}/evaluate_networks/{{cell}}/{{variant}}.log",
    benchmark:
        f"{BENCHMARK_PATH}/evaluate_networks/{{cell}}/{{variant}}.tsv"
    conda:
        "../../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=evaluation_memory,
        runtime=planned_time("evaluate_networks/{cell}/{variant}"),
    params:
        study=study_of,
        digest=provenance.code_digest(
            *READING_CODE, "networks", "surrogate.py", "training", "evaluation.py"
        ),
    message:
        "Hold the networks of {wildcards.cell}, {wildcards.variant} against its test trials."
    script:
        "../../scripts/evaluate_networks.py"


rule evaluate_baselines:
    input:
        test=test_shards,
        networks=baseline_files,
    output:
        f"{CONDITION_PATH}/baselines.csv",
    log:
        f"{LOG_PATH}/evaluate_baselines/{{cell}}/{{variant}}.log",
    benchmark:
        f"{BENCHMARK_PATH}/evaluate_baselines/{{cell}}/{{variant}}.tsv"
    conda:
        "../../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=evaluation_memory,
        runtime=planned_time("evaluate_baselines/{cell}/{variant}"),
    params:
        study=study_of,
        criterion=config["verdict"],
        digest=provenance.code_digest(
            *READING_CODE,
            "baselines.py",
            "criterion.py",
            "evaluation.py",
            "networks",
            "scores.py",
            "surrogate.py",
            "training",
        ),
    message:
        "Hold the baselines of {wildcards.cell}, {wildcards.variant} against its test trials."
    script:
        "../../scripts/evaluate_baselines.py"


rule evaluate_out_of_distribution:
    input:
        test=unusual_test_shards,
        networks=network_files,
    output:
        f"{CONDITION_PATH}/out_of_distribution.csv",
    log:
        f"{LOG_PATH}/evaluate_out_of_distribution/{{cell}}/{{variant}}.log",
    benchmark:
        f"{BENCHMARK_PATH}/evaluate_out_of_distribution/{{cell}}/{{variant}}.tsv"
    conda:
        "../../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=evaluation_memory,
        runtime=planned_time("evaluate_out_of_distribution/{cell}/{variant}"),
    params:
        study=study_of,
        variants=unusual_variants,
        digest=provenance.code_digest(
            *READING_CODE, "networks", "surrogate.py", "training", "evaluation.py"
        ),
    message:
        "Hold the networks of {wildcards.cell}, {wildcards.variant} against input that training never showed."
    script:
        "../../scripts/evaluate_out_of_distribution.py"
