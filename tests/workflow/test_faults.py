"""What goes wrong on a real machine, done for real: processes killed, cells broken, disks full.

After each fault finished shards are as they were, one message says what to do, and the next run completes the data.
"""

import contextlib
import os
import shutil
import signal
import subprocess

import h5py
import numpy as np
import psutil
import pytest
import yaml

from neurodepth import container, dataset, simulation
from neurodepth.cells import definition
from neurodepth.cells.trial import Events
from neurodepth.validation import InvalidFileError
from tests.workflow.disturbed import DURATION_MS, N_TRIALS, PATIENCE_S, SNAKEMAKE, STUDY, Study, wait_for


def workers_of(running):
    """Dask's worker processes below a running Snakemake that have come to simulating: the mechanisms are loaded."""
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        below = psutil.Process(running.pid).children(recursive=True)
        return [one for one in below if "spawn_main" in " ".join(one.cmdline()) and _simulates(one)]
    return []


def _simulates(process):
    return any(mapped.path.endswith("libnrnmech.so") for mapped in process.memory_maps())


def in_the_middle(study, running):
    """Wait until one shard is finished and workers are on the other: that shard, the other, the workers."""
    wait_for(lambda: any(path.exists() for path in study.shards), "first shard")
    workers = wait_for(lambda: workers_of(running), "workers on the second shard")
    finished, unfinished = sorted(study.shards, key=lambda path: not path.exists())
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
def undisturbed(project, isolated, tmp_path_factory):
    """The trials as the library makes them in one process, in one shard."""
    path = tmp_path_factory.mktemp("undisturbed") / "0000.h5"
    protocol = simulation.Protocol(str(project / "models" / "cells" / "l5pc"), "nmda", 1, DURATION_MS)
    isolated(_write_shard, protocol, "train", range(N_TRIALS), path)
    return content([path])


@pytest.fixture
def make_study(project, tmp_path):
    """Make a study that nobody has run; nothing of it runs after the test."""
    made = []

    def make(**settings):
        made.append(Study(project, tmp_path, **settings))
        return made[-1]

    yield make
    for study in made:
        study.end()


@pytest.fixture
def study(make_study):
    """Two shards of the pyramidal cell, each of two trials."""
    return make_study()


def test_a_killed_worker_is_replaced_and_its_trials_are_simulated_again(study, undisturbed):
    running = study.start()
    finished, _, (killed, *_) = in_the_middle(study, running)
    finished_at = finished.stat().st_mtime_ns
    killed.kill()
    assert running.wait(PATIENCE_S) == 0, study.output()
    assert "Restarting worker" in study.output()
    assert_same(content(study.shards), undisturbed)
    assert finished.stat().st_mtime_ns == finished_at


def test_after_snakemake_is_killed_its_job_ends_and_the_next_run_completes(study, undisturbed):
    running = study.start()
    finished, unfinished, workers = in_the_middle(study, running)
    job = workers[0].parent()
    finished_at = finished.stat().st_mtime_ns
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    psutil.wait_procs([job, *workers], timeout=PATIENCE_S)
    assert not any(process.is_running() for process in [job, *workers])
    assert not unfinished.exists()
    study.fail(message=r"can\s+be\s+removed\s+with\s+the\s+--unlock\s+argument")
    study.unlock()
    study.complete()
    assert_same(content(study.shards), undisturbed)
    assert finished.stat().st_mtime_ns == finished_at


@pytest.mark.parametrize("terminate", [os.kill, os.killpg], ids=["SIGTERM", "control-c"])
def test_after_a_polite_end_the_same_command_completes(study, undisturbed, terminate):
    running = study.start()
    finished, _, workers = in_the_middle(study, running)
    finished_at = finished.stat().st_mtime_ns
    # SIGTERM goes to Snakemake alone, control-c to all that run in the terminal.
    terminate(running.pid, signal.SIGTERM if terminate is os.kill else signal.SIGINT)
    running.wait(PATIENCE_S)
    psutil.wait_procs(workers, timeout=PATIENCE_S)
    assert "Traceback" not in study.output()
    study.complete()
    assert_same(content(study.shards), undisturbed)
    assert finished.stat().st_mtime_ns == finished_at


def test_a_second_run_in_the_same_folder_is_refused_and_the_first_goes_on(study, undisturbed):
    shard = study.shards[0]
    running = study.start(shard)
    wait_for(lambda: list((study.folder / ".snakemake" / "locks").glob("*")), "lock of the first run")
    running.send_signal(signal.SIGSTOP)  # so that it does not end before the second has come to its lock
    second = subprocess.run(
        [*SNAKEMAKE, "--cores", "1", *STUDY, "--", os.path.relpath(shard, study.folder)],
        cwd=study.folder,
        capture_output=True,
        text=True,
    )
    running.send_signal(signal.SIGCONT)
    assert second.returncode != 0
    assert "no other Snakemake process is trying to create the same files" in second.stdout + second.stderr
    assert running.wait(PATIENCE_S) == 0, study.output()
    assert_same(content([shard]), undisturbed[:2])


def test_a_mechanism_that_does_not_compile_is_shown_and_once_mended_the_run_completes(study):
    mechanism = study.folder / "models" / "cells" / "l5pc" / "mechanisms" / "Gaba.mod"
    source = mechanism.read_text()
    mechanism.write_text(source.replace("BREAKPOINT {", "BREAKPOINT { this is not NMODL", 1))
    study.fail(study.shards[0], message=r"error: .*mechanisms: nrnivmodl failed[\s\S]*Gaba\.mod")
    assert not study.shards[0].exists()
    mechanism.write_text(source)
    study.complete(study.shards[0])


def test_a_morphology_without_an_apical_tree_is_refused(project, isolated, tmp_path):
    folder = shutil.copytree(project / "models" / "cells" / "l5pc", tmp_path / "l5pc")
    path = folder / "morphology.swc"
    lines = [line for line in path.read_text().splitlines() if line.startswith("#") or line.split()[1] != "4"]
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(
        InvalidFileError, match=r"nexus\.section is 67, .*found 0 of them in morphology\.swc: name another"
    ):
        isolated(_simulate, folder, {}, 1, 10)


def test_an_absurd_conductance_ends_the_job_with_place_and_time(study):
    path = study.folder / "models" / "cells" / "l5pc" / "cell.yaml"
    values = yaml.safe_load(path.read_text())
    values["regions"]["soma"]["channels_s_per_cm2"]["NaTs2"] = 1e6  # Crank-Nicolson alternates about the reversal
    path.write_text(yaml.safe_dump(values))
    place = (
        r"error: a voltage left -150 to 120 mV at [\d.]+ ms in soma.*: check the densities, or try a smaller step_ms"
    )
    study.fail(study.shards[0], message=place)
    assert not list(study.shards[0].parent.glob("*"))


def test_a_voltage_that_is_not_a_number_is_refused_by_neuron_too(project, isolated):
    absurd = {"leak": {"conductance_s_per_cm2": 1e308, "reversal_mv": -90}}
    with pytest.raises(FloatingPointError, match=r"l5pc: a voltage is not finite; try a smaller step_ms"):
        isolated(_simulate, project / "models" / "cells" / "l5pc", absurd, 1, 100, "neuron")


def test_a_shard_of_another_split_is_refused_and_once_deleted_the_run_completes(make_study, isolated):
    study = make_study(trials_per_shard=200)
    shard = study.point / "validation" / "0000.h5"
    protocol = simulation.Protocol(str(study.folder / "models" / "cells" / "lif"), "default", 1, DURATION_MS)
    isolated(_write_shard, protocol, "test", range(2), shard)
    network = study.folder / "results" / "lif" / "default" / "networks" / "depth_1" / "trials_100" / "seed_1.keras"
    study.fail(
        network, message=r"error: .*validation/0000\.h5: expected split validation, found split test: .*delete it"
    )
    assert not network.exists()
    shard.unlink()
    study.complete(network)
    assert container.read(shard, dataset.FORMAT)[1]["split"] == "validation"


def test_a_full_disk_is_named_and_leaves_no_half_file(make_study):
    study = make_study(trials_per_shard=200, duration_ms=6000)
    results = study.folder / "results"
    results.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", results], capture_output=True).returncode:
        pytest.skip("needs the right to mount a small disk")
    try:
        small, large = (study.point / split / "0000.h5" for split in ("test", "train"))
        study.complete(small)
        finished_at = small.stat().st_mtime_ns
        study.fail(
            large, message=r"error: .*: expected room for .*, found \d\.\d MB free: the disk is full; .* for \d\.\d MB"
        )
        assert [path.name for path in study.point.rglob("*.h5*")] == ["0000.h5"]
        subprocess.run(["mount", "-o", "remount,size=100m", results], check=True)
        study.complete(small, large)
        assert small.stat().st_mtime_ns == finished_at
    finally:
        study.end()  # what still runs would keep the disk from going
        subprocess.run(["umount", results], check=True)


def test_a_full_queue_of_events_is_simulated(project, isolated):
    """2000 events a second at every synapse: twice what the input can draw, 2.5 million in all."""
    voltage_mv = isolated(_simulate, project / "models" / "cells" / "l5pc", {}, 2, 1000)
    assert len(voltage_mv) == 1000
    assert -90 < voltage_mv.min() < voltage_mv.max() < 50  # the outermost reversal potentials, leak and sodium


def _write_shard(protocol, split, indices, path):
    trials = simulation.simulate_trials(protocol, split, indices, n_workers=1)
    dataset.write_shard(path, trials, indices, simulation.describe(protocol, split))


def _simulate(folder, soma, events_per_ms, duration_ms, simulator="tabulated"):
    """Soma voltage, mV, with settings laid over the soma's and events at every synapse in every millisecond."""
    from neurodepth.cells.compartmental import CompartmentalCell

    found = definition.read(folder)
    found.values["regions"]["soma"] |= soma
    cell = CompartmentalCell(found, simulator=simulator)
    n_synapses = len(cell.synapses)
    time_ms = np.repeat(np.arange(duration_ms, dtype=np.uint16), events_per_ms * n_synapses)
    synapse = np.tile(np.arange(n_synapses, dtype=np.uint16), events_per_ms * duration_ms)
    return cell.run(Events(time_ms, synapse), duration_ms, 0.0625, True).soma_voltage_mv
