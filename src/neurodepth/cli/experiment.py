"""`neurodepth experiment`: classical experiments on a cell and on its surrogates."""

from pathlib import Path
from typing import Any

import click

from neurodepth.cli import options


@click.command()
@click.argument("cell", type=options.CELL)
@click.argument("models", type=options.FILE, nargs=-1, required=True)
@click.option("--variant", help="Variant of the cell; its default if left out.")
@click.option(
    "--backgrounds", default=8, show_default=True, type=options.whole_number(1), help="Random inputs to experiment on."
)
@options.seed("Of the random input.")
@options.cores
@options.data
@options.output("experiments.npz")
@options.overwrite
@options.as_json
def experiment(
    cell: Path,
    models: tuple[Path, ...],
    variant: str | None,
    backgrounds: int,
    seed: int,
    cores: int,
    data_path: Path,
    output: Path,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Do classical experiments on CELL and on the networks MODELS that stand in for it.

    Summation, direction selectivity, clustered input, BAC firing, gain and inhibition, on silence and on random input.
    A figure of each comes to lie beside the output; docs/experiments.md says what is done.

    \b
    Example:
      neurodepth experiment l5pc results/l5pc/nmda/networks/depth_7/trials_24/seed_1.keras
    """
    import numpy as np

    from neurodepth import experiments, figures
    from neurodepth.networks import backend

    options.check_output(output, overwrite, ".npz")
    backend.use_threads(cores)
    protocol = options.protocol(cell, variant, seed, experiments.DURATION_MS, data_path)
    found: dict[str, Any] = experiments.run(protocol, models, backgrounds, cores)
    with options.whole(output) as path:
        np.savez_compressed(path, **found)
        for name in dict.fromkeys(found["experiment"].tolist()):
            figures.experiment(found, name).savefig(path.with_name(f"{output.stem}_{name}.svg"))
    options.echo_answers(experiments.summarise(found), protocol, output, as_json, "{:.3g}")
