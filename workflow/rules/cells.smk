"""Files that cells need and the project does not ship."""


rule fetch_morphology:
    output:
        "data/morphologies/{name}.asc",
    log:
        f"{LOG_PATH}/fetch_morphology/{{name}}.log",
    localrule: True
    conda:
        "../../envs/simulate.yaml"
    message:
        "Find or fetch the published morphology {wildcards.name}."
    script:
        "../../scripts/fetch_morphology.py"


rule fetch_model:
    output:
        "data/models/{archive}",
    log:
        f"{LOG_PATH}/fetch_model/{{archive}}.log",
    wildcard_constraints:
        archive=r"[^/]+\.(whl|zip|tar\.gz)",
    localrule: True
    conda:
        "../../envs/simulate.yaml"
    message:
        "Find or fetch the published model {wildcards.archive}."
    script:
        "../../scripts/fetch_model.py"


rule tune_input:
    input:
        definition_files,
    output:
        cell=TUNED_PATH,
        table=f"{CONDITION_PATH}/output_rates.csv",
    log:
        f"{LOG_PATH}/tune_input/{{cell}}/{{variant}}.log",
    benchmark:
        f"{BENCHMARK_PATH}/tune_input/{{cell}}/{{variant}}.tsv"
    conda:
        "../../envs/simulate.yaml"
    threads: simulation_cores
    resources:
        mem_mb=more_each_attempt(4000),
        runtime=planned_time("tune_input/{cell}/{variant}"),
    params:
        protocol=untuned_protocol_of,
        variants=tuned_variants,
        target_output_rate_hz=target_output_rate_of,
        n_trials=n_training_trials,
        digest=cell_digest,
        own_digest=provenance.code_digest("simulation/target_rate.py"),
    message:
        "Find the input rates at which {wildcards.cell}, {wildcards.variant} fires at {params.target_output_rate_hz} Hz."
    script:
        "../../scripts/tune_input.py"
