"""What goes wrong on a real machine, done for real: processes killed, cells broken.

After each fault finished shards are as they were, one message says what to do, and the next run completes the data.
"""

import contextlib
import dataclasses
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import psutil
import pytest
import yaml

from neurodepth.cells import definition
from neurodepth.cells.trial import Events
from neurodepth.validation import InvalidFileError

NOT_COPIED = shutil.ignore_patterns(".*", "results", "tests", "docs", "benchmarks", "*_cache", "__pycache__")
SNAKEMAKE = [sys.executable, "-m", "snakemake"]
STUDY = ["--configfile", "config/fault.yaml"]
N_TRIALS = 4
PATIENCE_S = 90


class Run:
    """A copy of the project with a study of its own, and the runs of its workflow."""

    def __init__(self, project, folder, trials_per_shard=2, **settings):
        self.folder = shutil.copytree(project, folder / "project", ignore=NOT_COPIED)
        self.trials = self.folder / "results" / "l5pc" / "nmda" / "trials" / "train"
        self.logs = self.folder / "results" / "logs" / "simulate_trials" / "l5pc" / "nmda"
        trials = {"train": N_TRIALS, "validation": 2, "test": 2}
        cell = {"cell": "l5pc", "variant": "nmda", "network": "tcn", "trials": trials, "updates": 1}
        point = {"cell": "lif", "variant": "default", "network": "point", "updates": 1}
        point["trials"] = {"train": 200, "validation": 2, "test": 2}
        study = {
            "conditions": [cell, point],
            "simulation": {
                "simulator": "coreneuron",
                "duration_ms": 1000,
                "trials_per_shard": trials_per_shard,
                "dendrite_components": 0,
            },
            "training": {"window_ms": 400},
        }
        study["simulation"] |= settings
        (self.folder / "config" / "fault.yaml").write_text(yaml.safe_dump(study))
        n_shards = -(-N_TRIALS // trials_per_shard)
        self.shards = [self.trials / f"{number:04d}.h5" for number in range(n_shards)]

    def start(self, *targets, cores=2):
        targets = targets or [path.relative_to(self.folder) for path in self.shards]
        output = (self.folder / "output.txt").open("w")
        with output:
            return subprocess.Popen(
                [*SNAKEMAKE, "--cores", str(cores), *STUDY, "--", *map(str, targets)],
                cwd=self.folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def output(self):
        return (self.folder / "output.txt").read_text()

    def complete(self, *targets, cores=2):
        running = self.start(*targets, cores=cores)
        assert running.wait(PATIENCE_S) == 0, self.output()[-3000:]

    def fail(self, *targets):
        assert self.start(*targets).wait(PATIENCE_S) != 0
        return self.output()

    def unlock(self):
        subprocess.run([*SNAKEMAKE, "--unlock", *STUDY], cwd=self.folder, check=True, capture_output=True)


def wait_for(condition, what):
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, f"no {what} after {PATIENCE_S} s"
        time.sleep(0.02)
    return found


def workers_of(running):
    """Dask's worker processes below a running Snakemake that have come to simulating: the mechanisms are loaded."""
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        below = psutil.Process(running.pid).children(recursive=True)
        return [one for one in below if "spawn_main" in " ".join(one.cmdline()) and _simulates(one)]
    return []


def _simulates(process):
    return any(mapped.path.endswith("libnrnmech.so") for mapped in process.memory_maps())


def in_the_middle(run, running):
    """Wait until one shard is finished and workers are on the other: that shard, the other, the workers."""
    wait_for(lambda: any(path.exists() for path in run.shards), "first shard")
    workers = wait_for(lambda: workers_of(running), "workers on the second shard")
    finished, unfinished = sorted(run.shards, key=lambda path: not path.exists())
    assert not unfinished.exists()
    return finished, unfinished, workers


def content(paths):
    """All that was simulated, of shards in order: a list of arrays for each trial."""
    trials = []
    for path in paths:
        with h5py.File(path) as file:
            stored = {name: file[name][()] for name in file}
        starts = {"event_code": "event_code_start", "spike_time_ms": "spike_start"}
        split = {name: np.split(stored[name], stored[start][1:-1]) for name, start in starts.items()}
        rows = ("trial_index", "soma_voltage_change", "nexus_voltage_change")
        for number in range(len(stored["trial_index"])):
            trials.append([stored[name][number] for name in rows] + [parts[number] for parts in split.values()])
    return trials


def assert_same(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        for array, reference in zip(one, other, strict=True):
            np.testing.assert_array_equal(array, reference)


@pytest.fixture(scope="module")
def undisturbed(project, tmp_path_factory):
    """The trials as one process makes them, in one shard."""
    run = Run(project, tmp_path_factory.mktemp("undisturbed"), trials_per_shard=N_TRIALS)
    run.complete(cores=1)
    return content(run.shards)


@pytest.fixture
def run(project, tmp_path):
    """A study that nobody has run: two workers, two shards."""
    return Run(project, tmp_path)


def test_a_killed_worker_is_replaced_and_its_trials_are_simulated_again(run, undisturbed):
    running = run.start()
    finished, _, (killed, *_) = in_the_middle(run, running)
    finished_at = finished.stat().st_mtime_ns
    killed.kill()
    assert running.wait(PATIENCE_S) == 0, run.output()
    assert "Restarting worker" in run.output()
    assert_same(content(run.shards), undisturbed)
    assert finished.stat().st_mtime_ns == finished_at


def test_after_snakemake_is_killed_its_job_ends_and_the_next_run_completes(run, undisturbed):
    running = run.start()
    finished, unfinished, workers = in_the_middle(run, running)
    job = workers[0].parent()
    finished_at = finished.stat().st_mtime_ns
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    psutil.wait_procs([job, *workers], timeout=PATIENCE_S)
    assert not any(process.is_running() for process in [job, *workers])
    assert not unfinished.exists()
    assert "can be removed with the --unlock argument" in re.sub(r"\s+", " ", run.fail())
    run.unlock()
    run.complete()
    assert_same(content(run.shards), undisturbed)
    assert finished.stat().st_mtime_ns == finished_at


@pytest.mark.parametrize("terminate", [os.kill, os.killpg], ids=["SIGTERM", "control-c"])
def test_after_a_polite_end_the_same_command_completes(run, undisturbed, terminate):
    running = run.start()
    finished, _, workers = in_the_middle(run, running)
    finished_at = finished.stat().st_mtime_ns
    # SIGTERM goes to Snakemake alone, control-c to all that run in the terminal.
    terminate(running.pid, signal.SIGTERM if terminate is os.kill else signal.SIGINT)
    running.wait(PATIENCE_S)
    psutil.wait_procs(workers, timeout=PATIENCE_S)
    assert "Traceback" not in run.output()
    run.complete()
    assert_same(content(run.shards), undisturbed)
    assert finished.stat().st_mtime_ns == finished_at


def test_a_second_run_in_the_same_folder_is_refused_and_the_first_goes_on(run, undisturbed):
    running = run.start()
    wait_for(lambda: list((run.folder / ".snakemake" / "locks").glob("*")), "lock of the first run")
    second = subprocess.run(
        [*SNAKEMAKE, "--cores", "1", *STUDY],
        cwd=run.folder,
        capture_output=True,
        text=True,
    )
    assert second.returncode != 0
    assert "no other Snakemake process is trying to create the same files" in second.stdout + second.stderr
    assert running.wait(PATIENCE_S) == 0
    assert_same(content(run.shards), undisturbed)


def test_a_mechanism_that_does_not_compile_is_shown_and_once_mended_the_run_completes(run):
    mechanism = run.folder / "models" / "cells" / "l5pc" / "mechanisms" / "Gaba.mod"
    source = mechanism.read_text()
    finished = run.folder / "results" / "lif" / "default" / "trials" / "test" / "0000.h5"
    run.complete(finished.relative_to(run.folder))
    finished_at = finished.stat().st_mtime_ns
    mechanism.write_text(source.replace("BREAKPOINT {", "BREAKPOINT { this is not NMODL", 1))
    output = run.fail()
    assert re.search(r"error: .*mechanisms: nrnivmodl failed[\s\S]*Gaba\.mod", output), output[-3000:]
    assert "Traceback" not in output
    assert not list(run.trials.glob("*"))
    mechanism.write_text(source)
    run.complete(run.shards[0].relative_to(run.folder), finished.relative_to(run.folder))
    assert finished.stat().st_mtime_ns == finished_at


def test_a_morphology_without_an_apical_tree_is_refused(project, isolated, tmp_path):
    folder = shutil.copytree(project / "models" / "cells" / "l5pc", tmp_path / "l5pc")
    path = folder / "morphology.swc"
    lines = [line for line in path.read_text().splitlines() if line.startswith("#") or line.split()[1] != "4"]
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(InvalidFileError, match=r"morphology\.swc: expected .*apical dendrites, found .* 0 apic"):
        isolated(_simulate, folder, {}, 1, 10)


def test_a_voltage_that_is_not_a_number_is_refused(project, isolated):
    absurd = {"leak": {"conductance_s_per_cm2": 1e308, "reversal_mv": -90}}
    with pytest.raises(FloatingPointError, match=r"l5pc: soma voltage is not finite; try a smaller step_ms"):
        isolated(_simulate, project / "models" / "cells" / "l5pc", absurd, 1, 100)


def test_a_full_queue_of_events_is_simulated(project, isolated):
    """2000 events a second at every synapse: twice what the input can draw, 2.5 million in all."""
    voltage_mv = isolated(_simulate, project / "models" / "cells" / "l5pc", {}, 2, 1000)
    assert len(voltage_mv) == 1000
    assert -90 < voltage_mv.min() < voltage_mv.max() < 50  # the outermost reversal potentials, leak and sodium


def _simulate(folder, soma, events_per_ms, duration_ms):
    """Soma voltage, mV, with settings laid over the soma's and events at every synapse in every millisecond."""
    from neurodepth.cells.compartmental import CompartmentalCell

    found = definition.read(folder)
    found.values["regions"]["soma"] |= soma
    cell = CompartmentalCell(dataclasses.replace(found, values=found.values))
    n_synapses = len(cell.synapses)
    time_ms = np.repeat(np.arange(duration_ms, dtype=np.uint16), events_per_ms * n_synapses)
    synapse = np.tile(np.arange(n_synapses, dtype=np.uint16), events_per_ms * duration_ms)
    return cell.run(Events(time_ms, synapse), duration_ms, 0.0625, True).soma_voltage_mv
