"""Measure what more workers give: 1, 2 and 4 on this machine, and, from what one task costs, a plan to 1000.

    python benchmarks/scaling.py --table benchmarks/tables/scaling.md

It takes less than five minutes on an idle machine. Workers are Dask's, one thread each, as those of a simulation job.
"""

import functools
import os
import pickle
import shlex
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
import simulators

from neurodepth import dataset, plan, provenance, simulation
from neurodepth.cells.trial import Trial, VoltageBasis

PROJECT = Path(__file__).parents[1]
CELL, SEED = "l5pc", 1
STUDY_TRIAL_MS, N_COMPONENTS = 6000, 64  # as in config/paper.yaml
N_WORKERS = (1, 2, 4)
PLANNED = (1, 2, 4, 10, 30, 100, 300, 1000)
SHARD_TRIALS = 1000  # of a large study: docs/planning.md
N_CELLS, TRIALS_A_CELL = 24, 18_800  # FCI, Aizenbud et al. 2026: 24 cells of 29 h; here 31 h, as in config/paper.yaml
LEAST_EFFICIENCY = 0.5  # below it more workers do not pay


@click.command()
@click.option("--duration-ms", default=1000, show_default=True, help="Length of a trial.")
@click.option("--trials", "n_trials", default=48, show_default=True, help="Trials for each number of workers.")
@click.option("--tasks", "n_tasks", default=4000, show_default=True, help="Empty tasks.")
@click.option("--repeats", default=3, show_default=True, help="Turns of each number of workers; the median counts.")
@click.option("--quick", is_flag=True, help="Little of everything, to see that it runs; the numbers mean nothing.")
@click.option("--table", "table_path", type=click.Path(path_type=Path), help="Write the tables to this Markdown file.")
def main(duration_ms: int, n_trials: int, n_tasks: int, repeats: int, quick: bool, table_path: Path | None) -> None:
    """Measure what more workers give."""
    if quick:
        duration_ms, n_trials, n_tasks, repeats = 50, 4, 100, 1
    load_before = os.getloadavg()[0]
    cell_path = str(PROJECT / "models" / "cells" / CELL)
    protocol = simulation.Protocol(cell_path, "nmda", SEED, duration_ms)
    with tempfile.TemporaryDirectory() as folder:
        n_segments = simulators.count_segments(protocol)
        basis = VoltageBasis(np.zeros(n_segments), np.eye(n_segments)[:N_COMPONENTS], np.zeros(N_COMPONENTS))
        trial = simulation.simulate_trial(protocol, "train", 0, basis)  # what travels and is written
        workers = measure_workers(protocol, n_trials, repeats)
        tasks = measure_tasks(trial, n_tasks, STUDY_TRIAL_MS / duration_ms)
        tasks["written_mb_per_s"] = measure_writing(protocol, trial, Path(folder))
    text = report(workers, tasks, planned(tasks), load_before)
    click.echo(text)
    if table_path:
        table_path.write_text(text)


def measure_workers(protocol: simulation.Protocol, n_trials: int, repeats: int) -> pd.DataFrame:
    """Speed of workers that have started, over that of one; numbers of workers take turns."""
    rows = []
    for _ in range(repeats):
        for n_workers in N_WORKERS:
            with cluster(n_workers) as client:
                run = functools.partial(simulation.simulate_trial, protocol, "train")
                client.gather(client.map(run, range(4 * n_workers), pure=False))  # every worker builds the cell
                cpu_s, started_s = sum(client.run(time.process_time).values()), time.perf_counter()
                client.gather(client.map(run, range(n_trials), pure=False))
                wall_s = time.perf_counter() - started_s
                cpu_s = sum(client.run(time.process_time).values()) - cpu_s
            rows.append((n_workers, wall_s, cpu_s / wall_s))
    table = (
        pd.DataFrame(rows, columns=["workers", "wall_s", "cores_they_had"]).groupby("workers").median().reset_index()
    )
    table["speed_up"] = table["wall_s"][0] / table["wall_s"]
    table["efficiency"] = table["speed_up"] / table["workers"]
    table["of_cores_they_had"] = table["speed_up"] / (table["cores_they_had"] / table["cores_they_had"][0])
    return table


def measure_tasks(trial: Trial, n_tasks: int, factor: float) -> dict[str, float]:
    """Tasks that a scheduler hands out in a second: empty ones, and ones that return as much as a trial of a study."""
    size_bytes = int(len(pickle.dumps(trial)) * factor)
    with cluster(2) as client:
        client.gather(client.map(_empty, range(100), pure=False))
        started_s = time.perf_counter()
        client.gather(client.map(_empty, range(n_tasks), pure=False))
        empty_s = (time.perf_counter() - started_s) / n_tasks
        n_full = max(10, n_tasks // 10)
        started_s = time.perf_counter()
        client.gather(client.map(_bytes, [size_bytes] * n_full, pure=False))
        full_s = (time.perf_counter() - started_s) / n_full
    return {"empty_per_s": 1 / empty_s, "trials_per_s": 1 / full_s, "trial_mb": size_bytes / 1e6}


def measure_writing(protocol: simulation.Protocol, trial: Trial, folder: Path) -> float:
    """Speed of writing a shard in MB/s, compression included."""
    n_trials = 50
    path = folder / "shard.h5"
    started_s = time.perf_counter()
    dataset.write_shard(path, [trial] * n_trials, range(n_trials), simulation.describe(protocol, "train"))
    return path.stat().st_size / 1e6 / (time.perf_counter() - started_s)


def planned(tasks: dict[str, float]) -> pd.DataFrame:
    """Two ways to use so many workers on the same study: one scheduler for all, or a job of one core for each shard."""
    rates = plan.rates.read()
    trial_s = rates.seconds[f"simulation_{CELL}"] * STUDY_TRIAL_MS / 1000
    bytes_per_bio_s = rates.cells[CELL]["bytes_per_bio_s"] + N_COMPONENTS * rates.bytes_per_component_bio_s
    shard_mb = SHARD_TRIALS * STUDY_TRIAL_MS / 1e9 * bytes_per_bio_s
    write_s = shard_mb / tasks["written_mb_per_s"]
    start_s = rates.seconds["simulation_start_compartmental"]
    n_shards = -(-N_CELLS * TRIALS_A_CELL // SHARD_TRIALS)
    job_s = plan.CLUSTER_OVERHEAD_S + start_s + SHARD_TRIALS * trial_s + write_s
    work_s = n_shards * SHARD_TRIALS * trial_s
    rows = []
    for n_workers in PLANNED:
        together_s = n_shards * (
            plan.CLUSTER_OVERHEAD_S
            + start_s
            + SHARD_TRIALS * max(trial_s / n_workers, 1 / tasks["trials_per_s"])
            + write_s
        )
        apart_s = plan.makespan_s([(job_s, 1)] * n_shards, n_workers)
        rows.append(
            {
                "workers": n_workers,
                "trials_per_s": n_workers / trial_s,
                "written_mb_per_s": n_workers * shard_mb / job_s,
                "one_scheduler_h": together_s / 3600,
                "one_scheduler_efficiency": work_s / n_workers / together_s,
                "jobs_h": apart_s / 3600,
                "jobs_efficiency": work_s / n_workers / apart_s,
            }
        )
    return pd.DataFrame(rows)


def report(workers: pd.DataFrame, tasks: dict[str, float], planned_table: pd.DataFrame, load_before: float) -> str:
    """All tables as Markdown."""
    arguments = [Path(one).name if Path(one).is_absolute() else one for one in sys.argv[1:]]
    paying = {
        way: planned_table["workers"][planned_table[f"{way}_efficiency"] >= LEAST_EFFICIENCY].max()
        for way in ("one_scheduler", "jobs")
    }
    lines = [
        "# What more workers give",
        "",
        f"- processor: {provenance.processor()}, {os.cpu_count()} cores",
        f"- load before and after: {load_before:.2f}, {os.getloadavg()[0]:.2f}",
        f"- commit: {provenance.commit()}",
        f"- command: {shlex.join(['python', 'benchmarks/scaling.py', *arguments])}",
        "",
        f"## Workers on this machine, {CELL}",
        "",
        markdown(workers),
        "",
        "## One task",
        "",
        markdown(pd.DataFrame(tasks.items(), columns=["figure", "value"])),
        "",
        f"## Planned: {N_CELLS} cells of {TRIALS_A_CELL} trials of {STUDY_TRIAL_MS} ms, shards of {SHARD_TRIALS} trials",
        "",
        markdown(planned_table),
        "",
        f"At least half of the workers' time is work up to {paying['one_scheduler']} workers of one scheduler, one shard "
        f"after another, and up to {paying['jobs']} jobs of one core side by side, of the numbers tried.",
        "",
    ]
    return "\n".join(lines)


def markdown(table: pd.DataFrame) -> str:
    """A table with readable headings."""
    return table.rename(columns=lambda name: name.replace("_", " ")).to_markdown(index=False, floatfmt=".4g")


def cluster(n_workers: int) -> Any:
    """A Dask client whose workers, of one thread each, end with it."""
    from dask.distributed import Client

    return Client(n_workers=n_workers, threads_per_worker=1, processes=True, dashboard_address="localhost:0")


def _empty(number: int) -> int:
    return number


def _bytes(size_bytes: int) -> bytes:
    return os.urandom(size_bytes)


if __name__ == "__main__":
    os.environ.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    main()
