import io
import logging
import operator
import os
import shutil
import signal
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from dask.distributed import LocalCluster
from sklearn.decomposition import PCA

from neurodepth import configuration, jobs, simulation, validation
from neurodepth.cells.trial import Events, Trial
from neurodepth.simulation import engine, progress, slurm_jobs
from neurodepth.simulation.voltage_basis import principal_components, trial_moments

NO_EVENTS = Events(np.zeros(0, np.uint16), np.zeros(0, np.uint16))
# Dask wants port 8787 for itself; where another Dask has it, it warns, forgets the socket it tried, and takes another port.
pytestmark = pytest.mark.filterwarnings(
    "ignore:\\s*Port 8787 is already in use", r"ignore:unclosed <socket.*laddr=.'0\.0\.0\.0', 0.:ResourceWarning"
)

# Engines


def test_results_come_in_the_order_of_the_items_from_several_processes():
    timed = list(engine.compute(_wait_less_later, 6, range(6), 2))
    assert [one.value for one in timed] == list(range(6))
    assert len({one.process_id for one in timed} - {os.getpid()}) == 2


def test_one_worker_of_this_machine_is_this_process():
    (one,) = engine.compute(operator.add, 10, [1], 1)
    assert (one.value, one.process_id) == (11, os.getpid())


def test_an_item_is_computed_again_when_its_worker_is_killed(tmp_path):
    timed = list(engine.compute(_die_once, tmp_path / "died", range(5), 2))
    assert [one.value for one in timed] == list(range(5))
    assert (tmp_path / "died").exists()


def test_workers_that_a_busy_machine_ends_too_late_cost_no_result(caplog):
    class Busy:
        def close(self):
            raise TimeoutError

    with engine._closing(Busy()) as cluster:
        assert isinstance(cluster, Busy)
    assert "no result is lost" in caplog.text


def test_an_item_that_kills_every_worker_is_named_with_a_remedy():
    with pytest.raises(RuntimeError, match=r"item 0: 4 workers died on it[\s\S]*out of memory; use fewer workers"):
        list(engine.compute(_die, None, [0], 2))


def test_an_error_of_a_worker_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        list(engine.compute(operator.floordiv, 1, [1, 0], 2))


def test_a_running_scheduler_is_used_and_left_running():
    with LocalCluster(1, threads_per_worker=1, dashboard_address=None) as cluster:
        there = engine.Engine("address", cluster.scheduler_address)
        for _ in range(2):
            (one,) = engine.compute(operator.add, 10, [1], 8, there)
            assert one.value == 11
            assert one.process_id != os.getpid()


def test_a_worker_with_several_threads_is_refused():
    with (
        LocalCluster(1, threads_per_worker=2, dashboard_address=None) as cluster,
        pytest.raises(RuntimeError, match=r"expected 1 thread, found 2: .*--nthreads 1"),
    ):
        list(engine.compute(operator.add, 10, [1], 1, engine.Engine("address", cluster.scheduler_address)))


def test_an_address_where_nothing_listens_is_named(monkeypatch):
    monkeypatch.setattr(engine, "CONNECT_S", 0.5)
    with pytest.raises(RuntimeError, match=r"expected a Dask scheduler at tcp://127\.0\.0\.1:9, found none"):
        list(engine.compute(operator.add, 10, [1], 1, engine.Engine("address", "tcp://127.0.0.1:9")))


def test_a_scheduler_without_workers_is_refused(monkeypatch):
    monkeypatch.setattr(engine, "CONNECT_S", 1)
    with LocalCluster(1, dashboard_address=None) as cluster:
        cluster.scale(0)
        while cluster.scheduler.workers:
            time.sleep(0.05)
        with pytest.raises(RuntimeError, match=r"expected 1 workers or more, found 0 in 1 s: start some"):
            list(engine.compute(operator.add, 10, [1], 1, engine.Engine("address", cluster.scheduler_address)))


def test_slurm_without_dask_jobqueue_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "dask_jobqueue", None)
    with pytest.raises(RuntimeError, match=r"needs the package dask-jobqueue.*pip install 'neurodepth\[slurm\]'"):
        list(engine.compute(operator.add, 10, [1], 1, engine.Engine("slurm", slurm=SLURM)))


SLURM = {"minimum": 1, "maximum": 2, "memory": "2GB", "walltime": "00:10:00", "queue": "short"}
SLURM["directives"] = ["--nice=5"]


SBATCH = """#!/bin/sh
cp "$1" {folder}/job.sh
echo >> {folder}/submitted
if [ "$(wc -l < {folder}/submitted)" -le {n_lost} ]; then true; else sh {folder}/job.sh >/dev/null 2>&1; fi &
echo $! >> {folder}/jobs
echo "Submitted batch job $!"
"""


@pytest.fixture
def stand_in_slurm(tmp_path, monkeypatch):
    """SLURM's commands as stand-ins that run a job's script here, but for the first jobs, which end at once; tests/cluster has the real ones."""
    pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not installed")

    def install(n_lost):
        programs = {
            "sbatch": SBATCH.format(folder=tmp_path, n_lost=n_lost),
            "scancel": '#!/bin/sh\nkill "$1" 2>/dev/null || true\n',
            "squeue": f'#!/bin/sh\nfor job in $(cat {tmp_path}/jobs); do ! kill -0 "$job" 2>/dev/null || echo "$job"; done\n',
        }
        for name, text in programs.items():
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        monkeypatch.chdir(tmp_path)
        return engine.Engine("slurm", slurm=SLURM)

    return install


def test_slurm_jobs_are_submitted_with_the_settings_and_compute(stand_in_slurm, tmp_path):
    timed = list(engine.compute(operator.add, 10, range(4), 1, stand_in_slurm(n_lost=0)))
    assert [one.value for one in timed] == [10, 11, 12, 13]
    assert os.getpid() not in {one.process_id for one in timed}
    job = (tmp_path / "job.sh").read_text()
    for line in (
        "#SBATCH -p short",
        "#SBATCH --cpus-per-task=1",
        "#SBATCH --mem=2G",
        "#SBATCH -t 00:10:00",
        "#SBATCH --nice=5",
    ):
        assert line in job
    assert "--nthreads 1 " in job
    assert "--nworkers" not in job


def test_a_slurm_job_that_ends_before_its_worker_is_there_is_submitted_again(stand_in_slurm, monkeypatch, caplog):
    monkeypatch.setattr(slurm_jobs, "LOOK_S", 0.5)
    (one,) = engine.compute(operator.add, 10, [1], 1, stand_in_slurm(n_lost=1))
    assert one.value == 11
    assert "ended before its worker was there: another is submitted" in caplog.text


def test_slurm_jobs_that_never_bring_a_worker_are_named(stand_in_slurm, monkeypatch):
    monkeypatch.setattr(slurm_jobs, "LOOK_S", 0.5)
    with pytest.raises(RuntimeError, match=r"found 4 jobs that ended before it was there.* see slurm-\d+\.out"):
        list(engine.compute(operator.add, 10, [1], 1, stand_in_slurm(n_lost=100)))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"engine": "address"}, r"parallel\.address is ''"),
        ({"engine": "slurm", "slurm": {"minimum": 2, "maximum": 4}}, r"parallel\.slurm has no memory, walltime"),
        ({"engine": "cloud"}, r"parallel\.engine"),
    ],
)
def test_an_engine_that_cannot_work_is_refused(project, settings, message):
    study = validation.read_yaml(project / "config" / "default.yaml")
    study["parallel"] |= settings
    with pytest.raises(validation.InvalidFileError, match=message):
        configuration.check(study, project / "models")


# Principal components


@pytest.fixture
def voltages_mv():
    """Five trials of different lengths and means, float32 as a cell gives them, shape (time, segments) each."""
    rng = np.random.default_rng(1)
    mixing = rng.normal(size=(4, 30)) * np.array([[20.0], [8.0], [3.0], [1.0]])
    return [
        (rng.normal(-70 + 5 * trial, 1, 30) + rng.normal(size=(200 + 50 * trial, 4)) @ mixing).astype(np.float32)
        for trial in range(5)
    ]


def test_components_from_sums_are_those_of_the_whole_matrix(voltages_mv):
    found = principal_components(map(trial_moments, voltages_mv), 4)
    whole = np.concatenate(voltages_mv).astype(np.float64)
    expected = PCA(4, svd_solver="full").fit(whole)
    np.testing.assert_allclose(found.mean_mv, whole.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(found.explained, expected.explained_variance_ratio_, rtol=1e-10)
    # Rows up to their sign; rounding of the sums is magnified by the smallest gap between two variances.
    overlap = np.abs(np.sum(found.components * expected.components_, axis=1))
    np.testing.assert_allclose(overlap, 1, rtol=1e-10)


def test_components_are_orthonormal_and_point_upwards(voltages_mv):
    components = principal_components(map(trial_moments, voltages_mv), 4).components
    np.testing.assert_allclose(components @ components.T, np.eye(4), atol=1e-12)
    assert (components.sum(axis=1) > 0).all()


def test_memory_for_components_does_not_grow_with_the_number_of_trials():
    assert _peak_bytes(n_trials=40) < 1.1 * _peak_bytes(n_trials=4)


def test_no_pilot_trial_is_refused():
    with pytest.raises(ValueError, match=r"raise simulation\.pilot_trials"):
        principal_components([], 4)


def _peak_bytes(n_trials):
    def moments():
        for trial in range(n_trials):
            yield trial_moments(np.random.default_rng(trial).normal(size=(300, 100)))

    tracemalloc.start()
    principal_components(moments(), 4)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


# What the user sees


def test_progress_is_lines_where_there_is_no_terminal(monkeypatch):
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0)
    shown = io.StringIO()
    with progress.bar(2, "l5pc train 0-1", shown) as bar:
        bar.update()
        bar.update()
    *_, last = shown.getvalue().splitlines()
    assert "\r" not in shown.getvalue()
    assert last.startswith("l5pc train 0-1: 2/2 trials [")
    assert "left" in last
    assert "trial/s" in last


def test_lines_of_progress_are_few(monkeypatch):
    shown = io.StringIO()
    with progress.bar(1000, "train", shown) as bar:
        for _ in range(1000):
            bar.update()
    assert len(shown.getvalue().splitlines()) == 2  # at the beginning and at the end


def test_other_long_work_is_counted_in_its_own_unit(monkeypatch, capsys):
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0)
    assert list(progress.each(iter("ab"), 2, "networks answer", "network")) == ["a", "b"]
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" [")[0] for line in lines[:1] + lines[-1:]] == [
        "networks answer: 0/2 networks",
        "networks answer: 2/2 networks",
    ]


def test_the_log_names_trial_seed_host_and_seconds(project, caplog):
    caplog.set_level(logging.INFO, "neurodepth")
    simulation.simulate_trials(lif(project / "models/cells/lif", seed=7), "test", [3, 4], 1)
    lines = [record.getMessage() for record in caplog.records]
    assert lines[0].startswith(f"test trial 3: seed 7, {os.uname().nodename} (process {os.getpid()}), ")
    assert " s, " in lines[0]
    assert "2 trials, 2 bio-s in " in lines[-1]
    assert "mean output rate" in lines[-1]


@pytest.mark.parametrize(
    ("gain_mv", "complaint"), [(0.0, "the cell never spikes: 0 Hz over 20 s"), (50.0, "the cell always spikes: ")]
)
def test_an_absurd_output_rate_is_a_warning(project, tmp_path, caplog, gain_mv, complaint):
    cell = tmp_path / "lif"
    shutil.copytree(project / "models" / "cells" / "lif", cell)
    values = yaml.safe_load((cell / "cell.yaml").read_text())
    values["neuron"]["gain_mv"] = gain_mv
    values["neuron"]["inhibitory_synapses"] = 1
    (cell / "cell.yaml").write_text(yaml.safe_dump(values))
    simulation.simulate_trials(lif(cell), "train", range(20), 1)
    (warning,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert complaint in warning


def test_a_short_silence_is_no_warning():
    assert progress.rate_complaint(n_spikes=0, biology_s=progress.SILENT_AFTER_S - 1) == ""


def test_a_full_disk_is_explained_with_the_room_that_is_left(tmp_path):
    hdf5 = RuntimeError("file write failed: errno = 28, error message = 'No space left on device'")
    message = jobs.explain(hdf5, tmp_path)
    assert message.startswith(f"{tmp_path}: expected room for this job's results, found ")
    assert "MB free: the disk is full; make room and run snakemake again" in message


# Recording on request


def test_what_to_record_reaches_the_cell_only_where_asked_for(monkeypatch):
    asked = []
    monkeypatch.setattr("neurodepth.simulation.protocol.built_cell", lambda protocol: _StandIn(asked))
    monkeypatch.setattr("neurodepth.stimulus.draw_events", lambda *arguments: NO_EVENTS)
    for record in ((), ["nexus_calcium"]):
        simulation.simulate_trial(simulation.Protocol("cell", "nmda", 1, 100, record=record), "train", 0)
    assert asked == [{}, {"record": ("nexus_calcium",)}]


class _StandIn:
    """Stands for a compartmental cell and notes what is asked of it beyond its usual arguments."""

    synapses = pd.DataFrame({"kind": []})

    class definition:  # noqa: N801 an attribute of cells
        values = {"type": "compartmental", "input": {}}  # noqa: RUF012

    def __init__(self, asked):
        self.asked = asked

    def run(self, events, duration_ms, step_ms, second_order, basis, **more):
        self.asked.append(more)
        return Trial(NO_EVENTS, np.zeros(0), np.zeros(duration_ms))


def lif(cell_path, seed=1):
    return simulation.Protocol(str(cell_path), "default", seed, 1000)


def _wait_less_later(n_items, item):
    time.sleep(0.1 * (n_items - item))
    return item


def _die_once(mark: Path, item):
    if item == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def _die(shared, item):
    os.kill(os.getpid(), signal.SIGKILL)
