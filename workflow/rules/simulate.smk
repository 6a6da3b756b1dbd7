"""Random input played to the cells."""


rule fit_voltage_basis:
    input:
        cell_files,
    output:
        f"{CONDITION_PATH}/basis.h5",
    log:
        f"{LOG_PATH}/fit_voltage_basis/{{cell}}/{{variant}}.log",
    benchmark:
        f"{BENCHMARK_PATH}/fit_voltage_basis/{{cell}}/{{variant}}.tsv"
    conda:
        "../../envs/simulate.yaml"
    threads: simulation_cores
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        protocol=protocol_of,
        pilot_trials=config["simulation"]["pilot_trials"],
        components=config["simulation"]["dendrite_components"],
        digest=cell_digest,
    message:
        "Find principal components of dendritic voltages of {wildcards.cell}, {wildcards.variant}."
    script:
        "../../scripts/fit_voltage_basis.py"


rule simulate_trials:
    input:
        files=cell_files,
        basis=basis_of,
    output:
        shard=SHARD_PATH,
    log:
        f"{LOG_PATH}/simulate_trials/{{cell}}/{{variant}}/{{split}}_{{shard}}.log",
    benchmark:
        f"{BENCHMARK_PATH}/simulate_trials/{{cell}}/{{variant}}/{{split}}_{{shard}}.tsv"
    conda:
        "../../envs/simulate.yaml"
    threads: simulation_cores
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        protocol=protocol_of,
        trials=shard_trials,
        compact_inputs=config["simulation"]["compact_inputs"],
        digest=cell_digest,
    message:
        "Simulate {wildcards.cell}, {wildcards.variant}: {wildcards.split} shard {wildcards.shard}."
    script:
        "../../scripts/simulate_trials.py"
