"""How deep a network is this neuron? From simulated trials to the depth each cell requires."""

from snakemake.utils import min_version

min_version("9.27")  # a priority that is a function


configfile: "config/default.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/common_resources.smk"
include: "workflow/rules/common_networks.smk"
include: "workflow/rules/common_analysis.smk"
include: "workflow/rules/cells.smk"
include: "workflow/rules/simulate.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/analyse.smk"
include: "workflow/rules/experiments.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        report=f"{RESULTS}/report.html",
        verdict=f"{RESULTS}/verdict.json",
        accuracy=f"{RESULTS}/accuracy_vs_depth.csv",
        # Named here so that a trial or network that was deleted is made again, though the report exists.
        trials=shards_of_all(),
        networks=networks_of_all,
        described=described_files(),
        tables=for_conditions(f"{CONDITION_PATH}/evaluation.csv"),
        unusual_tables=unusual_tables(),
        baselines=baselines_of_all(),
        baseline_tables=baseline_tables(),
        comparison=f"{RESULTS}/pareto.csv",
        neurons=f"{RESULTS}/neurons.csv",
        ceilings=ceilings_of_all(),
    localrule: True
    message:
        "The report is {input.report}."
