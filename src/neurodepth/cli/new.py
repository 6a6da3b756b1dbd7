"""`neurodepth new`: a folder for a study."""

from pathlib import Path

import click

from neurodepth.cli import options


@click.command()
@click.argument("folder", type=options.FILE)
@click.option("--cell", type=options.CELL, help="The only neuron of the study; those of the default study if left out.")
def new(folder: Path, cell: Path | None) -> None:
    """Make FOLDER for a study of your own, ready for Snakemake.

    It holds config.yaml, complete and explained; a Snakefile that imports the workflow; and a README with the next
    steps. Own cells and networks go into its models/. A folder that holds something is refused.

    \b
    Examples:
      neurodepth new my_study
      neurodepth new my_study --cell lif
    """
    from neurodepth import study_folder

    for path in study_folder.create(folder, cell.name if cell else None):
        click.echo(path)
    click.echo(f"\nNext: cd {folder}, read README.md, run snakemake.")
