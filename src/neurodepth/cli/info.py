"""`neurodepth info`: what a file holds."""

import json
from pathlib import Path
from typing import Any

import click

from neurodepth.cli import options


@click.command()
@click.argument("file", type=options.FILE)
@options.as_json
def info(file: Path, as_json: bool) -> None:
    """Describe FILE, a shard of trials or a trained network.

    A shard is checked as a whole first: a truncated or damaged one is refused.

    \b
    Examples:
      neurodepth info l5pc.h5
      neurodepth info seed_1.keras --json
    """
    from neurodepth import dataset, surrogate

    is_network = surrogate.keras_file(file).suffix == ".keras"
    described = surrogate.describe(file) if is_network else dataset.describe(file)
    if as_json:
        click.echo(json.dumps(described, indent=1))
        return
    click.echo(f"{file}")
    if is_network:
        _show(described)
        return
    _show(described["summary"])
    click.echo("datasets")
    for name, one in described["datasets"].items():
        shape = " x ".join(map(str, one["shape"]))
        click.echo(f"  {name:24} {one['type']:8} {shape} ({one['dims']}) {one['unit']}")
    click.echo("attributes")
    _show(dict(sorted(described["attributes"].items())))


def _show(values: dict[str, Any]) -> None:
    for key, value in values.items():
        click.echo(f"  {key:24} {value:.4g}" if isinstance(value, float) else f"  {key:24} {value}")
