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
        options.check_output(output, overwrite)
    figures_name = f"{output.stem}_figures" if output else "figures"
    output = output or results / "report.html"
    study = read_verdict(results / result_files.VERDICT)["configuration"]
    conditions = result_files.conditions(results, study)
    with options.whole(output) as path:
        reporting.write_report(results, conditions, path, path.with_name(figures_name))
    click.echo(f"{output}: {len(conditions)} neurons")
