"""`neurodepth show`: the picture of a cell."""

from pathlib import Path

import click

from neurodepth.cli import options

FORMATS = (".svg", ".pdf", ".png")


@click.command()
@click.argument("cell", type=options.CELL)
@click.option("--variant", help="Variant of the cell; its default if left out.")
@click.option("--colour", default="region", show_default=True, help="Of the tree: region, or a channel such as Ih.")
@options.data
@options.output(default="cell.svg", help="Picture to write: .svg, .pdf or .png.")
@options.overwrite
def show(cell: Path, variant: str | None, colour: str, data_path: Path, output: Path, overwrite: bool) -> None:
    """Draw CELL to scale, with the densities of its channels.

    CELL is a name or a folder with a cell.yaml. A compartmental cell is built in NEURON, so that what is drawn is what
    is simulated; a point neuron is a sketch.

    \b
    Examples:
      neurodepth show l5pc
      neurodepth show l5pc --colour Ca_LVA --output l5pc.png
    """
    from neurodepth import cells, figures
    from neurodepth.cells import anatomy, definition
    from neurodepth.figures.densities import cell_with_densities

    if output.suffix.lower() not in FORMATS:
        raise click.BadParameter(
            f"expected a name that ends in {', '.join(FORMATS)}, found {output}", param_hint="--output"
        )
    options.check_output(output, overwrite)
    found = definition.read(cell, variant)
    if found.values["type"] == "point":
        figure = figures.cell_picture(None)
    else:
        tree = anatomy.describe(cells.build(found, data_path, simulator="neuron"))  # nothing is simulated: no tables
        figure = cell_with_densities(tree, f"{found.name}, {found.variant}", colour)
    with options.whole(output) as path:
        figure.savefig(path, dpi=200)
    click.echo(f"{output}: {found.name}, {found.variant}")
