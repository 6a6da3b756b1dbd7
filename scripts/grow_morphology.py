"""Grow the morphology of one of the project's cells from its growth.yaml and write it as SWC."""

from pathlib import Path

import click

from neurodepth.cells import arbour, growth, swc

CELLS = Path(__file__).resolve().parents[1] / "models" / "cells"


@click.command(help=__doc__)
@click.argument("cell", default="l5pc")
@click.option("--seed", type=click.IntRange(0), help="Of every random number; that of the growth.yaml if left out.")
@click.option(
    "--output",
    "output_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="SWC file to write; by default the file that the cell uses.",
)
def grow_morphology(cell: str, seed: int | None, output_path: Path | None) -> None:
    parameters = arbour.read(CELLS / cell / "growth.yaml")
    seed = parameters.seed if seed is None else seed
    output_path = output_path or CELLS / cell / "morphology.swc"
    branches = growth.grow(parameters, seed)
    swc.write_swc(branches, output_path, parameters, f"python scripts/grow_morphology.py {cell} --seed {seed}")
    length_um = sum(branch.length_um for branch in branches)
    click.echo(f"{output_path}: {len(branches)} branches, {length_um:.0f} um of dendrite")


if __name__ == "__main__":
    grow_morphology()
