"""`neurodepth export`: trials for other programs."""

from pathlib import Path

import click

from neurodepth.cli import options


@click.command()
@click.argument("shards", nargs=-1, required=True, type=options.FILE)
@click.option("--format", "file_format", type=click.Choice(["nwb", "sonata"]), required=True)
@options.output(help="File (NWB) or folder (SONATA) to make.")
@click.option("--cell", type=options.CELL, help="Name or folder of the cell; adds where each synapse sits.")
@options.data
@options.overwrite
def export(
    shards: tuple[Path, ...], file_format: str, output: Path, cell: Path | None, data_path: Path, overwrite: bool
) -> None:
    """Write the trials in SHARDS as NWB or SONATA, for other programs.

    The shards are of one cell, variant, split and seed. With --cell the cell is built, so that each synapse comes
    with its tree and segment. docs/export.md says what is where.

    \b
    Examples:
      neurodepth export l5pc.h5 --format nwb --output l5pc.nwb
      neurodepth export l5pc.h5 --format sonata --output l5pc_sonata --cell l5pc
    """
    from neurodepth import export as exporting

    written = exporting.export_shards(shards, file_format, output, cell, data_path, overwrite)
    click.echo(f"{output}: {written.title}")
