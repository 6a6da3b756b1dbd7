"""Write the study's report: one page and its figures, from result files alone."""

from pathlib import Path

from neurodepth import jobs, report, result_files
from neurodepth.report.results import read_verdict


def make_report(verdict_path, report_path, figures_path):
    folder = Path(verdict_path).parent
    study = read_verdict(Path(verdict_path))["configuration"]
    report.write_report(folder, result_files.conditions(folder, study), Path(report_path), Path(figures_path))


if __name__ == "__main__":
    with jobs.logged(snakemake.log[0]):
        make_report(
            snakemake.input.verdict,
            snakemake.output.report,
            snakemake.output.figures,
        )
