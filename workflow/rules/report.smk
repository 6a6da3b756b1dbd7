"""The verdict and the page that shows it."""


rule decide_depth:
    message:
        "Decide which depth each cell requires."
    input:
        tables=for_conditions(f"{CONDITION_PATH}/evaluation.csv"),
        counts=for_conditions(f"{CONDITION_PATH}/pair_counts.npz"),
    output:
        verdict=report(f"{RESULTS}/verdict.json", caption="../report/verdict.rst", category="Answer"),
        accuracy=report(
            f"{RESULTS}/accuracy_vs_depth.csv", caption="../report/accuracy_vs_depth.rst", category="Answer"
        ),
    log:
        f"{LOG_PATH}/decide_depth.log",
    benchmark:
        f"{BENCHMARK_PATH}/decide_depth.tsv"
    conda:
        "../../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        conditions=[list(key) for key in CONDITIONS],
        configuration=config,
        digest=provenance.code_digest("depth.py", "evaluation.py", "metrics.py"),
    script:
        "../../scripts/decide_depth.py"
