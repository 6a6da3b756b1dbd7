"""Measure what a second of simulated biology costs, input, event delivery and writing of the shard included.

    python benchmarks/simulation.py
    python benchmarks/simulation.py --part all --json simulation.json --table benchmarks/tables/simulation.md \
        --figure docs/images/simulation_cost.svg

Parts: speed (each simulator on one core against the authors' way, and two cores against one), shards (whole cost and
memory against the number of trials), scaling (cost against input and segments), start_up, compilers. Simulators run in
turn, each in its own process; the median of the repetitions counts. benchmarks/README.md explains the figures.
"""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pandas as pd
import simulation_parts as parts
from simulation_parts import Amount
from simulation_picture import cost_picture

from neurodepth import provenance
from neurodepth.cells import definition
from neurodepth.cells.morphology import find_morphology
from neurodepth.simulation import Protocol

PROJECT = Path(__file__).parents[1]
PUBLISHED, SHIPPED = "l5pc_hay2011", "l5pc"
PARTS = ("speed", "shards", "scaling", "start_up", "compilers")
SEED = 1
LEAST_CORES = 1.8  # with fewer the speed-up of two workers is not theirs
# Of all processes that are started: one core each; no progress bars.
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TQDM_DISABLE": "1"}
TITLES = {
    "speed": "Cost on one core",
    "workers": "Two workers against one",
    "shards": "Whole cost and memory of a shard",
    "scaling": "Cost against input and segments",
    "start_up": "Start-up",
    "compilers": "Compilers and flags",
}


@click.command()
@click.option(
    "--part", "chosen", multiple=True, type=click.Choice([*PARTS, "all"]), default=["speed"], show_default=True
)
@click.option("--cell", help=f"Folder in models/cells; {PUBLISHED} where its morphology is found, else {SHIPPED}.")
@click.option(
    "--trials", "n_trials", default=8, show_default=True, help="Trials of the fast simulators; slow ones run fewer."
)
@click.option("--duration-ms", default=3000, show_default=True, help="Length of a trial.")
@click.option("--repeats", default=3, show_default=True, help="Repetitions; the median counts.")
@click.option("--quick", is_flag=True, help="Little of everything, to see that it runs; the numbers mean nothing.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures to this file.")
@click.option("--table", "table_path", type=click.Path(path_type=Path), help="Write the tables to this Markdown file.")
@click.option(
    "--figure", "figure_path", type=click.Path(path_type=Path), help="Draw shards and scaling into this file."
)
def main(
    chosen: tuple[str, ...],
    cell: str | None,
    n_trials: int,
    duration_ms: int,
    repeats: int,
    quick: bool,
    json_path: Path | None,
    table_path: Path | None,
    figure_path: Path | None,
) -> None:
    """Measure seconds of compute per simulated second."""
    wanted = PARTS if "all" in chosen else chosen
    if figure_path and not {"shards", "scaling"} <= set(wanted):
        raise click.UsageError("--figure needs the parts shards and scaling: add --part all")
    if quick:
        n_trials, duration_ms, repeats = 1, min(duration_ms, 50), 1
    amount = Amount(n_trials, repeats, (2,) if quick else (1, 4, 16, 64), 1 if quick else None)
    os.environ.update(ENVIRONMENT)
    cell = cell or choose_cell()
    variant = definition.read(PROJECT / "models" / "cells" / cell).variant
    protocol = Protocol(
        str(PROJECT / "models" / "cells" / cell), variant, SEED, duration_ms, data_path=str(PROJECT / "data")
    )
    origin = describe_origin(cell, duration_ms, repeats)
    figures: dict[str, Any] = {}
    for part in wanted:  # what is done is kept, should a later part be interrupted
        click.echo(f"Measuring {part} (load {os.getloadavg()[0]:.2f})", err=True)
        figures |= measure(part, protocol, amount)
        origin["load_after"] = f"{os.getloadavg()[0]:.2f}"
        text = report(figures, origin)
        if table_path:
            table_path.write_text(text)
        if json_path:
            json_path.write_text(json.dumps(as_json(figures) | {"origin": origin}, indent=2) + "\n")
    click.echo(text)
    if figure_path:
        cost_picture(figures["shards"], figures["scaling"]).savefig(figure_path)


def choose_cell() -> str:
    """The published cell where its morphology is on this machine, else the shipped one."""
    try:
        find_morphology(definition.read(PROJECT / "models" / "cells" / PUBLISHED), PROJECT / "data")
    except FileNotFoundError as error:
        click.echo(f"Measuring {SHIPPED}, for {error}", err=True)
        return SHIPPED
    return PUBLISHED


def measure(part: str, protocol: Protocol, amount: Amount) -> dict[str, Any]:
    """Tables of one part by name; of the workers, figures by name."""
    if part == "speed":
        speed, workers = parts.measure_speed(protocol, amount), parts.measure_workers(protocol, amount)
        if (cores := workers["cores_2_cpu_over_wall"]) < LEAST_CORES:
            click.echo(f"Two workers had {cores:.2f} cores: the machine is busy, cores_2 says little", err=True)
        return {"speed": speed, "workers": workers}
    if part == "start_up":
        return {part: parts.measure_start_up(protocol)}
    return {part: getattr(parts, f"measure_{part}")(protocol, amount)}


def describe_origin(cell: str, duration_ms: int, repeats: int) -> dict[str, str]:
    """Machine, code and command."""
    compiler = subprocess.run(["c++", "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    arguments = [Path(one).name if Path(one).is_absolute() else one for one in sys.argv[1:]]  # no paths of this machine
    return {
        "processor": f"{provenance.processor()}, {os.cpu_count()} cores",
        "load_before": f"{os.getloadavg()[0]:.2f}",
        "load_after": "",
        "compiler": compiler,
        "neuron": provenance.versions()["neuron"],
        "commit": provenance.commit(),
        "command": shlex.join(["python", "benchmarks/simulation.py", *arguments]),
        "cell": f"{cell}, trials of {duration_ms} ms, {repeats} repetitions in turn",
    }


def report(figures: dict[str, Any], origin: dict[str, str]) -> str:
    """All tables as Markdown."""
    head = [
        "# What simulation costs",
        "",
        *(f"- {key.replace('_', ' ')}: {value}" for key, value in origin.items()),
        "",
    ]
    return "\n".join([*head, *(f"## {TITLES[name]}\n\n{markdown(table)}\n" for name, table in figures.items())])


def markdown(table: pd.DataFrame | dict[str, float]) -> str:
    """One part as a Markdown table."""
    if isinstance(table, dict):
        table = pd.DataFrame({"figure": table.keys(), "value": table.values()})
    shown = table.rename(columns=lambda name: name.replace("_", " "))
    return shown.to_markdown(index=False, floatfmt=".3g")


def as_json(figures: dict[str, Any]) -> dict[str, Any]:
    """Elapsed seconds per simulated second by setting, the speed-up of two workers, processor time, all tables."""
    main_figures: dict[str, Any] = {}
    if "speed" in figures:
        main_figures = figures["speed"]["wall_s_per_bio_s"].to_dict() | figures["workers"]
        main_figures["cpu"] = figures["speed"]["cpu_s_per_bio_s"].to_dict()
    tables = {name: json.loads(table.to_json(orient="records")) for name, table in figures.items() if name != "workers"}
    return main_figures | {"tables": tables}


if __name__ == "__main__":
    main()
