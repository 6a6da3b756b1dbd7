"""What a study will take, before anything is submitted: jobs, core hours, wall time, disk and cost."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from neurodepth import configuration, project, provenance, validation
from neurodepth.plan import rates
from neurodepth.plan.rates import Rates, correct
from neurodepth.plan.schedule import makespan_s
from neurodepth.plan.work import STAGES, Job, jobs_of

__all__ = [
    "CLUSTER_OVERHEAD_S",
    "STAGES",
    "Amount",
    "Place",
    "assumptions",
    "estimate",
    "jobs_of",
    "makespan_s",
    "measure",
    "rates",
    "read_study",
    "short_trainings",
    "table",
]
S_PER_H = 3600
MS_PER_S = 1000
SMALL = 0.1  # amounts below are shown to two digits
CLUSTER_OVERHEAD_S = 12  # between 7 s for a job alone and 17 s for two at once on two cores: docs/cluster.md


@dataclass(frozen=True)
class Place:
    """Where a study is to run.

    Attributes:
        cores: Of the machine; None on a cluster.
        jobs: At most so many at a time, on a cluster.
        overhead_s: Between what a job does and what it occupies: starting Snakemake again, and a scheduler's part.
        cores_per_job: Of a simulation, in place of the study's `parallel.cores_per_job`, as a profile gives it.
    """

    cores: int | None
    jobs: int | None
    overhead_s: float
    cores_per_job: int | None = None

    def job_cores(self, study: dict[str, Any]) -> int:
        """Cores of a simulation job, as the workflow gives them."""
        parallel = study["parallel"]
        if parallel["engine"] == "slurm":
            return parallel["slurm"]["maximum"]
        wanted = self.cores_per_job or parallel["cores_per_job"]
        if wanted == "all":
            return self.cores or 1
        return min(wanted, self.cores or wanted)


@dataclass(frozen=True)
class Amount:
    """What the jobs of one stage take together.

    Attributes:
        stage: Its name, or `total`.
        jobs: How many.
        core_h: Cores times the time that they are held.
        wall_h: Until all are done.
        disk_gb: That their results fill, in 1e9 bytes.
        cost: Of the core hours; None where no price was given.
    """

    stage: str
    jobs: int
    core_h: float
    wall_h: float
    disk_gb: float
    cost: float | None


def read_study(paths: Sequence[str | Path]) -> dict[str, Any]:
    """Lay overlays over the default study and check the result, as the workflow does with `--configfile`.

    Raises:
        InvalidFileError: As `configuration.check`.
    """
    study = configuration.read(paths)
    configuration.check(study, project.MODELS)
    return study


def estimate(study: dict[str, Any], rates: Rates, place: Place, price_per_core_h: float | None = None) -> list[Amount]:
    """What each stage takes, and the total; one stage begins when the one before it has ended."""
    jobs = jobs_of(study, rates, place.job_cores(study))
    amounts = [
        _sum(stage, [job for job in jobs if job.stage == stage], rates, place, price_per_core_h) for stage in STAGES
    ]
    n_jobs, core_h, wall_h, disk_gb = (
        sum(getattr(one, name) for one in amounts) for name in ("jobs", "core_h", "wall_h", "disk_gb")
    )
    return [*amounts, Amount("total", n_jobs, core_h, wall_h, disk_gb, _cost(core_h, price_per_core_h))]


def measure(results_path: str | Path, start: Rates, cores: int) -> tuple[Rates, dict[str, float]]:
    """Correct rates by the Snakemake benchmark files of a finished study.

    Args:
        results_path: Its results.
        start: Rates to correct.
        cores: That Snakemake was given for it.

    Returns:
        The rates; and by stage how many times as long it took as expected.

    Raises:
        InvalidFileError: If the study has no verdict, which holds its configuration, or no benchmark file.
    """
    import pandas as pd  # here, for the workflow plans at the start of every job

    results = Path(results_path)
    verdict_path = results / "verdict.json"
    if not verdict_path.is_file():
        raise validation.InvalidFileError(f"{verdict_path}: no such file; expected the results of a finished study")
    verdict = json.loads(verdict_path.read_text())
    study = verdict.get("configuration", {})
    validation.check(study, "config", f"{results}/verdict.json, configuration")
    jobs = jobs_of(study, start, Place(cores, None, 0).job_cores(study))
    measured = [
        (job.stage, job.amounts(), float(pd.read_csv(path, sep="\t")["s"].mean()))
        for job in jobs
        if (path := results / "benchmarks" / f"{job.name}.tsv").is_file()
    ]
    if not measured:
        raise validation.InvalidFileError(
            f"{results}/benchmarks: expected Snakemake's benchmark files of the study, found none: run the study to its end"
        )
    corrected, factors = correct(start, measured)
    origin = {"processor": provenance.processor(), "commit": verdict["commit"]}
    return replace(corrected, origin=origin | {"measured": f"{len(measured)} jobs on {cores} cores"}), factors


def assumptions(study: dict[str, Any], rates: Rates) -> list[str]:
    """What a plan takes for granted about this study, in sentences."""
    found = []
    cells = sorted({one["cell"] for one in study["conditions"]})
    if unknown := [cell for cell in cells if cell not in rates.cells]:
        found.append(f"counted as the shipped cell of their kind, not measured: {', '.join(unknown)}")
    if study["simulation"]["record"]:
        found.append("disk without what simulation.record adds")
    if study["simulation"]["compact_inputs"]:
        found.append("disk as if input were stored as events: compact_inputs makes it smaller")
    if study["parallel"]["engine"] == "address":
        found.append("simulation as if a job had its own cores alone: the workers at parallel.address shorten it")
    return found


def short_trainings(study: dict[str, Any]) -> list[str]:
    """Conditions whose networks cannot see all their data once, in sentences: their verdict would be limited by training."""
    from neurodepth.criterion import FEWEST_PASSES  # here, for the workflow plans at the start of every job

    found = []
    for one in study["conditions"]:
        n_trials = configuration.training_sizes(one["trials"]["train"], study["training_fractions"])[-1]
        sampling = configuration.sampling(study, one["network"])
        if (passes := sampling.passes(one["updates"], n_trials)) < FEWEST_PASSES:
            found.append(
                f"{one['cell']}/{one['variant']}: {one['updates']} updates, each of which scores {sampling.update_ms / MS_PER_S:g} s, "
                f"are {passes:.2g} times the length of its data, so that depths that do not meet will be limited by training: give "
                f"it {math.ceil(one['updates'] / passes)} updates or more"
            )
    return found


def table(amounts: Sequence[Amount]) -> str:
    """Amounts in columns, for people."""
    import pandas as pd

    shown = pd.DataFrame(map(asdict, amounts)).dropna(axis=1, how="all")
    return shown.rename(columns=lambda name: name.replace("_", " ")).to_string(index=False, float_format=_shown)


def _shown(number: float) -> str:
    """Two decimals; of a small number two digits, for a small study is not free."""
    return f"{number:,.2f}" if number == 0 or number >= SMALL else f"{number:.2g}"


def _sum(stage: str, jobs: list[Job], rates: Rates, place: Place, price_per_core_h: float | None) -> Amount:
    times_s = [rates.seconds_of(job.amounts()) + place.overhead_s for job in jobs]
    core_h = sum(time_s * job.cores for time_s, job in zip(times_s, jobs, strict=True)) / S_PER_H
    slots = [(time_s, job.cores if place.cores else 1) for time_s, job in zip(times_s, jobs, strict=True)]
    wall_h = makespan_s(slots, place.cores or place.jobs or 1) / S_PER_H
    disk_gb = sum(job.size_bytes for job in jobs) / 1e9
    return Amount(stage, len(jobs), core_h, wall_h, disk_gb, _cost(core_h, price_per_core_h))


def _cost(core_h: float, price_per_core_h: float | None) -> float | None:
    return None if price_per_core_h is None else price_per_core_h * core_h
