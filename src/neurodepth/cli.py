"""The command `neurodepth`: single steps of the workflow, by hand."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import click

from neurodepth import __version__, dataset, validation


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """How deep a network is this neuron?

    The whole study is a Snakemake workflow: run `snakemake` in the project's folder. This command does single steps
    of it, to look at a cell or at a file.
    """


@main.command()
@click.argument("cell", type=click.Path(path_type=Path))
@click.option("--variant", help="Variant of the cell; its default if left out.")
@click.option("--split", type=click.Choice(["train", "validation", "test"]), default="train", show_default=True)
@click.option("--trials", default=4, show_default=True, type=click.IntRange(1), help="Number of trials.")
@click.option("--first", default=0, show_default=True, type=click.IntRange(0), help="Number of the first trial.")
@click.option(
    "--duration-ms", default=6000, show_default=True, type=click.IntRange(2, 65535), help="Length of a trial."
)
@click.option("--step-ms", default=0.0625, show_default=True, help="Integration step.")
@click.option("--first-order", is_flag=True, help="Implicit Euler instead of Crank-Nicolson.")
@click.option(
    "--simulator",
    type=click.Choice(["tabulated", "coreneuron", "neuron"]),
    default="tabulated",
    show_default=True,
    help="What integrates a compartmental cell; docs/simulator.md.",
)
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0))
@click.option("--cores", default=os.cpu_count(), show_default="all", type=click.IntRange(1))
@click.option("--output", type=click.Path(path_type=Path), default=Path("trials.h5"), show_default=True)
@click.option("--overwrite", is_flag=True, help="Replace the output if it exists.")
def simulate(
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
    output: Path,
    overwrite: bool,
) -> None:
    """Simulate trials of CELL under its random input and store them in one HDF5 file.

    CELL is a folder with a cell.yaml, such as models/cells/l5pc. A trial depends on the seed, the split and its
    number alone, so that the same call gives the same data on any number of cores.

    \b
    Example:
      neurodepth simulate models/cells/l5pc --variant no_nmda --trials 8 --output l5pc.h5
      neurodepth info l5pc.h5
    """
    from neurodepth import simulation
    from neurodepth.cells import definition

    if output.exists() and not overwrite:
        raise click.ClickException(f"{output} exists; choose another --output or give --overwrite")
    with _clear_errors():
        variant = definition.read(cell, variant).variant
        protocol = simulation.Protocol(str(cell), variant, seed, duration_ms, step_ms, not first_order, simulator)
        description = simulation.describe(protocol, split)
        indices = range(first, first + trials)
        dataset.write_shard(output, simulation.simulate_trials(protocol, split, indices, cores), indices, description)
    click.echo(f"{output}: {trials} trials of {description['cell']}, {variant}")


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
def info(file: Path) -> None:
    """Describe FILE, a shard of simulated trials, after checking that it is complete."""
    with _clear_errors():
        described = dataset.describe(file)
    click.echo(f"{file}")
    for key, value in described["summary"].items():
        click.echo(f"  {key:24} {value:.4g}" if isinstance(value, float) else f"  {key:24} {value}")
    click.echo("datasets")
    for name, one in described["datasets"].items():
        shape = " x ".join(map(str, one["shape"]))
        click.echo(f"  {name:24} {one['type']:8} {shape} ({one['dims']}) {one['unit']}")
    click.echo("attributes")
    for key, value in sorted(described["attributes"].items()):
        click.echo(f"  {key:24} {value}")


@main.command()
@click.argument("configs", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--cores", type=click.IntRange(1), help="Of one machine that runs the study; all of this one if left out."
)
@click.option("--jobs", type=click.IntRange(1), help="Of a cluster instead: at most so many at a time.")
@click.option(
    "--job-overhead-s",
    type=click.FloatRange(0),
    help="Seconds a job is held besides its work; 0 on one machine, 12 on a cluster, where Snakemake starts twice.",
)
@click.option("--rates", "rates_path", type=click.Path(path_type=Path), help="Rates of another machine.")
@click.option(
    "--measured",
    "measured_path",
    type=click.Path(path_type=Path),
    help="Results of a study run on the machine in question.",
)
@click.option(
    "--measured-cores", type=click.IntRange(1), help="Cores that snakemake had for it; all of this machine if left out."
)
@click.option("--save-rates", "save_path", type=click.Path(path_type=Path), help="Write the rates used, for --rates.")
@click.option("--price-per-core-hour", type=click.FloatRange(0), help="In any currency.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def plan(
    configs: tuple[Path, ...],
    cores: int | None,
    jobs: int | None,
    job_overhead_s: float | None,
    rates_path: Path | None,
    measured_path: Path | None,
    measured_cores: int | None,
    save_path: Path | None,
    price_per_core_hour: float | None,
    as_json: bool,
) -> None:
    """Say what a study will take before it is submitted: jobs, core hours, wall time, disk and cost.

    CONFIGS are laid over config/default.yaml, as by `snakemake --configfile`. It is the most that can be needed: every
    depth, trained to its last update, starting with no results. docs/planning.md says how far to trust it.

    \b
    Example:
      neurodepth plan config/paper.yaml --jobs 100 --price-per-core-hour 0.04
      neurodepth plan config/paper.yaml --jobs 100 --measured results
    """
    from neurodepth import plan as planning

    if cores and jobs:
        raise click.UsageError("--cores is for one machine, --jobs for a cluster: give one of them")
    machine_cores = os.cpu_count() or 1
    if job_overhead_s is None:
        job_overhead_s = planning.CLUSTER_OVERHEAD_S if jobs else 0
    place = planning.Place(None if jobs else cores or machine_cores, jobs, job_overhead_s)
    with _clear_errors():
        study = planning.read_study(configs)
        rates = planning.rates.read(rates_path)
        factors: dict[str, float] = {}
        if measured_path:
            rates, factors = planning.measure(measured_path, rates, measured_cores or machine_cores)
        amounts = planning.estimate(study, rates, place, price_per_core_hour)
        assumed = planning.assumptions(study, rates)
        if save_path:
            planning.rates.write(rates, save_path)
    if as_json:
        click.echo(
            json.dumps({"stages": list(map(asdict, amounts)), "assumed": assumed, "measured": factors}, indent=1)
        )
        return
    click.echo(planning.table(amounts))
    for line in [
        *assumed,
        *(f"{stage}: {factor:.2f} times the time of the given rates" for stage, factor in factors.items()),
    ]:
        click.echo(f"- {line}")


@main.command()
@click.argument("shards", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "file_format", type=click.Choice(["nwb", "sonata"]), required=True)
@click.option("--output", type=click.Path(path_type=Path), required=True, help="File (NWB) or folder (SONATA) to make.")
@click.option("--cell", type=click.Path(path_type=Path), help="Folder of the cell; adds where each synapse sits.")
@click.option(
    "--data", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="Your data folder."
)
@click.option("--overwrite", is_flag=True, help="Replace an earlier export.")
def export(
    shards: tuple[Path, ...], file_format: str, output: Path, cell: Path | None, data: Path, overwrite: bool
) -> None:
    """Write the trials in SHARDS as NWB or as SONATA, for other programs; docs/export.md says what is where.

    The shards are of one cell, variant, split and seed. With --cell the cell is built, so that each synapse comes
    with its tree and segment.

    \b
    Example:
      neurodepth export l5pc.h5 --format nwb --output l5pc.nwb
      neurodepth export l5pc.h5 --format sonata --output l5pc_sonata --cell models/cells/l5pc
    """
    from neurodepth import export as exporting

    with _clear_errors():
        written = exporting.export_shards(shards, file_format, output, cell, data, overwrite)
    click.echo(f"{output}: {written.title}")


class _clear_errors:  # noqa: N801 used as a statement
    """Turn the library's errors into one line and a non-zero exit."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None:
        expected = (
            validation.InvalidFileError,
            dataset.DatasetError,
            ValueError,
            ArithmeticError,
            OSError,
            RuntimeError,
        )
        if isinstance(error, expected):
            raise click.ClickException(str(error)) from error
