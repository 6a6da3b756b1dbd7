"""Grow the morphology of the project's layer-5 pyramidal cell and write it as SWC."""

from pathlib import Path

import click

from neurodepth.cells import growth, swc

ROOT = Path(__file__).resolve().parents[1]


@click.command(help=__doc__)
@click.option("--seed", default=growth.SEED, show_default=True, help="Seed of every random number.")
@click.option(
    "--output",
    "output_path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=ROOT / "models/cells/l5pc/morphology.swc",
    help="SWC file to write; by default the file that the cell l5pc uses.",
)
def grow_morphology(seed: int, output_path: Path) -> None:
    branches = growth.grow(seed)
    swc.write_swc(branches, output_path, seed)
    length_um = sum(branch.length_um for branch in branches)
    click.echo(f"{output_path}: {len(branches)} branches, {length_um:.0f} um of dendrite")


if __name__ == "__main__":
    grow_morphology()
