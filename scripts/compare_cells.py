"""Compare the grown cell with the published one: tables into docs/cells.md, pictures into docs/images/."""

import gc
import re
from pathlib import Path

import click
import matplotlib

matplotlib.use("Agg")

from neurodepth.cells import comparison, definition, morphology
from neurodepth.cells.compartmental import CompartmentalCell, h

ROOT = Path(__file__).resolve().parents[1]
CELLS = {"l5pc": "Grown (l5pc)", "l5pc_hay2011": "Published (l5pc_hay2011)"}
FIGURES = {
    "cells_morphology": comparison.draw_morphologies,
    "cells_responses": comparison.draw_responses,
    "cells_bac_firing": comparison.draw_bac_firing,
}


@click.command(help=__doc__)
@click.option("--trials", "n_trials", default=12, show_default=True, help="Trials of 6 s behind the output rate.")
@click.option("--seed", default=7, show_default=True, help="Seed of these trials.")
@click.option("--data", "data_path", default=ROOT / "data", type=click.Path(path_type=Path), help="Data folder.")
@click.option("--docs", "docs_path", default=ROOT / "docs", type=click.Path(path_type=Path), help="Where to write.")
def compare_cells(n_trials: int, seed: int, data_path: Path, docs_path: Path) -> None:
    definitions = {name: definition.read(ROOT / "models/cells" / name) for name in CELLS}
    try:
        paths = {name: morphology.find_morphology(cell, data_path) for name, cell in definitions.items()}
    except FileNotFoundError as error:
        raise click.ClickException(f"{error} Without it there is nothing to compare with.") from error
    measured = []
    for name, label in CELLS.items():
        cell = CompartmentalCell(definitions[name], data_path, "coreneuron")
        measured.append(comparison.measure(cell, paths[name], label, n_trials, seed))
        h.ParallelContext().gid_clear()
        del cell  # NEURON simulates every cell in memory
        gc.collect()
    (docs_path / "images").mkdir(parents=True, exist_ok=True)
    for name, draw in FIGURES.items():
        draw(measured).savefig(docs_path / "images" / f"{name}.png", dpi=110, metadata={"Software": None})
    page = docs_path / "cells.md"
    text = page.read_text()
    for name in ("morphology", "physiology"):
        marks = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        table = f"{marks[0]}{comparison.table(measured, name)}\n{marks[1]}"
        text = re.sub(f"{marks[0]}.*?{marks[1]}", table.replace("\\", "\\\\"), text, flags=re.DOTALL)
    page.write_text(text)
    click.echo(f"wrote {page} and {len(FIGURES)} pictures")


if __name__ == "__main__":
    compare_cells()
