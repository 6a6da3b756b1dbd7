"""`neurodepth evaluate`: a network held against trials."""

import json
import math
from pathlib import Path

import click

from neurodepth.cli import options

UNITS = {"soma_rmse_mv": "mV", "correlogram_width_ms": "ms", "correlogram_lag_ms": "ms", "output_rate_hz": "Hz"}


@click.command()
@click.argument("model", type=options.FILE)
@click.argument("shards", nargs=-1, required=True, type=options.FILE)
@click.option(
    "--confidence",
    default=0.95,
    show_default=True,
    type=options.number(0.5, 1, is_open=True),
    help="Of the intervals.",
)
@click.option(
    "--resamples", default=2000, show_default=True, type=options.whole_number(100), help="Bootstraps over the trials."
)
@options.seed("Of the bootstrap.")
@options.cores
@options.as_json
def evaluate(
    model: Path, shards: tuple[Path, ...], confidence: float, resamples: int, seed: int, cores: int, as_json: bool
) -> None:
    """Score the network MODEL on the trials of SHARDS, with intervals.

    SHARDS are trials of one split that its training has not seen; a remark says so where it has. docs/metrics.md
    defines the scores; the intervals are over trials, since one network says nothing about training seeds.

    \b
    Examples:
      neurodepth evaluate seed_1.keras results/lif/default/trials/test/*.h5
      neurodepth evaluate seed_1.keras test.h5 --json
    """
    from neurodepth import dataset, evaluation, scores, surrogate, training_data
    from neurodepth.networks import backend

    network = surrogate.describe(model)
    first = dataset.describe(shards[0])["attributes"]
    of_one_split = {name: first[name] for name in ("cell", "variant", "split", "seed")}
    trials = dataset.read_split(shards, optional=(), expected=of_one_split)
    backend.use_threads(cores)
    surrogate.check_input(surrogate.load(model)[0], model, trials)
    scored, _ = evaluation.evaluate_network(model, trials, seed)
    resampled = scores.resample([scored.evaluation()], resamples, confidence, seed)
    interval = scores.tabulate(resampled, confidence).iloc[0]
    row = scored.row | {
        f"{name}_{end}": float(interval[f"{name}_{end}"]) for name in scores.MEASURES for end in ("low", "high")
    }
    remark = training_data.unlike_a_test(network["training_data"], first) if "training_data" in network else None
    if as_json:
        plain = {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in row.items()
        }
        click.echo(
            json.dumps(
                of_one_split | {"trials": len(trials), "confidence": confidence, "remark": remark} | plain, indent=1
            )
        )
        return
    click.echo(f"{model} on {len(trials)} {first['split']} trials of {first['cell']}, {first['variant']}")
    if remark:
        click.echo(remark)
    for name, value in row.items():
        if name.removesuffix("_low").removesuffix("_high") in scores.MEASURES and name not in scores.MEASURES:
            continue  # stands beside its score
        shown = f"{value:.6g}" if isinstance(value, float) else str(value)
        if name in scores.MEASURES and not math.isnan(row[f"{name}_low"]):  # a single trial has no interval
            shown += f"  ({row[f'{name}_low']:.6g} to {row[f'{name}_high']:.6g} at {confidence:.0%})"
        click.echo(f"  {name:30} {shown} {UNITS.get(name, '')}".rstrip())
