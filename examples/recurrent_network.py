"""The same recurrent network of layer-5 cells, in NEURON and with surrogates in the cells' place.

    OPENBLAS_NUM_THREADS=1 python examples/recurrent_network.py NETWORK.keras --cell l5pc_hay2011 --figure network.svg

Every neuron gets the background input that the surrogate was trained under, and the spikes of some others after their delays.
The network is run without connections as well: what coupling adds is what the surrogate must get right.
"""

import json
import time
from pathlib import Path

import click
import numpy as np

from neurodepth import population, project, stimulus, streaming
from neurodepth.cells import definition
from neurodepth.population import surrogates
from neurodepth.population.cells import Cells

SYNCHRONY_BIN_MS = 20
INHIBITORY_SHARE, DELAY_MS = 0.2, (1, 5)


@click.command()
@click.argument("network", type=click.Path(exists=True))
@click.option("--cell", default="l5pc_hay2011", show_default=True)
@click.option("--variant", default="nmda", show_default=True)
@click.option("--neurons", default=30, show_default=True)
@click.option("--partners", default=10, show_default=True, help="Neurons that each neuron sends to.")
@click.option("--contacts", default=40, show_default=True, help="Synapses of a partner that a neuron reaches.")
@click.option("--duration-ms", default=1500, show_default=True)
@click.option("--warm-up-ms", default=500, show_default=True, help="Not counted.")
@click.option("--draws", default=20, show_default=True, help="Runs of the surrogates.")
@click.option("--refractory-ms", default=6, show_default=True, help="Of the surrogates: the cell's shortest interval.")
@click.option("--simulator", default="coreneuron", show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--figure", "figure_path", type=click.Path(path_type=Path))
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write what is printed.")
def main(
    network: str,
    cell: str,
    variant: str,
    neurons: int,
    partners: int,
    contacts: int,
    duration_ms: int,
    warm_up_ms: int,
    draws: int,
    refractory_ms: int,
    simulator: str,
    seed: int,
    figure_path: Path | None,
    json_path: Path | None,
) -> None:
    """Compare a network of cells with one of surrogates."""
    defined = definition.read(project.find_cell(cell), variant)
    simulated_cells = Cells(defined, neurons, simulator)
    synapses = simulated_cells.synapses
    background = [
        stimulus.draw_events(synapses, defined.values["input"], duration_ms, stimulus.trial_rng(seed, "test", neuron))
        for neuron in range(neurons)
    ]
    weights = streaming.weights_of(network)
    if weights.n_synapses != len(synapses):
        raise click.UsageError(
            f"{cell} has {len(synapses)} synapses, {network} {weights.n_synapses}: name its cell by --cell"
        )
    n_excitatory = int((synapses["kind"] == "excitatory").sum())
    rng = np.random.default_rng(np.random.SeedSequence([seed, 0]))
    sizes = neurons, n_excitatory, len(synapses), partners
    wirings = {
        name: population.draw_wiring(*sizes, each, INHIBITORY_SHARE, DELAY_MS, rng)
        for name, each in (("unconnected", 0), ("connected", contacts))
    }
    found = {}
    for name, wiring in wirings.items():
        started_s = time.process_time()
        simulated = simulated_cells.simulate(wiring, background, duration_ms)
        between_s = time.process_time()
        drawn = [
            surrogates.simulate(
                weights, wiring, background, duration_ms, np.random.default_rng([seed, draw]), refractory_ms
            )
            for draw in range(draws)
        ]
        found[name] = compare(simulated, drawn, warm_up_ms)
        found[name] |= {"neuron_cpu_s": between_s - started_s}
        found[name] |= {"surrogates_cpu_s": (time.process_time() - between_s) / draws}
    click.echo(json.dumps(found, indent=1))
    if json_path:
        json_path.write_text(json.dumps(found, indent=1) + "\n")
    if figure_path:
        from neurodepth.figures.population import population_activity

        n_first = round(neurons * (1 - INHIBITORY_SHARE))
        population_activity(simulated, drawn, n_first, warm_up_ms).savefig(figure_path, metadata={"Date": None})


def compare(
    simulated: population.Activity, drawn: list[population.Activity], from_ms: int
) -> dict[str, float | list[float]]:
    """Rates and synchrony of the cells, and of the surrogates as mean and standard deviation over draws."""
    true_hz = simulated.rates_hz(from_ms)
    rates_hz = np.array([one.rates_hz(from_ms) for one in drawn])
    synchrony = np.array([one.synchrony(SYNCHRONY_BIN_MS, from_ms) for one in drawn])
    counts = np.array([one.counts(SYNCHRONY_BIN_MS, from_ms) for one in drawn])
    return {
        "rate_hz": float(true_hz.mean()),
        "surrogate_rate_hz": [float(rates_hz.mean()), float(rates_hz.mean(axis=1).std())],
        "surrogate_rate_of_draws_hz": sorted(rates_hz.mean(axis=1).round(2).tolist()),
        "rate_correlation": float(np.corrcoef(true_hz, rates_hz.mean(axis=0))[0, 1]),
        "synchrony": simulated.synchrony(SYNCHRONY_BIN_MS, from_ms),
        "surrogate_synchrony": [float(np.nanmean(synchrony)), float(np.nanstd(synchrony))],
        "activity_correlation": float(
            np.corrcoef(simulated.counts(SYNCHRONY_BIN_MS, from_ms), counts.mean(axis=0))[0, 1]
        ),
    }


if __name__ == "__main__":
    main()
