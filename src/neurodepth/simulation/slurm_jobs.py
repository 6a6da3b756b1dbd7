"""Dask workers that are jobs of a SLURM cluster, and jobs that end before their worker was there."""

import asyncio
import importlib
import logging
import math
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

log = logging.getLogger(__name__)
KEEP_IDLE_S = 60  # a worker that is not needed
LOOK_S = 15  # between two looks for SLURM jobs that ended before their worker was there
N_LOST = 4  # so many of them, while there is no worker at all, are too many


def cluster(settings: Mapping[str, Any]) -> Any:
    """A Dask cluster of SLURM jobs of one core.

    Args:
        settings: As `engine.Engine.slurm`.

    Raises:
        RuntimeError: If dask-jobqueue is not installed.
    """
    try:
        jobqueue = importlib.import_module("dask_jobqueue")
    except ModuleNotFoundError as error:
        raise RuntimeError(
            "parallel.engine: slurm needs the package dask-jobqueue, which is not installed: pip install 'neurodepth[slurm]'"
        ) from error
    jobs = jobqueue.SLURMCluster(
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
    jobs.adapt(minimum=settings["minimum"], maximum=settings["maximum"], target_duration="1s", wait_count=KEEP_IDLE_S)
    return jobs


def wait(client: Any, waiting: Callable[[float], Any], wait_s: float = math.inf) -> None:
    """Wait, and submit anew the SLURM jobs that ended before their worker was there: Dask replaces workers, not jobs.

    Args:
        client: Of the cluster.
        waiting: Waits for at most so many seconds, and raises TimeoutError where that was too short.
        wait_s: How long to wait in all.

    Raises:
        TimeoutError: After `wait_s` seconds.
        RuntimeError: If no worker is there and no job gets one to start.
    """
    until_s, missing, n_lost = time.monotonic() + wait_s, set[str](), 0
    while True:
        try:
            waiting(min(LOOK_S, max(0.0, until_s - time.monotonic())))
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
