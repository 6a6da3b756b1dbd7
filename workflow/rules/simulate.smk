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
        mem_mb=more_each_attempt(4000),
        runtime=planned_time("fit_voltage_basis/{cell}/{variant}"),
    params:
        protocol=protocol_of,
        study=study_of,
        pilot_trials=config["simulation"]["pilot_trials"],
        components=config["simulation"]["dendrite_components"],
        digest=cell_digest,
    message:
        "Find principal components of dendritic voltages of {wildcards.cell}, {wildcards.variant}."
    script:
        "../../scripts/fit_voltage_basis.py"


rule tabulate_synapses:
    input:
        cell_files,
    output:
        f"{CONDITION_PATH}/synapses.csv",
    log:
        f"{LOG_PATH}/tabulate_synapses/{{cell}}/{{variant}}.log",
    conda:
        "../../envs/simulate.yaml"
    threads: 1
    resources:
        mem_mb=more_each_attempt(2000),
        runtime=more_each_attempt(10),
    params:
        cell_path=cell_path_of,
        digest=cell_digest,
        own_digest=provenance.code_digest("cells/branches.py"),
    message:
        "Tabulate the synapses of {wildcards.cell}, {wildcards.variant}."
    script:
        "../../scripts/tabulate_synapses.py"


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
        mem_mb=simulation_memory,
        runtime=planned_time("simulate_trials/{cell}/{variant}/{split}_{shard}"),
    params:
        protocol=protocol_of,
        trials=shard_trials,
        compact_inputs=config["simulation"]["compact_inputs"],
        digest=cell_digest,
    message:
        "Simulate {wildcards.cell}, {wildcards.variant}: {wildcards.split} shard {wildcards.shard}."
    script:
        "../../scripts/simulate_trials.py"


rule estimate_ceiling:
    input:
        cell_files,
    output:
        f"{CONDITION_PATH}/ceiling.json",
    log:
        f"{LOG_PATH}/estimate_ceiling/{{cell}}/{{variant}}.log",
    benchmark:
        f"{BENCHMARK_PATH}/estimate_ceiling/{{cell}}/{{variant}}.tsv"
    conda:
        "../../envs/simulate.yaml"
    threads: simulation_cores
    resources:
        mem_mb=more_each_attempt(4000),
        runtime=planned_time("estimate_ceiling/{cell}/{variant}"),
    params:
        protocol=protocol_of,
        trials=8,
        repeats=10,
        digest=cell_digest,
        own_digest=provenance.code_digest("ceiling.py", "metrics.py"),
    message:
        "Repeat test trials of {wildcards.cell}, {wildcards.variant}, with other vesicles."
    script:
        "../../scripts/estimate_ceiling.py"
