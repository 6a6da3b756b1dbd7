"""`neurodepth ask`: stimuli that a network proposes, played to its cell."""

from pathlib import Path
from typing import Any

import click

from neurodepth.cli import options


@click.command()
@click.argument("cell", type=options.CELL)
@click.argument("model", type=options.FILE)
@click.option("--variant", help="Variant of the cell; its default if left out.")
@click.option(
    "--backgrounds", default=8, show_default=True, type=options.whole_number(2), help="Random inputs to search on."
)
@options.seed("Of the random input.")
@options.cores
@options.data
@options.output("asked.npz")
@options.overwrite
@options.as_json
def ask(
    cell: Path,
    model: Path,
    variant: str | None,
    backgrounds: int,
    seed: int,
    cores: int,
    data_path: Path,
    output: Path,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Ask the network MODEL for stimuli of CELL, and play them to the cell.

    The input that drives it hardest, that makes it fire at a chosen millisecond and not before, and that makes it fire
    on one background and not on another; what the network promised and what the cell did lie beside the output as a
    figure. docs/experiments.md says more.

    \b
    Example:
      neurodepth ask l5pc results/l5pc/nmda/networks/depth_7/trials_24/seed_1.keras
    """
    import numpy as np

    from neurodepth import figures, stimulus_design
    from neurodepth.experiments import DURATION_MS
    from neurodepth.networks import backend

    options.check_output(output, overwrite, ".npz")
    backend.use_threads(cores)
    protocol = options.protocol(cell, variant, seed, DURATION_MS, data_path)
    found: dict[str, Any] = stimulus_design.ask(protocol, model, backgrounds, cores)
    with options.whole(output) as path:
        np.savez_compressed(path, **found)
        figures.asked(found).savefig(path.with_suffix(".svg"))
    options.echo_answers(stimulus_design.summarise(found), protocol, output, as_json, "{:.2f}")
