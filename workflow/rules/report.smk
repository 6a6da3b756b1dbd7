"""The verdict and the page that shows it."""

VERDICT_CODE = [
    "ceiling.py",
    "convergence.py",
    "coverage.py",
    "criterion_dependence.py",
    "criterion.py",
    "data_needed.py",
    "depth.py",
    "evaluation.py",
    "learning_curve.py",
    "metrics.py",
    "scores.py",
    "units.py",
]


rule decide_depth:
    input:
        tables=for_conditions(f"{CONDITION_PATH}/evaluation.csv"),
        counts=for_conditions(f"{CONDITION_PATH}/pair_counts.npz"),
        histories=histories_of_all,
        ceilings=ceilings_of_all(),
    output:
        verdict=report(
            f"{RESULTS}/verdict.json",
            caption="../report/verdict.rst",
            category="Answer",
        ),
        accuracy=report(
            f"{RESULTS}/accuracy_vs_depth.csv",
            caption="../report/accuracy_vs_depth.rst",
            category="Answer",
        ),
        data_needed=report(
            f"{RESULTS}/data_needed.csv",
            caption="../report/data_needed.rst",
            category="Answer",
        ),
        dependence=report(
            f"{RESULTS}/depth_by_criterion.csv",
            caption="../report/depth_by_criterion.rst",
            category="Answer",
        ),
    log:
        f"{LOG_PATH}/decide_depth.log",
    benchmark:
        f"{BENCHMARK_PATH}/decide_depth.tsv"
    conda:
        "../../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=more_each_attempt(1000),
        runtime=more_each_attempt(30),
    params:
        configuration=config,
        digest=provenance.code_digest(*VERDICT_CODE),
    message:
        "Decide which depth each cell requires."
    script:
        "../../scripts/decide_depth.py"


rule compare_networks:
    input:
        accuracy=f"{RESULTS}/accuracy_vs_depth.csv",
        baselines=baseline_tables(),
    output:
        report(
            f"{RESULTS}/pareto.csv",
            caption="../report/pareto.rst",
            category="Accuracy and cost",
        ),
    log:
        f"{LOG_PATH}/compare_networks.log",
    conda:
        "../../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=more_each_attempt(1000),
        runtime=more_each_attempt(10),
    params:
        neurons=WITH_BASELINES,
        digest=provenance.code_digest("baselines.py", "pareto.py"),
    message:
        "Compare accuracy and cost of all networks."
    script:
        "../../scripts/compare_networks.py"


rule rank_neurons:
    input:
        verdict=f"{RESULTS}/verdict.json",
        accuracy=f"{RESULTS}/accuracy_vs_depth.csv",
        trees=for_conditions(f"{CONDITION_PATH}/tree.npz"),
    output:
        report(
            f"{RESULTS}/neurons.csv",
            caption="../report/neurons.rst",
            category="Answer",
        ),
    log:
        f"{LOG_PATH}/rank_neurons.log",
    conda:
        "../../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=more_each_attempt(1000),
        runtime=more_each_attempt(10),
    params:
        digest=provenance.code_digest("neurons.py"),
    message:
        "Rank the neurons by their complexity."
    script:
        "../../scripts/rank_neurons.py"


rule tabulate_data:
    input:
        for_conditions(f"{CONDITION_PATH}/statistics.npz"),
    output:
        report(
            f"{RESULTS}/data.csv",
            caption="../report/data.rst",
            category="Data",
        ),
    log:
        f"{LOG_PATH}/tabulate_data.log",
    conda:
        "../../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=more_each_attempt(1000),
        runtime=more_each_attempt(10),
    params:
        neurons=list(CONDITIONS),
        digest=provenance.code_digest("data_comparison.py"),
    message:
        "Tabulate the data of all neurons."
    script:
        "../../scripts/tabulate_data.py"


rule make_report:
    input:
        verdict=f"{RESULTS}/verdict.json",
        accuracy=f"{RESULTS}/accuracy_vs_depth.csv",
        comparison=f"{RESULTS}/pareto.csv",
        data_needed=f"{RESULTS}/data_needed.csv",
        dependence=f"{RESULTS}/depth_by_criterion.csv",
        neurons=f"{RESULTS}/neurons.csv",
        data=f"{RESULTS}/data.csv",
        unusual=unusual_tables(),
        described=described_files(),
        histories=histories_of_all,
    output:
        report=report(
            f"{RESULTS}/report.html", caption="../report/report.rst", category="Answer"
        ),
        figures=report(
            directory(f"{RESULTS}/figures"),
            patterns=["{figure}.svg"],
            caption="../report/figures.rst",
            category="Figures for print",
            labels={"figure": "{figure}"},
        ),
    log:
        f"{LOG_PATH}/make_report.log",
    conda:
        "../../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=more_each_attempt(2000),
        runtime=more_each_attempt(30),
    params:
        digest=provenance.code_digest(
            "brain_cost.py",
            "experiments",
            "figures",
            "neurons.py",
            "pareto.py",
            "report",
            "result_files.py",
            "trust",
            "units.py",
        ),
    message:
        "Write the report."
    script:
        "../../scripts/make_report.py"
