"""What the simulation benchmark runs in processes of its own: NEURON cannot unload a library, nor forget a cell."""

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from dask.distributed import Client, LocalCluster

from neurodepth import dataset, simulation
from neurodepth.cells import definition
from neurodepth.cells.recording import Recording, Wanted
from neurodepth.cells.trial import Events
from neurodepth.simulation.engine import LOCAL
from neurodepth.simulation.protocol import built_cell

SPLIT = "train"
# NEURON's defaults, which the program of Beniaguev et al. 2021 leaves as they are.
ABSOLUTE_TOLERANCE, RELATIVE_TOLERANCE = 1e-3, 0


@dataclass(frozen=True)
class Cost:
    """What simulating some trials and writing their shard took.

    Attributes:
        biology_s: Simulated time.
        wall_s: Elapsed time.
        cpu_s: Processor time of the processes that simulate.
        peak_mb: Largest resident memory of this process so far; NaN where the system does not say.
        n_events: Input events.
        n_spikes: Output spikes.
    """

    biology_s: float
    wall_s: float
    cpu_s: float
    peak_mb: float
    n_events: int
    n_spikes: int


def prepare(
    environment: dict[str, str] | None = None, kernel_flags: tuple[str, ...] = (), mechanism_flags: str | None = None
) -> None:
    """Set up this process: environment variables, and the flags of compilers where others than the shipped ones."""
    os.environ.update(environment or {})
    if kernel_flags:
        from neurodepth.cells.tabulated import kernel

        kernel.FLAGS = kernel_flags
    if mechanism_flags is not None:
        from neurodepth.cells import mechanisms

        mechanisms.VECTOR_FLAGS = mechanism_flags


def simulate(
    protocol: simulation.Protocol,
    n_trials: int,
    n_workers: int = 1,
    engine: simulation.Engine = LOCAL,
    worker_cpu_s: Callable[[], float] = time.process_time,
    variable_step: bool = False,
) -> Cost:
    """Draw the input of trials, simulate them and write their shard.

    Args:
        protocol: How; with `variable_step` its step and order do not count.
        n_trials: Trials, numbered from 0.
        n_workers: Processes, where the engine is this machine.
        engine: Where the trials are computed.
        worker_cpu_s: Processor time so far of the processes that simulate.
        variable_step: Use CVODE.
    """
    if variable_step:
        use_variable_step(built_cell(protocol))
    started_s, started_cpu_s = time.perf_counter(), worker_cpu_s()
    trials = simulation.simulate_trials(protocol, SPLIT, range(n_trials), n_workers, engine=engine)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shard.h5"
        dataset.write_shard(path, trials, range(n_trials), simulation.describe(protocol, SPLIT))
        wall_s, cpu_s = time.perf_counter() - started_s, worker_cpu_s() - started_cpu_s
    return Cost(
        *(n_trials * protocol.duration_ms / 1000, wall_s, cpu_s, peak_mb()),
        sum(len(trial.events.time_ms) for trial in trials),
        sum(len(trial.spike_time_ms) for trial in trials),
    )


def compare_workers(
    protocol: simulation.Protocol, n_trials: int, repeats: int, n_workers: int
) -> list[tuple[Cost, Cost]]:
    """Costs with one process and with several that have started, in turn."""
    simulate(protocol, 1)
    cluster = LocalCluster(n_workers, threads_per_worker=1, processes=True, dashboard_address="localhost:0")
    with cluster, Client(cluster) as client:
        engine = simulation.Engine("address", cluster.scheduler_address)
        client.run(count_segments, protocol)  # builds the cell
        simulate(protocol, 2 * n_workers, n_workers, engine)

        def worker_cpu_s() -> float:
            return sum(client.run(time.process_time).values())

        return [
            (simulate(protocol, n_trials), simulate(protocol, n_trials, n_workers, engine, worker_cpu_s))
            for _ in range(repeats)
        ]


def start_up(protocol: simulation.Protocol) -> dict[str, float]:
    """Seconds of each stage before the first trial, in a process that has imported this module and no more."""
    seconds: dict[str, float] = {}

    def timed(stage: str, function: Callable[[], Any]) -> Any:
        started_s = time.perf_counter()
        value = function()
        seconds[stage] = time.perf_counter() - started_s
        return value

    def import_neuron() -> Any:
        from neurodepth.cells import compartmental

        return compartmental

    compartmental = timed("import NEURON", import_neuron)
    from neurodepth.cells import mechanisms
    from neurodepth.cells.tabulated import TabulatedIntegrator, kernel

    cell = definition.read(protocol.cell_path, protocol.variant)
    sources = cell.mechanisms_path
    timed("compile the mechanisms for NEURON", lambda: mechanisms.compile_mechanisms(sources, False))
    timed("compile the kernel", kernel.load)
    built = timed(
        "build the cell, tables included",
        lambda: compartmental.CompartmentalCell(cell, protocol.data_path, "tabulated"),
    )
    timed("measure the tables alone", lambda: TabulatedIntegrator(built))
    nothing = Events(np.zeros(0, np.uint16), np.zeros(0, np.uint16))
    timed("lay out for a step", lambda: built.run(nothing, 1, protocol.step_ms, protocol.second_order))
    timed("compile the mechanisms for CoreNEURON", lambda: mechanisms.compile_mechanisms(sources, True))
    return seconds


def count_segments(protocol: simulation.Protocol) -> int:
    """Dendritic segments of a protocol's cell; it has twice as many synapses."""
    return len(built_cell(protocol).segments)


def peak_mb() -> float:
    """Largest resident memory of this process so far; Linux alone says it of a process that another one started."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return float("nan")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def use_variable_step(cell: Any) -> None:
    """Let a cell that was built for NEURON be integrated by CVODE, as Beniaguev et al. 2021 did."""
    from neuron import h

    from neurodepth.cells.stepped import SteppedIntegrator, solve

    class VariableStepIntegrator(SteppedIntegrator):
        """NEURON with CVODE; voltages are interpolated to whole milliseconds."""

        def integrate(
            self, events: Events, duration_ms: int, step_ms: float, second_order: bool, wanted: Wanted
        ) -> Recording:
            h.cvode_active(1)
            h.CVode().atol(ABSOLUTE_TOLERANCE)
            h.CVode().rtol(RELATIVE_TOLERANCE)
            time_ms = h.Vector().record(h._ref_t)
            voltages = [h.Vector().record(segment._ref_v) for segment in wanted.voltages]
            h.finitialize(self._cell.definition.values["initial_voltage_mv"])
            for synapse, at_ms in zip(events.synapse.tolist(), events.time_ms.tolist(), strict=True):
                self._connections[synapse].event(at_ms)
            solve(duration_ms, False)
            every_ms = np.arange(duration_ms)
            sampled = [np.interp(every_ms, time_ms.as_numpy(), voltage.as_numpy()) for voltage in voltages]
            return Recording(
                self._spike_times.as_numpy().copy(), np.stack(sampled, axis=1).astype(np.float32), None, None
            )

    if type(cell.integrator).__name__ != VariableStepIntegrator.__name__:
        cell.integrator = VariableStepIntegrator(cell, use_coreneuron=False)
