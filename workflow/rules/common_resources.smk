"""Cores, memory and time of jobs: what a cluster reserves, and what is tried again with more."""

import functools
import math

from neurodepth import plan

LEAST_MINUTES = 120  # that a job gets whose time is planned
SIMULATION_MB = 1500  # Snakemake, which starts again in a job of a cluster, Python, NEURON and the cell
WORKER_MB = 300  # the same in each process that simulates: 230 at most on l5pc_hay2011
TRIAL_BYTES_PER_MS = 64  # soma voltage, spikes and a layer-5 cell's 14 events
RECORDED_BYTES_PER_MS = {  # ASSUME no more than 1000 segments
    "dendrite_voltage": 2000,
    "nmda_conductance": 4000,
    "nexus_calcium": 4,
}


def simulation_cores(wildcards):
    """Cores of a simulation job: one where the work is done before others have started."""
    is_point = cell_of(wildcards).values["type"] == "point"
    return 1 if is_point else cores_of_simulations()


def cores_of_simulations():
    """Cores of a job that simulates a cell with dendrites: one where the work is done elsewhere."""
    if config["parallel"]["engine"] != "local":
        return 1
    cores = config["parallel"]["cores_per_job"]
    return cores_of_this_machine() if cores == "all" else cores


def cores_of_this_machine():
    """What snakemake was given; one where it submits jobs, or is a submitted one, which sees all cores of its node."""
    if workflow.non_local_exec or workflow.remote_exec:
        return 1
    return workflow.resource_settings.cores or 1


def simulation_memory(wildcards, attempt, threads):
    """Memory of a simulation in MB: its processes and trials, and as much again for their file, which is made in memory."""
    settings = config["simulation"]
    bytes_per_ms = TRIAL_BYTES_PER_MS + 4 * settings["dendrite_components"]
    bytes_per_ms += sum(RECORDED_BYTES_PER_MS[name] for name in settings["record"])
    n_ms = shard_trials(wildcards)[1] * settings["duration_ms"]
    trials_mb = n_ms * bytes_per_ms // 10**6
    return attempt * (SIMULATION_MB + WORKER_MB * threads + 2 * trials_mb)


@functools.cache
def planned_seconds():
    """What jobs of the study take by its plan, each by the name of its benchmark file."""
    rates = plan.rates.read()
    jobs = plan.jobs_of(config, rates, cores_of_simulations())
    return {job.name: rates.seconds_of(job.amounts()) for job in jobs}


def planned_time(name):
    """Time in minutes of jobs whose benchmark files have such names: twice what is planned, each attempt as much again."""

    def needed(wildcards, attempt):
        # A file that the study does not need, but was asked for by its name, is in no plan.
        planned_s = planned_seconds().get(name.format_map(dict(wildcards.items())), 0)
        return attempt * max(LEAST_MINUTES, math.ceil(2 * planned_s / 60))

    return needed


def more_each_attempt(amount):
    """Memory or time of a job: the amount, and where the profile has it tried again as much again each time."""

    def needed(wildcards, attempt):
        return amount * attempt

    return needed
