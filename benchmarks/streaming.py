"""Measure networks in the neuron's place: neurons in real time on a core, latency of a step, and the ratio to NEURON.

    NEURODEPTH_DATA=/folder/of/cell1.asc python benchmarks/streaming.py --json streaming.json --table streaming.md
    python benchmarks/streaming.py --part speed --quick    # does it run? The numbers mean nothing

Parts: speed (sizes of networks, numbers of neurons, milliseconds a call), methods (both ways to convolve, where one overtakes the
other), ratio (whole trials: NEURON as Beniaguev et al. 2021 ran it, NEURON with a fixed step and our simulator on a
drawn trial of the cell, networks on random events at its mean rate, in turn; then the networks on several cores at once,
by the clock, against one cell in NEURON on one). Weights are random: the time does not depend on them. One thread a process.
"""

import json
import multiprocessing
import os
import shlex
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
import simulators
from scipy import sparse
from threadpoolctl import threadpool_limits

from neurodepth import networks, project, provenance, stimulus, streamed_convolution
from neurodepth.simulation.protocol import Protocol, built_cell
from neurodepth.streaming import Stream, Weights

N_SYNAPSES, INPUT_RATE_HZ = 1278, 11  # of the layer-5 cell: a synapse, mean of both kinds
NETWORKS = [
    *(("tcn", 2), ("tcn_medium", 1), ("tcn_medium", 3), ("tcn_medium", 7)),
    *(("tcn_wide", 3), ("tcn_wide", 7), ("tcn_medium_full", 3)),
]
NEURONS, CALLS_MS = (1, 10, 100, 1000), (1, 10, 100)
MOST_MS = 10_000  # of all neurons in a call: beyond it nothing is gained
RATIO_NEURONS = (1, 10, 100)
CORES, MANY = 2, 100
START_S = 20  # for all processes to draw their weights and input
CELL = "l5pc_hay2011"


@click.command()
@click.option("--part", type=click.Choice(["speed", "methods", "ratio", "all"]), default="all", show_default=True)
@click.option("--repeats", default=3, show_default=True, help="Turns of each simulator; the median counts.")
@click.option("--seconds", default=0.3, show_default=True, help="How long each speed is measured.")
@click.option("--duration-ms", default=1000, show_default=True, help="Length of a trial of the ratio.")
@click.option("--cell", default=CELL, show_default=True, help="Of the ratio.")
@click.option("--quick", is_flag=True, help="Two sizes, once, in a moment: does it run?")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures to this file.")
@click.option("--table", "table_path", type=click.Path(path_type=Path), help="Write the tables to this file.")
def main(
    part: str,
    repeats: int,
    seconds: float,
    duration_ms: int,
    cell: str,
    quick: bool,
    json_path: Path | None,
    table_path: Path | None,
) -> None:
    """Measure streams."""
    parts: dict[str, Callable[[], pd.DataFrame]] = {
        "speed": lambda: speed(0.01 if quick else seconds, quick),
        "methods": lambda: methods(0.01 if quick else seconds, quick),
        "ratio": lambda: ratio(cell, 1 if quick else repeats, 100 if quick else duration_ms),
    }
    load_before = os.getloadavg()[0]
    with threadpool_limits(1):
        tables = {name: parts[name]() for name in (parts if part == "all" else [part])}
    origin = {
        "processor": provenance.processor(),
        "load": [round(load_before, 1), round(os.getloadavg()[0], 1)],
        "versions": provenance.versions(),
        "commit": provenance.commit(),
        "command": "python benchmarks/streaming.py " + shlex.join(sys.argv[1:]),
    }
    text = "\n\n".join(f"## {name}\n\n{table.to_markdown(index=False)}" for name, table in tables.items())
    click.echo(text)
    if table_path:
        where = f"{origin['processor']}, one thread a process, load {origin['load'][0]} before and {origin['load'][1]} after"
        said = f"{where}, commit {origin['commit']}: `{origin['command']}`. Processor time; on several cores, time by the clock."
        table_path.write_text(f"# Streaming\n\n{said}\n\n{text}\n")
    if json_path:
        figures = {name: table.to_dict("records") for name, table in tables.items()}
        json_path.write_text(json.dumps({"origin": origin} | figures, indent=1) + "\n")


def speed(seconds: float, quick: bool) -> pd.DataFrame:
    """Every network with every number of neurons and length of a call."""
    rows = []
    for name, depth in NETWORKS[:1] if quick else NETWORKS:
        weights = draw_weights(networks.read(project.find_network(name)), depth)
        for n_neurons in NEURONS[:2] if quick else NEURONS:
            for call_ms in (one for one in CALLS_MS if one * n_neurons <= MOST_MS):
                stream = Stream(weights, n_neurons)
                rows_of_input = draw_input(np.random.default_rng(1), n_neurons * call_ms)().tocsr()
                cpu_s, latency_s = measure(lambda: stream.advance(rows_of_input), seconds)  # noqa: B023 called here
                row = {"network": name, "depth": depth, "neurons": n_neurons, "ms_a_call": call_ms}
                row["neurons_in_real_time"] = round(n_neurons * call_ms / 1000 / cpu_s, 1)
                row["latency_ms"] = round(1000 * latency_s, 3)
                row["state_kb_a_neuron"] = round(stream.state_bytes / n_neurons / 1000)
                rows.append(row)
    return pd.DataFrame(rows)


def methods(seconds: float, quick: bool) -> pd.DataFrame:
    """Microseconds a millisecond and neuron of a convolution of 64 channels, once a millisecond and by frequency."""
    rows = []
    limits = streamed_convolution.SHORTEST_CALL_MS, streamed_convolution.SHORTEST_KERNEL_MS
    for kernel_ms in (4, 8, 16, 32, 100):
        for n_neurons in (1,) if quick else (1, 10, 100):
            for call_ms in (4, 8, 16, 32, 128):
                rng = np.random.default_rng(1)
                kernel = rng.standard_normal((kernel_ms, 64, 64)).astype(np.float32)
                x = rng.standard_normal((n_neurons, call_ms, 64)).astype(np.float32)
                row: dict[str, Any] = {"kernel_ms": kernel_ms, "neurons": n_neurons, "ms_a_call": call_ms}
                for method, limit in (("each_ms", sys.maxsize), ("by_frequency", 0)):
                    streamed_convolution.SHORTEST_CALL_MS = streamed_convolution.SHORTEST_KERNEL_MS = limit
                    layer = streamed_convolution.StreamedConvolution(kernel, n_neurons)
                    cpu_s, _ = measure(lambda: layer.advance(x), seconds)  # noqa: B023 called here
                    row[f"{method}_us"] = round(1e6 * cpu_s / (n_neurons * call_ms), 2)
                rows.append(row)
    streamed_convolution.SHORTEST_CALL_MS, streamed_convolution.SHORTEST_KERNEL_MS = limits
    return pd.DataFrame(rows)


def ratio(cell: str, repeats: int, duration_ms: int) -> pd.DataFrame:
    """Processor time of a simulated second, from input events to spikes and soma voltage."""
    protocols = {
        "NEURON, CVODE, as Beniaguev et al. 2021": (neuron_protocol(cell, "neuron", duration_ms), True),
        "NEURON, 0.025 ms, implicit Euler": (neuron_protocol(cell, "neuron", duration_ms, 0.025, False), False),
        "our simulator, default": (neuron_protocol(cell, "tabulated", duration_ms), False),
    }
    streams = {
        f"{name}, depth {depth}, {n} neurons": Stream(draw_weights(networks.read(project.find_network(name)), depth), n)
        for name, depth in NETWORKS[1:-1]
        for n in RATIO_NEURONS
    }
    together = {
        f"{name}, depth {depth}, {MANY} neurons on each of {CORES} cores": (name, depth)
        for name, depth in NETWORKS[1:-1]
    }
    found: dict[str, list[float]] = {name: [] for name in [*protocols, *streams, *together]}
    with ExitStack() as stack:
        context = multiprocessing.get_context("spawn")
        side_by_side = stack.enter_context(ProcessPoolExecutor(CORES, mp_context=context))
        pools = {name: stack.enter_context(ProcessPoolExecutor(1, mp_context=context)) for name in protocols}
        for turn in range(repeats):
            for name, (protocol, is_variable) in protocols.items():
                found[name].append(pools[name].submit(time_cell, protocol, is_variable, turn).result())
            rng = np.random.default_rng(turn)
            for name, stream in streams.items():
                found[name].append(time_stream(stream, rng, duration_ms))
            for name, network in together.items():
                start_s = time.time() + START_S
                jobs = [
                    side_by_side.submit(clock_stream, *network, core, duration_ms, start_s) for core in range(CORES)
                ]
                found[name].append(max(job.result() for job in jobs) / CORES)
    table = pd.DataFrame(
        [(name, np.median(one), min(one), max(one)) for name, one in found.items()],
        columns=["what", "s_a_bio_s", "lowest", "highest"],
    )
    for column, reference in (("times_cvode", 0), ("times_neuron", 1), ("times_ours", 2)):
        table[column] = (table["s_a_bio_s"].iloc[reference] / table["s_a_bio_s"]).map("{:.3g}".format)
    return table.round(5)


def neuron_protocol(
    cell: str, simulator: str, duration_ms: int, step_ms: float = Protocol.step_ms, second_order: bool = True
) -> Protocol:
    """A trial of the cell with NMDA."""
    path = str(project.find_cell(cell))
    return Protocol(path, "nmda", 1, duration_ms, step_ms, second_order, simulator)


def time_cell(protocol: Protocol, is_variable: bool, index: int) -> float:
    """Processor time of a simulated second of one trial; the input is drawn before."""
    cell = built_cell(protocol)
    if is_variable:
        simulators.use_variable_step(cell)
    rng = stimulus.trial_rng(protocol.seed, simulators.SPLIT, index)
    events = stimulus.draw_events(cell.synapses, cell.definition.values["input"], protocol.duration_ms, rng)
    arguments = protocol.step_ms, protocol.second_order
    if index == 0:
        cell.run(stimulus.draw_events(cell.synapses, cell.definition.values["input"], 20, rng), 20, *arguments)
    started_s = time.process_time()
    cell.run(events, protocol.duration_ms, *arguments)
    return (time.process_time() - started_s) / (protocol.duration_ms / 1000)


def time_stream(stream: Stream, rng: np.random.Generator, duration_ms: int) -> float:
    """Processor time of a simulated second of one neuron, in calls of the whole trial; the input is drawn before."""
    events = draw_input(rng, stream.n_neurons * duration_ms)
    started_s = time.process_time()
    stream.advance(events())
    return (time.process_time() - started_s) / (stream.n_neurons * duration_ms / 1000)


def clock_stream(name: str, depth: int, seed: int, duration_ms: int, start_s: float) -> float:
    """Time by the clock of a simulated second of one of MANY neurons, begun at a given time beside other processes."""
    with threadpool_limits(1):
        stream = Stream(draw_weights(networks.read(project.find_network(name)), depth), MANY)
        events = draw_input(np.random.default_rng(seed), MANY * duration_ms)
        stream.advance(events())  # what the first call alone does
        if time.time() > start_s:
            raise RuntimeError(
                f"{name}, depth {depth}: not ready after {START_S} s: the processes would not run at once"
            )
        time.sleep(start_s - time.time())
        started_s = time.perf_counter()
        stream.advance(events())
        return (time.perf_counter() - started_s) / (MANY * duration_ms / 1000)


def draw_weights(architecture: dict[str, Any], depth: int) -> Weights:
    """Random weights of a network's size; sums stay of the order of one."""
    rng = np.random.default_rng(1)

    def draw(*shape: int) -> np.ndarray:
        return (rng.standard_normal(shape) / np.sqrt(np.prod(shape[:-1]))).astype(np.float32)

    width = architecture["width"]
    sizes = networks.kernel_sizes(architecture["receptive_field_ms"], depth, architecture.get("first_kernel_ms"))
    n_mixtures = architecture.get("synapse_mixtures", width) if architecture["factorised"] else N_SYNAPSES
    channels = [n_mixtures] + [width] * (depth - 1)
    return Weights(
        draw(N_SYNAPSES, n_mixtures) if architecture["factorised"] else None,
        [draw(kernel_ms, n_channels, width) for kernel_ms, n_channels in zip(sizes, channels, strict=True)],
        [draw(width) for _ in sizes],
        draw(width, 2),
        draw(2),
    )


def draw_input(rng: np.random.Generator, n_rows: int) -> Callable[[], sparse.coo_array]:
    """Spikes at the published rate; what makes a matrix of them, shape (rows, synapses), is the caller's to time."""
    n_events = rng.poisson(n_rows * N_SYNAPSES * INPUT_RATE_HZ / 1000)
    row, synapse = rng.integers(0, n_rows, n_events), rng.integers(0, N_SYNAPSES, n_events)
    return lambda: sparse.coo_array((np.ones(n_events, np.float32), (row, synapse)), shape=(n_rows, N_SYNAPSES))


def measure(function: Callable[[], Any], seconds: float) -> tuple[float, float]:
    """Processor time of a call, mean, and its elapsed time, median."""
    function()
    elapsed_s: list[float] = []
    started_s = time.process_time()
    while time.process_time() - started_s < seconds or not elapsed_s:
        called_s = time.perf_counter()
        function()
        elapsed_s.append(time.perf_counter() - called_s)
    return (time.process_time() - started_s) / len(elapsed_s), float(np.median(elapsed_s))


if __name__ == "__main__":
    main()
