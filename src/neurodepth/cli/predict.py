"""`neurodepth predict`: what a network says to the input of some trials."""

from pathlib import Path

import click

from neurodepth.cli import options


@click.command()
@click.argument("model", type=options.FILE)
@click.argument("shard", type=options.FILE)
@options.cores
@options.output("predictions.h5")
@options.overwrite
def predict(model: Path, shard: Path, cores: int, output: Path, overwrite: bool) -> None:
    """Let the network MODEL predict the trials of SHARD from their input.

    The output is HDF5 with trial_index, spike_probability and soma_voltage_mv, one value a millisecond;
    docs/command_line.md says how to read it.

    \b
    Example:
      neurodepth predict results/lif/default/networks/depth_1/trials_400/seed_1.keras lif.h5
    """
    from neurodepth import dataset, surrogate
    from neurodepth.networks import backend

    options.refuse_existing(output, overwrite)
    network = surrogate.describe(model)
    attributes = dataset.describe(shard)["attributes"]
    backend.use_threads(cores)
    predictions = surrogate.predict(model, dataset.read_split([shard], optional=()))
    surrogate.write(output, predictions, network, attributes)
    click.echo(f"{output}: {len(predictions.trial_index)} trials of {attributes['cell']}, {attributes['variant']}")
