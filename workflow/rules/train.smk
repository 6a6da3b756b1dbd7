"""Networks trained on the trials and held against the test trials."""


rule train_network:
    input:
        train=training_shards,
        validation=validation_shards,
        architecture=architecture_of,
    output:
        model=f"{NETWORK_PATH}.keras",
        description=f"{NETWORK_PATH}.json",
        history=f"{NETWORK_PATH}.csv",
    log:
        f"{LOG_PATH}/train_network/{{cell}}/{{variant}}/depth_{{depth}}_trials_{{training_trials}}_seed_{{seed}}.log",
    benchmark:
        f"{BENCHMARK_PATH}/train_network/{{cell}}/{{variant}}/depth_{{depth}}_trials_{{training_trials}}_seed_{{seed}}.tsv"
    conda:
        "../../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=720,
    params:
        budget=budget_of,
        digest=provenance.code_digest(
            "networks", "training", "metrics.py", "dataset.py"
        ),
    message:
        "Train depth {wildcards.depth} on {wildcards.training_trials} trials of {wildcards.cell}, {wildcards.variant}, seed {wildcards.seed}."
    script:
        "../../scripts/train_network.py"


rule evaluate_networks:
    input:
        test=test_shards,
        networks=network_files,
    output:
        table=f"{CONDITION_PATH}/evaluation.csv",
        counts=f"{CONDITION_PATH}/pair_counts.npz",
        example=f"{CONDITION_PATH}/example.npz",
    log:
        f"{LOG_PATH}/evaluate_networks/{{cell}}/{{variant}}.log",
    benchmark:
        f"{BENCHMARK_PATH}/evaluate_networks/{{cell}}/{{variant}}.tsv"
    conda:
        "../../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        digest=provenance.code_digest(
            "evaluation.py", "training", "metrics.py", "dataset.py"
        ),
    message:
        "Hold the networks of {wildcards.cell}, {wildcards.variant} against its test trials."
    script:
        "../../scripts/evaluate_networks.py"
