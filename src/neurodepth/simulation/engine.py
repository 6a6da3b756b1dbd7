"""Where trials are computed: processes of this machine, a running Dask scheduler, or a SLURM cluster.

Results come in the order of the items, at most a few ahead of the one that is waited for, so that memory does not
grow with their number. A worker that dies is replaced by Dask and its items are computed again.
"""

import contextlib
import importlib.util
import logging
import os
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, Generic, TypeVar

from neurodepth.simulation import slurm_jobs

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
            cluster = slurm_jobs.cluster(engine.slurm) if engine.kind == "slurm" else _local_cluster(n_workers)
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


def _wait_for_workers(client: Any, engine: Engine, n_workers: int) -> None:
    wait_s = SLURM_START_S if engine.kind == "slurm" else CONNECT_S
    try:
        if engine.kind == "slurm":
            log.info("waiting for the first SLURM job to start", extra={"on_screen": True})
            slurm_jobs.wait(client, partial(client.wait_for_workers, n_workers), wait_s)
        else:
            client.wait_for_workers(n_workers, timeout=wait_s)
    except TimeoutError as error:
        raise RuntimeError(
            f"{client.scheduler.address}: expected {n_workers} workers or more, found {len(client.nthreads())} in {wait_s} s: "
            f"{NO_WORKERS[engine.kind]}"
        ) from error


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
            slurm_jobs.wait(client, partial(wait, future))
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
