"""`neurodepth plan`: what a study will take."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import click

from neurodepth.cli import options


@click.command()
@click.argument("configs", nargs=-1, type=options.FILE)
@click.option(
    "--cores", type=options.whole_number(1), help="Of one machine that runs the study; all of this one if left out."
)
@click.option("--jobs", type=options.whole_number(1), help="Of a cluster instead: at most so many at a time.")
@click.option(
    "--cores-per-job",
    type=options.whole_number(1),
    help="Of a simulation on the cluster, as its profile says; the study's parallel.cores_per_job if left out.",
)
@click.option(
    "--job-overhead-s",
    type=options.number(0),
    help="Seconds a job is held besides its work; 0 on one machine, 12 on a cluster, where Snakemake starts twice.",
)
@click.option("--rates", "rates_path", type=options.FILE, help="Rates of another machine.")
@click.option(
    "--measured", "measured_path", type=options.FILE, help="Results of a study run on the machine in question."
)
@click.option(
    "--measured-cores",
    type=options.whole_number(1),
    help="Cores that snakemake had for it; all of this machine if left out.",
)
@click.option("--save-rates", "save_path", type=options.FILE, help="Write the rates used, for --rates.")
@click.option("--price-per-core-hour", type=options.number(0), help="In any currency.")
@options.overwrite
@options.as_json
def plan(
    configs: tuple[Path, ...],
    cores: int | None,
    jobs: int | None,
    cores_per_job: int | None,
    job_overhead_s: float | None,
    rates_path: Path | None,
    measured_path: Path | None,
    measured_cores: int | None,
    save_path: Path | None,
    price_per_core_hour: float | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Say what a study will take: jobs, core hours, wall time, disk and cost.

    CONFIGS are laid over config/default.yaml, as by `snakemake --configfile`. It is the most that can be needed: every
    depth, trained to its last update, starting with no results. docs/planning.md says how far to trust it.

    \b
    Examples:
      neurodepth plan config/paper.yaml --jobs 100 --cores-per-job 8 --price-per-core-hour 0.04
      neurodepth plan config/paper.yaml --jobs 100 --measured results
    """
    from neurodepth import plan as planning

    if cores and jobs:
        raise click.UsageError("--cores is for one machine, --jobs for a cluster: give one of them")
    if save_path:
        options.check_output(save_path, overwrite)
    machine_cores = os.cpu_count() or 1
    if job_overhead_s is None:
        job_overhead_s = planning.CLUSTER_OVERHEAD_S if jobs else 0
    place = planning.Place(None if jobs else cores or machine_cores, jobs, job_overhead_s, cores_per_job)
    study = planning.read_study(configs)
    rates = planning.rates.read(rates_path)
    factors: dict[str, float] = {}
    if measured_path:
        rates, factors = planning.measure(measured_path, rates, measured_cores or machine_cores)
    amounts = planning.estimate(study, rates, place, price_per_core_hour)
    assumed, short = planning.assumptions(study, rates), planning.short_trainings(study)
    if save_path:
        with options.whole(save_path) as path:
            planning.rates.write(rates, path)
    if as_json:
        shown = {
            "stages": list(map(asdict, amounts)),
            "assumed": assumed,
            "short_trainings": short,
            "measured": factors,
        }
        click.echo(json.dumps(shown, indent=1))
        return
    click.echo(planning.table(amounts))
    for line in [
        *assumed,
        *short,
        *(f"{stage}: {factor:.2f} times the time of the given rates" for stage, factor in factors.items()),
    ]:
        click.echo(f"- {line}")
