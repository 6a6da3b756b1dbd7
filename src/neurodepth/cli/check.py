"""`neurodepth check`: all that is wrong, at once."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from neurodepth.cli import options
from neurodepth.cli.group import PROBLEM


@click.command()
@click.argument("paths", nargs=-1, type=options.FILE)
@options.data
@options.as_json
@click.pass_context
def check(ctx: click.Context, paths: tuple[Path, ...], data_path: Path, as_json: bool) -> None:
    """Say all that is wrong with PATHS, at once: where, what was expected, what was found and what to do.

    PATHS are configurations, cells, networks, shards, and folders of them, or names of cells; the working folder if
    left out. Of a configuration everything is compared; of a cell all variants are read, its mechanisms compiled, its
    morphology or foreign model read, and the cell built and simulated at rest and under strong excitation, a point
    neuron under its own input; of shards every checksum is computed, and no two trials may have the same input. Shards
    that are given by name are one data set. In a study's folder a published cell whose files the workflow would fetch
    is "not here", which is no fault.

    \b
    Examples:
      neurodepth check config/paper.yaml
      neurodepth check models/cells/mine bbp_l5_mc
      neurodepth check results/l5pc/nmda/trials --json
    """
    from neurodepth import checking

    found = []
    for one in checking.check(paths or [Path()], data_path):
        found.append(one)
        if not as_json:
            n_faults = len(one.faults)
            verdict = (
                f"{n_faults} fault{'s' if n_faults > 1 else ''}" if n_faults else "not here" if one.to_fetch else "ok"
            )
            click.echo(f"{verdict:10} {one.kind:14} {one.path}")
            for fault in [*one.faults, *filter(None, [one.to_fetch])]:
                click.echo(f"  - {fault}")
    n_faults = sum(len(one.faults) for one in found)
    if as_json:
        click.echo(json.dumps({"faults": n_faults, "checked": list(map(asdict, found))}, indent=1))
    if n_faults:
        ctx.exit(PROBLEM)
