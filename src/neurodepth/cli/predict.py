"""`neurodepth predict`: what a network says to some input."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from neurodepth.cli import options

if TYPE_CHECKING:
    import numpy as np

    from neurodepth.surrogate import Predictions
    from neurodepth.trials import Trials

NAMED_TRIALS = 3  # of those with unfamiliar input
FEW_TRIALS = 100  # ASSUME: fewer do not show what input is usual (docs/surrogate.md)


@click.command()
@click.argument("model", type=options.FILE)
@click.argument("inputs", nargs=-1, required=True, type=options.FILE)
@click.option(
    "--duration-ms",
    type=options.whole_number(1),
    help="Of the trials of events; up to the last event if left out.",
)
@click.option(
    *("--trust", "trust_path"),
    type=options.FILE,
    help="What a study knows of its networks; if left out, trust.json of the neuron in whose folder MODEL is, if there.",
)
@click.option(
    *("--with", "others"),
    multiple=True,
    type=options.FILE,
    help="Another network of the cell, such as another training seed; repeat it for more. The mean of all is written, and the interval is wider where they disagree.",
)
@options.cores
@options.output("predictions.h5")
@options.overwrite
def predict(
    model: Path,
    inputs: tuple[Path, ...],
    duration_ms: int | None,
    trust_path: Path | None,
    others: tuple[Path, ...],
    cores: int,
    output: Path,
    overwrite: bool,
) -> None:
    """Let the network MODEL predict trials from their INPUTS, and say how far to trust it.

    INPUTS are shards of one split; or input alone, as CSV files with the columns trial, time_ms and synapse (numbered
    from 0 as in synapses.csv), or as NPZ files with arrays of these names or one array input_spikes, shape (trials,
    time, synapses). MODEL is a trained network, NAME.keras, or a folder that `neurodepth export` wrote.

    The output is HDF5 with trial_index, spike_probability, soma_voltage_mv and, where they are known, the half-width of
    the interval around the voltage and how far the input is from that of training, one value a millisecond;
    docs/command_line.md says how to read it.

    \b
    Examples:
      neurodepth predict results/lif/default/networks/depth_1/trials_400/seed_1.keras lif.h5
      neurodepth predict l5pc_network events.csv --duration-ms 2000
      neurodepth predict seed_1.keras x.h5 --with seed_2.keras --with seed_3.keras
    """
    from neurodepth import surrogate, trust
    from neurodepth.networks import backend
    from neurodepth.trust import confidence

    options.check_output(output, overwrite)
    models = [model, *others]
    if len(set(map(trust.digest, models))) < len(models):
        raise click.UsageError("expected different networks, found one twice among MODEL and --with: name each once")
    network, *rest = (surrogate.describe(one) for one in models)
    stands_for = _cell_of(network)
    for path, one in zip(others, rest, strict=True):
        if _cell_of(one) != stands_for:
            raise click.UsageError(
                f"--with {path}: expected a network of {stands_for}, as {model}, found one of {_cell_of(one)}"
            )
    network |= {"with": rest} if rest else {}
    backend.use_threads(cores)
    trials, attributes = _read(model, inputs, duration_ms)
    together = confidence.predict(models, trials)
    predictions = surrogate.Predictions(trials.index, together.spike_probability, together.soma_voltage_mv)
    trust_path = trust_path or trust.find(model)
    said = f"no {trust.FILE} above {model}: how far to trust it is not known"
    if trust_path:
        predictions, said = _judge(models, trials, predictions, together.spread_mv, trust_path)
    surrogate.write(output, predictions, network, attributes)
    of = _named(attributes) if attributes else "input alone"
    if attributes and of != stands_for:
        said = f"the network was trained on {stands_for}: it predicts what that would do\n{said}"
    click.echo(f"{output}: {len(predictions.trial_index)} trials of {of}\n{said}")


def _named(about: Mapping[str, Any]) -> str:
    return f"{about['cell']}, {about['variant']}"


def _cell_of(network: Mapping[str, Any]) -> str:
    """The cell that a network was trained on, by its description."""
    return _named(network["training_data"]) if "training_data" in network else "a cell that it does not note"


def _read(model: Path, inputs: tuple[Path, ...], duration_ms: int | None) -> tuple["Trials", dict[str, Any] | None]:
    """Trials of shards, with their attributes, or of files of input alone."""
    from neurodepth import dataset, input_spikes, surrogate

    are_events = {path.suffix in input_spikes.SUFFIXES for path in inputs}
    if len(are_events) > 1 or (duration_ms and are_events == {False}):
        raise click.UsageError(
            "expected shards alone, whose duration is theirs, or files of input alone (.csv, .npz), found "
            f"{', '.join(map(str, inputs))}{' with --duration-ms' if duration_ms else ''}"
        )
    if are_events == {True}:
        return input_spikes.read(inputs, surrogate.n_synapses(surrogate.load(model)[0]), duration_ms), None
    first: dict[str, Any] = dataset.describe(inputs[0])["attributes"]
    of_one_split = {name: first[name] for name in surrogate.IDENTITY}
    return dataset.read_split(inputs, optional=(), expected=of_one_split), first


def _judge(
    models: list[Path], trials: "Trials", predictions: "Predictions", spread_mv: "np.ndarray", trust_path: Path
) -> tuple["Predictions", str]:
    """The predictions with how far to trust them, and that in words."""
    from dataclasses import replace

    from neurodepth import trust
    from neurodepth.trust import familiarity

    known = trust.read(trust_path)
    if trials.duration_ms > familiarity.FROM_MS:
        found = familiarity.judge(trials, known.places, known.limits)
        predictions = replace(predictions, input_distance=found.distance)
        named = [f"{index} ({why})" for index, why in zip(trials.index, found.reason, strict=True) if why]
        said = [f"input unlike that of training: {len(named)} of {len(trials)} trials"]
        if named:
            more = ", ..." if len(named) > NAMED_TRIALS else ""
            said[0] += f", {', '.join(named[:NAMED_TRIALS])}{more}"
        if known.n_training_trials < FEW_TRIALS:
            said.append(f"(learned from {known.n_training_trials} trials, which do not show all that is usual)")
    else:
        said = [
            f"trials of {trials.duration_ms} ms do not show whether their input is like that of training: that takes "
            f"more than {familiarity.FROM_MS} ms"
        ]
    if error := known.error_of(models):
        half_width_mv = error.half_width_mv(spread_mv).astype("float32")
        predictions = replace(predictions, half_width_mv=half_width_mv)
        mean = "" if len(models) == 1 else " on average"
        said.append(
            f"soma voltage: within {half_width_mv.mean():.2f} mV{mean} in {error.confidence:.0%} of the ms, if the input is like that of training"
        )
    else:
        of = "this network" if len(models) == 1 else f"these {len(models)} networks together"
        said.append(f"soma voltage: {trust_path} does not know the error of {of}")
    return predictions, "\n".join(said)
