"""Parts of the simulation benchmark: each runs simulators in processes of their own and returns a table."""

import dataclasses
import functools
import itertools
import multiprocessing
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import simulators
import yaml
from simulators import Cost

from neurodepth.cells.cache import CACHE_VARIABLE
from neurodepth.cells.mechanisms import VECTOR_FLAGS
from neurodepth.simulation import Protocol

INPUT_FACTORS = (0.25, 0.5, 1, 2)
SEGMENT_LENGTHS_UM = (10, 20, 40, 80, 120)
N_WORKERS = 2
COMPILERS = ("g++", "clang++", "icpx", "nvc++")
BASELINE = "-O2"
X86_FLAGS = ("-O2 -march=native", "-O3 -march=x86-64-v2", "-O3 -march=x86-64-v3", "-O3 -march=x86-64-v4")


@dataclass(frozen=True)
class Amount:
    """How much to simulate.

    Attributes:
        n_trials: Trials of the fast settings; NEURON and CoreNEURON get half of them.
        n_repeats: Repetitions of each measurement; the median counts.
        shard_trials: Trials of the shards whose whole cost and memory are measured.
        variations: Values of each scale, of the first ones of INPUT_FACTORS and SEGMENT_LENGTHS_UM; None for all.
    """

    n_trials: int
    n_repeats: int
    shard_trials: tuple[int, ...]
    variations: int | None = None


@dataclass(frozen=True)
class Setting:
    """A way to integrate the cell."""

    key: str
    what: str
    simulator: str
    step_ms: float = Protocol.step_ms
    second_order: bool = Protocol.second_order
    share: float = 1  # of the trials
    variable_step: bool = False


def ours(step_ms: float, second_order: bool) -> Setting:
    order = "second" if second_order else "first"
    key = f"ours_{step_ms:g}" + ("_second" if second_order else "")
    return Setting(key, f"ours, {step_ms:g} ms, {order} order", "tabulated", step_ms, second_order)


DEFAULT = Setting("ours_default", "ours, default", "tabulated")
CORENEURON = Setting("coreneuron_0.025", "CoreNEURON, 0.025 ms, first order", "coreneuron", 0.025, False, 1 / 2)
SETTINGS = (
    Setting("cvode", "NEURON, CVODE (the authors' way)", "neuron", share=1 / 2, variable_step=True),
    Setting("neuron_0.025", "NEURON, 0.025 ms, first order", "neuron", 0.025, False, 1 / 2),
    CORENEURON,
    *(ours(step_ms, False) for step_ms in (0.025, 0.05, 0.1)),
    *(ours(step_ms, True) for step_ms in (0.025, 0.05, 0.1)),
    DEFAULT,
)


def measure_speed(protocol: Protocol, amount: Amount) -> pd.DataFrame:
    """Cost of each setting on one core, one row a setting; slow settings simulate the first of the same trials."""
    jobs = {
        setting.key: ({}, _protocol(protocol, setting), max(1, round(amount.n_trials * setting.share)), setting)
        for setting in SETTINGS
    }
    table = _interleave(jobs, amount.n_repeats)
    table.insert(0, "setting", [setting.what for setting in SETTINGS])
    for ratio, cost in (("times_cvode", "wall_s_per_bio_s"), ("times_cvode_by_cpu", "cpu_s_per_bio_s")):
        table[ratio] = table.loc["cvode", cost] / table[cost]
    return table


def measure_workers(protocol: Protocol, amount: Amount) -> dict[str, float]:
    """Speed of two processes that have started over that of one, in elapsed time; the processors' share of it.

    Many trials: the end of a run, when one process has nothing left to do, must not count.
    """
    with _process() as process:
        arguments = (protocol, 12 * amount.n_trials, amount.n_repeats, N_WORKERS)
        pairs = process.submit(simulators.compare_workers, *arguments).result()
    return {
        "cores_2": float(np.median([one.wall_s / two.wall_s for one, two in pairs])),
        "cores_2_lowest": min(one.wall_s / two.wall_s for one, two in pairs),
        "cores_2_highest": max(one.wall_s / two.wall_s for one, two in pairs),
        "cores_2_trials": 12 * amount.n_trials,
        "cores_2_cpu_over_wall": float(np.median([two.cpu_s / two.wall_s for _, two in pairs])),
        "cores_2_cpu_over_one": float(np.median([two.cpu_s / one.cpu_s for one, two in pairs])),
    }


def measure_shards(protocol: Protocol, amount: Amount) -> pd.DataFrame:
    """Whole cost of a shard, start-up included, and peak memory, against its number of trials and workers."""
    rows = []
    for n_trials, n_workers in itertools.product(amount.shard_trials, (1, N_WORKERS)):
        started_s = time.perf_counter()
        with _process() as process:
            cost: Cost = process.submit(simulators.simulate, protocol, n_trials, n_workers).result()
        wall_s = time.perf_counter() - started_s
        per_bio_s = wall_s / cost.biology_s
        rows.append((n_trials, n_workers, cost.biology_s, wall_s, per_bio_s, cost.peak_mb))
    columns = ["trials", "workers", "biology_s", "wall_s", "wall_s_per_bio_s", "main_process_peak_mb"]
    return pd.DataFrame(rows, columns=columns)


def measure_scaling(protocol: Protocol, amount: Amount) -> pd.DataFrame:
    """Cost against the rate of the input and against the number of segments, one trial each."""
    with tempfile.TemporaryDirectory() as folder:
        varied = [
            *(("input", factor, {"input": _input(factor)}) for factor in INPUT_FACTORS[: amount.variations]),
            *(
                ("segments", length_um, {"morphology": {"segment_length_um": length_um}})
                for length_um in SEGMENT_LENGTHS_UM[: amount.variations]
            ),
        ]
        jobs = {}
        for (scale, value, changes), setting in itertools.product(varied, (CORENEURON, DEFAULT)):
            copy_path = _changed_cell(Path(folder) / f"{scale}_{value}", protocol.cell_path, changes)
            changed = dataclasses.replace(_protocol(protocol, setting), cell_path=copy_path)
            jobs[scale, value, setting.key] = ({}, changed, 1, setting)
        table = _interleave(jobs, amount.n_repeats, count_segments=True)
    table.index.names = ["scale", "value", "setting"]
    return table.reset_index()


def measure_start_up(protocol: Protocol) -> pd.DataFrame:
    """Seconds of each stage before the first trial: with an empty cache, then with what it has been filled with."""
    columns = {}
    with tempfile.TemporaryDirectory() as cache:
        for name in ("cold_s", "warm_s"):
            started_s = time.perf_counter()
            with _process(environment={CACHE_VARIABLE: cache}) as process:
                process.submit(os.getpid).result()
                started = {"start Python and import neurodepth": time.perf_counter() - started_s}
                columns[name] = started | process.submit(simulators.start_up, protocol).result()
    return pd.DataFrame(columns).rename_axis("stage").reset_index()


def measure_compilers(protocol: Protocol, amount: Amount) -> pd.DataFrame:
    """Cost of the kernel and of CoreNEURON by compiler and flags, at 0.025 ms to first order, one trial each."""
    from neurodepth.cells.tabulated.kernel import FLAGS  # imports NEURON, which this process does not run

    unoptimised = tuple(flag for flag in FLAGS if not flag.startswith(("-O", "-march")))
    shipped = " ".join(flag for flag in FLAGS if flag not in unoptimised)
    choices = [BASELINE, "-O3", *(X86_FLAGS if platform.machine() == "x86_64" else ()), shipped]
    jobs = {}
    for compiler, flags in itertools.product(filter(shutil.which, COMPILERS), choices):
        setup = {"environment": {"CXX": compiler}, "kernel_flags": (*flags.split(), *unoptimised)}
        setting = ours(0.025, False)
        jobs["kernel", compiler, flags] = (setup, _protocol(protocol, setting), 1, setting)
    for flags in ("", VECTOR_FLAGS):
        job = ({"mechanism_flags": flags}, _protocol(protocol, CORENEURON), 1, CORENEURON)
        jobs["CoreNEURON", "nrnivmodl's", flags or "nrnivmodl's own"] = job
    table = _interleave(jobs, amount.n_repeats)
    table.index.names = ["what", "compiler", "flags"]
    return table.reset_index()


def summarise(costs: Sequence[Cost]) -> dict[str, float]:
    """Repetitions of one measurement as one row: medians, and the extremes of the elapsed time."""
    biology_s = costs[0].biology_s
    wall = np.array([cost.wall_s for cost in costs]) / biology_s
    return {
        "biology_s": biology_s,
        "wall_s_per_bio_s": float(np.median(wall)),
        "lowest": wall.min(),
        "highest": wall.max(),
        "cpu_s_per_bio_s": float(np.median([cost.cpu_s for cost in costs])) / biology_s,
        "events_per_s": costs[0].n_events / biology_s,
        "spikes": costs[0].n_spikes,
    }


def _interleave(
    jobs: dict[Any, tuple[dict[str, Any], Protocol, int, Setting]], n_repeats: int, count_segments: bool = False
) -> pd.DataFrame:
    """Run jobs in turn, again and again, each in its own process that has warmed up on a trial."""
    costs: dict[Any, list[Cost]] = {name: [] for name in jobs}
    segments = {}
    with ExitStack() as stack:
        processes = {}
        for name, (setup, protocol, _, setting) in jobs.items():
            processes[name] = stack.enter_context(_process(**setup))
            short = dataclasses.replace(protocol, duration_ms=min(100, protocol.duration_ms))
            arguments = {"variable_step": setting.variable_step}
            processes[name].submit(simulators.simulate, short, 1, **arguments).result()
            segments[name] = processes[name].submit(simulators.count_segments, protocol).result()
        for _, (name, (_, protocol, n_trials, setting)) in itertools.product(range(n_repeats), jobs.items()):
            arguments = {"variable_step": setting.variable_step}
            costs[name].append(processes[name].submit(simulators.simulate, protocol, n_trials, **arguments).result())
    table = pd.DataFrame({name: summarise(costs[name]) for name in jobs}).T
    return table.assign(segments=pd.Series(segments)) if count_segments else table


def _protocol(protocol: Protocol, setting: Setting) -> Protocol:
    return dataclasses.replace(
        protocol, step_ms=setting.step_ms, second_order=setting.second_order, simulator=setting.simulator
    )


def _input(factor: float) -> dict[str, Any]:
    return {"rate_factor": {"excitatory": factor, "inhibitory": factor}}


def _changed_cell(folder: Path, cell_path: str, changes: dict[str, Any]) -> str:
    folder.mkdir(exist_ok=True)
    extends = os.path.relpath(Path(cell_path) / "cell.yaml", folder)
    (folder / "cell.yaml").write_text(yaml.safe_dump({"extends": extends, **changes}))
    return str(folder)


@contextmanager
def _process(**setup: Any) -> Iterator[ProcessPoolExecutor]:
    """One new process, set up by `simulators.prepare`."""
    prepare = functools.partial(simulators.prepare, **setup)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), prepare) as pool:
        yield pool
