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
    )


def _condition(one, histories):
    """Files of one neuron; `one` names its cell, variant, example, and morphology and unusual input, or None."""
    folder = f"/{one['cell']}/{one['variant']}/networks/"
    return report.Condition(
        cell=one["cell"],
        variant=one["variant"],
        example_path=Path(one["example"]),
        history_paths=[Path(path) for path in histories if folder in f"/{path}"],
        morphology_path=Path(one["morphology"]) if one["morphology"] else None,
        unusual_path=Path(one["unusual"]) if one["unusual"] else None,
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
        )
