"""Write the study's report: one page and its figures, from result files alone."""

from pathlib import Path

from neurodepth import jobs, report


def make_report(
    verdict_path,
    accuracy_path,
    conditions,
    histories,
    benchmarks_path,
    report_path,
    figures_path,
    comparison_path,
    data_needed_path,
    dependence_path,
    neurons_path,
    data_path,
):
    report.write_report(
        Path(verdict_path),
        Path(accuracy_path),
        [_condition(one, histories) for one in conditions],
        Path(benchmarks_path),
        Path(report_path),
        Path(figures_path),
        Path(comparison_path),
        Path(data_needed_path),
        Path(dependence_path),
        Path(neurons_path),
        Path(data_path),
    )


def _condition(one, histories):
    """Files of one neuron; `one` names its cell, its variant and its other files, None where there is none."""
    folder = f"/{one['cell']}/{one['variant']}/networks/"
    return report.Condition(
        history_paths=[Path(path) for path in histories if folder in f"/{path}"],
        **{name: Path(value) if value and name.endswith("_path") else value for name, value in one.items()},
    )


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        make_report(
            snakemake.input.verdict,
            snakemake.input.accuracy,
            snakemake.params.conditions,
            snakemake.input.histories,
            snakemake.params.benchmarks,
            snakemake.output.report,
            snakemake.output.figures,
            snakemake.input.comparison,
            snakemake.input.data_needed,
            snakemake.input.dependence,
            snakemake.input.neurons,
            snakemake.input.data,
        )
