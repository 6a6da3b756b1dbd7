"""Classical experiments on a cell and on its networks, where the study asks for them."""


rule run_experiments:
    input:
        files=cell_files,
        networks=network_files,
    output:
        experiments=f"{CONDITION_PATH}/{result_files.EXPERIMENTS}",
        table=report(
            f"{CONDITION_PATH}/experiments.csv",
            caption="../report/experiments.rst",
            category="What networks have learned",
            labels={"neuron": "{cell}, {variant}", "table": "classical experiments"},
        ),
    log:
        f"{LOG_PATH}/run_experiments/{{cell}}/{{variant}}.log",
    benchmark:
        f"{BENCHMARK_PATH}/run_experiments/{{cell}}/{{variant}}.tsv"
    conda:
        "../../envs/experiment.yaml"
    threads: simulation_cores
    resources:
        mem_mb=more_each_attempt(BASE_MB),
        runtime=planned_time("run_experiments/{cell}/{variant}"),
    params:
        protocol=protocol_of,
        n_backgrounds=config.get("experiment_backgrounds", 0),
        digest=cell_digest,
        own_digest=provenance.code_digest(
            *(
                "cells/anatomy.py",
                "experiments",
                "metrics.py",
                "networks",
                "surrogate.py",
                "training",
            )
        ),
    message:
        "Experiment on {wildcards.cell}, {wildcards.variant} and its networks."
    script:
        "../../scripts/run_experiments.py"
