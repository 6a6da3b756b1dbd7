"""`neurodepth report`: the page, written again."""

from pathlib import Path

import click

from neurodepth.cli import options


@click.command()
@click.argument("results", type=options.FILE)
@click.option("-o", "--output", type=options.FILE, help="Page to write; RESULTS/report.html if left out.")
@options.overwrite
def report(results: Path, output: Path | None, overwrite: bool) -> None:
    """Write the report of a finished study again, from the files in RESULTS.

    Nothing is simulated, trained or scored. RESULTS/report.html and RESULTS/figures are replaced; another --output
    gets a folder NAME_figures beside it.

    \b
    Examples:
      neurodepth report results
      neurodepth report results/paper --output paper.html
    """
    from neurodepth import report as reporting
    from neurodepth import result_files
    from neurodepth.report.results import read_verdict

    if output:
        options.refuse_existing(output, overwrite)
    figures_name = f"{output.stem}_figures" if output else "figures"
    output = output or results / "report.html"
    study = read_verdict(results / "verdict.json")["configuration"]
    conditions = result_files.conditions(results, study)
    with options.whole(output) as path:
        reporting.write_report(
            verdict_path=results / "verdict.json",
            accuracy_path=results / "accuracy_vs_depth.csv",
            conditions=conditions,
            benchmarks_path=results / "benchmarks",
            report_path=path,
            figures_path=path.with_name(figures_name),
            comparison_path=result_files.if_there(results / "pareto.csv"),
            data_needed_path=result_files.if_there(results / "data_needed.csv"),
            dependence_path=result_files.if_there(results / "depth_by_criterion.csv"),
            neurons_path=result_files.if_there(results / "neurons.csv"),
            data_path=result_files.if_there(results / "data.csv"),
        )
    click.echo(f"{output}: {len(conditions)} neurons")
