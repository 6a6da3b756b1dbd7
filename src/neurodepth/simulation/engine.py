"""Where trials are computed: processes of this machine, a running Dask scheduler, or a SLURM cluster.

Results come in the order of the items, at most a few ahead of the one that is waited for, so that memory does not
grow with their number. A worker that dies is replaced by Dask and its items are computed again.
"""

import asyncio
import contextlib
import importlib
import importlib.util
import logging
import math
import os
import signal
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, Generic, TypeVar

log = logging.getLogger(__name__)
Result = TypeVar("Result")
N_AHEAD = 2  # items a worker is given: one to compute and one to begin when it is done; others might be idle before it
NO_WORKERS = {  # kind of engine: what to do when there are too few
    "local": "the machine is too busy to start them in time; run it again with less beside it, or with fewer cores",
    "address": "start some with `dask worker --nthreads 1 --nworkers N ADDRESS`",
    "slurm": "look at the queue",
}
CONNECT_S = 60
SLURM_START_S = 3600  # a job may wait in the queue
KEEP_IDLE_S = 60  # a worker that is not needed
LOOK_S = 15  # between two looks for SLURM jobs that ended before their worker was there
N_LOST = 4  # so many of them, while there is no worker at all, are too many
_one_at_a_time = threading.Lock()  # NEURON has one clock a process


@dataclass(frozen=True)
class Engine:
    """Where to compute.

    Attributes:
        kind: `local`, `address` or `slurm`.
        address: Of a running scheduler, such as tcp://node1:8786; for `address`.
        slurm: How many workers, minimum and maximum, each a job of one core; its memory, walltime, queue, account and
            directives; for `slurm`.
    """

    kind: str = "local"
    address: str = ""
    slurm: Mapping[str, Any] = field(default_factory=dict)


LOCAL = Engine()


@dataclass(frozen=True)
class Timed(Generic[Result]):
    """A result, the machine and the process that computed it, and for how long."""

    value: Result
    host: str
    process_id: int
    seconds: float


def from_configuration(parallel: Mapping[str, Any]) -> Engine:
    """The engine that the configuration's section `parallel` names."""
    return Engine(parallel["engine"], parallel["address"], parallel["slurm"])


def compute(
    function: Callable[[Any, int], Result], shared: Any, items: Sequence[int], n_workers: int, engine: Engine = LOCAL
) -> Iterator[Timed[Result]]:
    """Call `function(shared, item)` for every item.

    Args:
        function: A function of a module, for workers import it.
        shared: What all calls need; it travels to each worker once.
        items: What differs between the calls.
        n_workers: Processes, where the engine is this machine; with one, this process does everything itself.
        engine: Where.

    Yields:
        Results in the order of `items`.

    Raises:
        RuntimeError: If the scheduler or its workers cannot be used, or workers died repeatedly on one item.
    """
    if engine.kind == "local" and n_workers == 1:
        for item in items:
            yield _timed(function, shared, item)
        return
    with connect(engine, n_workers) as client:
        yield from _in_order(client, function, shared, items, n_workers, engine)


@contextlib.contextmanager
def connect(engine: Engine, n_workers: int) -> Iterator[Any]:
    """A Dask client of the engine, with at least one worker; what was started for it ends with it."""
    from dask.distributed import Client

    with contextlib.ExitStack() as stack:
        if engine.kind == "address":
            client = stack.enter_context(_client_of(engine.address))
        else:
            cluster = _slurm_cluster(engine.slurm) if engine.kind == "slurm" else _local_cluster(n_workers)
            client = stack.enter_context(Client(stack.enter_context(_closing(cluster))))
        _wait_for_workers(client, engine, n_workers if engine.kind == "local" else 1)
        if engine.kind == "local":
            client.run(_prepare_worker)
        if engine.kind != "local" or importlib.util.find_spec("bokeh"):
            log.info("dashboard of the workers: %s", client.dashboard_link, extra={"on_screen": True})
        yield client


@contextlib.contextmanager
def _closing(cluster: Any) -> Iterator[Any]:
    """End a cluster with its workers, which have done their work: where they do not end in time, no result is lost."""
    try:
        yield cluster
    finally:
        try:
            cluster.close()
        except TimeoutError:  # Dask has killed them, and did not see them gone within its five seconds
            log.warning("workers did not end in time and were killed: the machine is very busy; no result is lost")


def _local_cluster(n_workers: int) -> Any:
    from dask.distributed import LocalCluster

    # Any free port, also without a dashboard: with None Dask takes 8787, and warns if another job has it.
    return LocalCluster(n_workers, threads_per_worker=1, processes=True, dashboard_address="localhost:0")


def _client_of(address: str) -> Any:
    from dask.distributed import Client

    try:
        return Client(address, timeout=CONNECT_S)
    except OSError as error:
        raise RuntimeError(
            f"parallel.address: expected a Dask scheduler at {address}, found none in {CONNECT_S} s: "
            "start one with `dask scheduler`, or correct the address"
        ) from error


def _slurm_cluster(settings: Mapping[str, Any]) -> Any:
    try:
        jobqueue = importlib.import_module("dask_jobqueue")
    except ModuleNotFoundError as error:
        raise RuntimeError(
            "parallel.engine: slurm needs the package dask-jobqueue, which is not installed: pip install 'neurodepth[slurm]'"
        ) from error
    cluster = jobqueue.SLURMCluster(
        cores=1,  # one worker a job: of several Dask replaces none when their job is lost; dask/distributed, issue 9102
        processes=1,
        memory=settings["memory"],
        walltime=settings["walltime"],
        queue=settings.get("queue"),
        account=settings.get("account"),
        job_extra_directives=settings.get("directives", []),
        scheduler_options={"dashboard_address": ":0"},  # several jobs of a study may stand on one machine
    )
    # As many workers as there are items, and none given back at once: a job waits in the queue before it works.
    cluster.adapt(
        minimum=settings["minimum"], maximum=settings["maximum"], target_duration="1s", wait_count=KEEP_IDLE_S
    )
    return cluster


def _wait_for_workers(client: Any, engine: Engine, n_workers: int) -> None:
    wait_s = SLURM_START_S if engine.kind == "slurm" else CONNECT_S
    try:
        if engine.kind == "slurm":
            log.info("waiting for the first SLURM job to start", extra={"on_screen": True})
            _wait_with_jobs(client, partial(client.wait_for_workers, n_workers), wait_s)
        else:
            client.wait_for_workers(n_workers, timeout=wait_s)
    except TimeoutError as error:
        raise RuntimeError(
            f"{client.scheduler.address}: expected {n_workers} workers or more, found {len(client.nthreads())} in {wait_s} s: "
            f"{NO_WORKERS[engine.kind]}"
        ) from error


def _wait_with_jobs(client: Any, wait: Callable[[float], Any], wait_s: float = math.inf) -> None:
    """Wait, and submit anew the SLURM jobs that ended before their worker was there: Dask replaces workers, not jobs.

    Raises:
        TimeoutError: After `wait_s` seconds.
        RuntimeError: If no worker is there and no job gets one to start.
    """
    until_s, missing, n_lost = time.monotonic() + wait_s, set[str](), 0
    while True:
        try:
            wait(min(LOOK_S, max(0.0, until_s - time.monotonic())))
        except TimeoutError:
            if time.monotonic() >= until_s:
                raise
        else:
            return
        # Missing twice: Dask takes some seconds to replace a worker that it saw.
        missed_before, missing = missing, client.cluster.sync(_missing_jobs, client.cluster)
        lost = sorted(missing & missed_before)
        for job in lost:
            log.warning("SLURM job %s ended before its worker was there: another is submitted", job)
        if lost:
            client.cluster.sync(_replace, client.cluster, lost)
        n_lost += len(lost)
        if n_lost >= N_LOST and not client.nthreads():
            raise RuntimeError(
                f"expected a Dask worker in each SLURM job, found {n_lost} jobs that ended before it was there, the last "
                f"is {lost[-1]}: see slurm-{lost[-1]}.out; parallel.slurm may give too little memory or walltime"
            )


async def _missing_jobs(cluster: Any) -> set[str]:
    """The numbers of jobs that SLURM no longer has and whose worker is not there."""
    there = {worker["name"] for worker in cluster.scheduler_info["workers"].values()}
    wanted = cluster.worker_spec.keys() - there
    submitted = {job.job_id for name, job in cluster.workers.items() if name in wanted}
    if not submitted:
        return set()
    known = await asyncio.to_thread(
        subprocess.run, ["squeue", "--noheader", "--me", "--format=%i"], capture_output=True, text=True
    )
    # Where the controller is too busy to answer, the next look asks again.
    return submitted - set(known.stdout.split()) if known.returncode == 0 else set()


async def _replace(cluster: Any, jobs: Sequence[str]) -> None:
    for name in [name for name, job in cluster.workers.items() if job.job_id in jobs]:
        del cluster.workers[name]
    await cluster


def _in_order(
    client: Any,
    function: Callable[[Any, int], Result],
    shared: Any,
    items: Sequence[int],
    n_workers: int,
    engine: Engine,
) -> Iterator[Timed[Result]]:
    from dask.distributed import wait
    from distributed.scheduler import KilledWorker

    n_expected = engine.slurm["maximum"] if engine.kind == "slurm" else n_workers
    # A task of its own, not scattered data: Dask makes it again when the workers that held it have died.
    held = client.submit(_hold, shared, pure=False)
    left, pending = iter(items), deque[tuple[int, Any]]()
    while True:
        n_ahead = N_AHEAD * max(n_expected, _n_workers(client)) - len(pending)
        pending.extend(
            (item, client.submit(_timed, function, held, item, pure=False)) for item in islice(left, max(0, n_ahead))
        )
        if not pending:
            return
        item, future = pending.popleft()
        if engine.kind == "slurm":
            _wait_with_jobs(client, partial(wait, future))
        try:
            yield future.result()
        except KilledWorker as error:
            raise RuntimeError(
                f"item {item}: {error.allowed_failures + 1} workers died on it, the last at {error.last_worker.address}: "
                "most likely the machine ran out of memory; use fewer workers (parallel.cores_per_job) or more memory"
            ) from error


def _n_workers(client: Any) -> int:
    threads = client.nthreads()
    if several := {address: n for address, n in threads.items() if n != 1}:
        address, n_threads = next(iter(several.items()))
        raise RuntimeError(
            f"worker {address}: expected 1 thread, found {n_threads}: NEURON runs one trial a process; "
            "start workers with `dask worker --nthreads 1 --nworkers N ADDRESS`"
        )
    return len(threads)


def _prepare_worker() -> None:
    # Control-c reaches the whole terminal: the job ends its workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # An error of a trial reaches the job, which says it once.
    logging.getLogger("distributed.worker").setLevel(logging.CRITICAL)


def _hold(shared: Any) -> Any:
    return shared


def _timed(function: Callable[[Any, int], Result], shared: Any, item: int) -> Timed[Result]:
    started_s = time.perf_counter()
    with _one_at_a_time:
        value = function(shared, item)
    return Timed(value, socket.gethostname(), os.getpid(), time.perf_counter() - started_s)
