"""`neurodepth simulate`: trials of a cell, by hand."""

from pathlib import Path

import click
from click.core import ParameterSource

from neurodepth.cli import options


@click.command()
@click.argument("cell", type=options.CELL)
@click.option("--variant", help="Variant of the cell; its default if left out.")
@click.option("--split", type=click.Choice(["train", "validation", "test"]), default="train", show_default=True)
@click.option("--trials", default=4, show_default=True, type=options.whole_number(1), help="Number of trials.")
@click.option("--first", default=0, show_default=True, type=options.whole_number(0), help="Number of the first trial.")
@click.option(
    "--duration-ms", default=6000, show_default=True, type=options.whole_number(2, 65535), help="Length of a trial."
)
@click.option(
    "--step-ms",
    type=options.number(0, is_open=True),
    default=0.0625,
    show_default="what the cell asks for, else 0.0625",
    help="Integration step.",
)
@click.option("--first-order", is_flag=True, help="Implicit Euler instead of Crank-Nicolson.")
@click.option(
    "--simulator",
    type=click.Choice(["tabulated", "coreneuron", "neuron"]),
    default="tabulated",
    show_default="what the cell asks for, else tabulated",
    help="What integrates a compartmental cell; docs/simulator.md.",
)
@options.seed("Of all input.")
@options.cores
@options.data
@options.output("trials.h5")
@options.overwrite
@click.pass_context
def simulate(
    ctx: click.Context,
    cell: Path,
    variant: str | None,
    split: str,
    trials: int,
    first: int,
    duration_ms: int,
    step_ms: float,
    first_order: bool,
    simulator: str,
    seed: int,
    cores: int,
    data_path: Path,
    output: Path,
    overwrite: bool,
) -> None:
    """Simulate trials of CELL under random input and store them as a shard.

    CELL is a name or a folder with a cell.yaml. A trial depends on the seed, the split and its number alone: the same
    call gives the same data on any number of cores.

    \b
    Examples:
      neurodepth simulate l5pc --variant no_nmda --trials 8 --output l5pc.h5
      neurodepth simulate models/cells/mine --split test --first 100
    """
    from neurodepth import dataset, simulation
    from neurodepth.cells import definition

    options.check_output(output, overwrite)
    found = definition.read(cell, variant)
    asked = {"step_ms": step_ms, "second_order": not first_order, "simulator": simulator}
    names = dict(zip(asked, ("step_ms", "first_order", "simulator"), strict=True))
    given = {key: asked[key] for key in asked if ctx.get_parameter_source(names[key]) is not ParameterSource.DEFAULT}
    settings = definition.simulation_settings(found, asked) | given
    protocol = simulation.Protocol(str(cell), found.variant, seed, duration_ms, data_path=str(data_path), **settings)
    description = simulation.describe(protocol, split)
    indices = range(first, first + trials)
    dataset.write_shard(output, simulation.simulate_trials(protocol, split, indices, cores), indices, description)
    click.echo(f"{output}: {trials} trials of {description['cell']}, {found.variant}")
