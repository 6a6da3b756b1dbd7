"""The quick study on a real SLURM of two emulated nodes, disturbed on its way: `make test-cluster`.

Two runs through sbatch, in a clone made as docs/cluster.md says: the first loses a simulation to `scancel`; the second
loses a training to `scancel`, another to its time limit, jobs to their memory limit, then a node, and comes to the
report. What they make is held against a local run, and against workers that Dask submits.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cluster import slurm
from tests.project_copy import link_environment
from tests.workflow.disturbed import NOT_COPIED

pytestmark = pytest.mark.timeout(1800)  # of all runs that a test asks for; on two free cores they need a quarter of it

PATIENCE_S = 900
QUICK = ["--configfile", "config/quick.yaml"]
CORES = 2  # of a node, and of a simulation
RESULTS = Path("results/quick")
TRAINING = RESULTS / "lif/default/networks/depth_2/trials_40/seed_1.keras"  # ten epochs
SLOW_TRAINING = RESULTS / "lif/default/networks/depth_2/trials_20/seed_1.keras"
TOO_LITTLE = "describe_data:mem_mb=40*attempt**5"  # of MB: no Snakemake starts in 40, and 9720 are more than enough
SHARD = RESULTS / "l5pc/nmda/trials/train/0000.h5"
SITE = {  # what docs/cluster.md has a site write, and waits that suit a scheduler without other users
    "slurm_partition: compute": f"slurm_partition: {slurm.PARTITION}",
    "--partition=compute": f"--partition={slurm.PARTITION}",
    "cores_per_job: 8": f"cores_per_job: {CORES}",
    "slurm-init-seconds-before-status-checks: 20": "slurm-init-seconds-before-status-checks: 3",
    "latency-wait: 60": "latency-wait: 10",
}


class Run:
    """A running Snakemake in a copy of the project; its output goes to a file."""

    def __init__(self, folder, cluster, *arguments):
        self.output = folder / "output.txt"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [
                    "setpriv",
                    "--pdeathsig",
                    "KILL",
                    sys.executable,
                    "-m",
                    "snakemake",
                    *arguments,
                ],  # ends with the tests
                cwd=folder,
                # Its own library, also in its jobs: the installed one may be edited while the study runs.
                env=cluster.environment | {"PYTHONPATH": str(folder / "src")},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_for(self, condition, what):
        return slurm.wait_for(lambda: condition() or self._has_ended(what), what, PATIENCE_S)

    def end(self):
        """Wait for the end: the exit status."""
        try:
            return self.process.wait(PATIENCE_S)
        finally:
            self.process.kill()

    def text(self):
        return self.output.read_text()

    def _has_ended(self, what):
        assert self.process.poll() is None, f"the run ended without {what}:\n{self.text()[-3000:]}"
        return False


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    if reason := slurm.reason_not_to_run():
        (pytest.fail if os.environ.get("NEURODEPTH_CLUSTER_TESTS") == "required" else pytest.skip)(reason)
    slurm.install()
    running = slurm.Slurm(tmp_path_factory.mktemp("slurm"), n_nodes=2, cores=CORES, memory_mb=16000)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def make_copy(project, tmp_path_factory):
    def make(name):
        folder = shutil.copytree(project, tmp_path_factory.mktemp(name) / "project", ignore=NOT_COPIED)
        edit_profiles(folder)
        return folder

    return make


@pytest.fixture(scope="module")
def typed(project):
    """The lines of docs/cluster.md from the login node to the report, without comments."""
    page = (project / "docs" / "cluster.md").read_text()
    block = page.split("## From the login node to the report")[1].split("```bash\n")[1].split("```")[0]
    return [re.sub(r"\s+#.*", "", line) for line in block.splitlines()]


@pytest.fixture(scope="module")
def clone(project, typed, cluster, tmp_path_factory):
    """A clone, made and prepared as the page says, up to the dry run; what is not committed yet is laid over it."""
    folder = tmp_path_factory.mktemp("cluster")
    shell = [line.replace("/a/folder/that/all/nodes/see", str(folder)) for line in typed]
    shell = [line.replace("https://github.com/ORGANISATION/neurodepth", f"{project} neurodepth") for line in shell]
    run_lines(shell[:2], folder, cluster)
    copy = folder / "neurodepth"
    shutil.copytree(project, copy, ignore=NOT_COPIED, dirs_exist_ok=True)
    shutil.rmtree(copy / ".git")  # no commit is what lies here now: shards name none, as those of the local run
    link_environment(copy)  # in place of two minutes of installing
    assert shell[4] == "nano profiles/slurm/config.yaml"
    edit_profiles(copy)
    dry_run = run_lines([*shell[2:4], shell[5]], copy, cluster)
    assert f"{slurm.PARTITION}* {CORES} 16000" in dry_run
    assert "make_report" in dry_run
    return copy


@pytest.fixture(scope="module")
def local(make_copy, cluster):
    """The study's shards, simulated without a cluster."""
    folder = make_copy("local")
    run = Run(folder, cluster, "--cores", "2", *QUICK, "--until", "simulate_trials")
    assert run.end() == 0, run.text()[-3000:]
    return folder


@pytest.fixture(scope="module")
def cancelled(clone, cluster):
    """A run whose simulation was cancelled in the middle, and when each file was finished."""
    folder = clone
    profile = ("--workflow-profile", "profiles/slurm")
    run = Run(folder, cluster, *profile, *QUICK, "--retries", "0", "--until", "simulate_trials")
    log = folder / RESULTS / "logs/simulate_trials/l5pc/nmda/train_0000.log"
    run.wait_for(lambda: log.exists() and "train trial 0" in log.read_text(), "simulated trial")
    (job,) = cluster.jobs("simulate_trials_wildcards_l5pc_nmda_train_0000")
    cluster.call("scancel", job)
    status = run.end()
    return folder, status, run.text(), {path: path.stat().st_mtime_ns for path in shards(folder)}


@pytest.fixture(scope="module")
def completed(cancelled, cluster):
    """The next run: it loses trainings, memory and a node, and comes to its end; its exit status, output and jobs."""
    folder = cancelled[0]
    run = Run(folder, cluster, "--workflow-profile", "profiles/slurm", *QUICK, "--set-resources", TOO_LITTLE)
    left = {job_of(path): (folder / f"{path}.checkpoint" / "history.json") for path in (TRAINING, SLOW_TRAINING)}
    while left:
        name = run.wait_for(lambda: next((name for name, path in left.items() if path.exists()), ""), "checkpoint")
        del left[name]
        (job,) = cluster.jobs(name)
        if name == job_of(TRAINING):
            cluster.call("scancel", job)
        else:  # it comes to no end before the scheduler looks at time limits, as it does twice a minute
            for process in slurm.processes_of(job, "train_network.py"):
                process.send_signal(signal.SIGSTOP)
            cluster.call("scontrol", "update", f"JobId={job}", "EndTime=now+1seconds")
    lost = cluster.nodes[-1]
    run.wait_for(lambda: lost in cluster.jobs("rule_").values(), "job on the second node")
    cluster.kill_node(lost)
    run.wait_for(lambda: "down" in cluster.call("sinfo", "-hN", "-n", lost, "-o", "%T"), "loss of the node")
    cluster.start_node(lost)
    return run.end(), run.text(), cluster.call("squeue", "-h", "--states=all", "-o", "%k: %m")


def test_a_cancelled_simulation_is_named_and_leaves_no_half_shard(cancelled):
    folder, status, output, finished = cancelled
    assert status != 0
    assert "SLURM status is: 'CANCELLED'" in output
    assert folder / SHARD not in finished
    assert len(finished) == 5  # of the study's six


def test_the_study_comes_to_its_report_past_a_cancelled_training_and_a_lost_node(cancelled, completed):
    status, output, _ = completed
    assert status == 0, output[-3000:]
    assert "SLURM status is: 'CANCELLED'" in output
    assert "SLURM status is: 'NODE_FAIL'" in output
    assert "required" in (cancelled[0] / RESULTS / "report.html").read_text()


def test_nothing_that_was_finished_is_made_again(cancelled, completed):
    folder, _, _, finished = cancelled
    assert {path: path.stat().st_mtime_ns for path in shards(folder) if path != folder / SHARD} == finished


def test_a_cancelled_training_goes_on_after_its_last_epoch(cancelled, completed):
    log = cancelled[0] / RESULTS / "logs/train_network/lif/default/depth_2_trials_40_seed_1.log"
    assert "going on after epoch" in log.read_text()


def test_a_training_goes_on_after_the_last_epoch_before_its_time_limit(cancelled, completed):
    assert "SLURM status is: 'TIMEOUT'" in completed[1]
    log = cancelled[0] / RESULTS / "logs/train_network/lif/default/depth_2_trials_20_seed_1.log"
    assert "going on after epoch" in log.read_text()


def test_a_job_that_is_tried_again_asks_for_twice_the_memory(completed):
    for memory in ("3008M", "6016M"):
        assert f"rule_{job_of(TRAINING)}: {memory}" in completed[2]


def test_a_job_that_was_killed_for_its_memory_succeeds_with_more(cancelled, completed, cluster):
    for memory in ("40M", "1280M"):
        assert f"rule_describe_data_wildcards_lif_default: {memory}" in completed[2]
    logs = "".join(path.read_text() for path in (cluster.folder / "log").glob("slurmd-*.log"))
    assert "exceeded memory limit" in logs
    assert (cancelled[0] / RESULTS / "lif/default/statistics.npz").exists()


def test_the_last_lines_of_the_page_show_logs_and_report(cancelled, completed, typed, cluster, tmp_path):
    *_, start, tail, copy = typed
    assert start == "snakemake --workflow-profile profiles/slurm"
    lines = [line.replace("results/", f"{RESULTS}/").replace("~", str(tmp_path)) for line in (tail, copy)]
    assert "train_0000.log" in run_lines(lines, cancelled[0], cluster)
    assert (tmp_path / "report.html").exists()


def test_shards_made_on_the_cluster_are_those_of_a_local_run_byte_for_byte(cancelled, completed, local):
    assert_same_bytes(shards(cancelled[0]), shards(local))


def test_workers_that_dask_submits_make_the_same_shards_though_one_is_cancelled(local, cluster):
    made_here = {path: path.read_bytes() for path in (local / RESULTS / "l5pc").glob("*/trials/*/*.h5")}
    logs = local / RESULTS / "logs/simulate_trials/l5pc/nmda"
    for path in [*made_here, *logs.glob("*.log")]:
        path.unlink()
    workers = {"minimum": 1, "maximum": 2, "memory": "2GB", "walltime": "00:30:00", "queue": slurm.PARTITION}
    overlay = local / "config" / "dask.yaml"
    overlay.write_text(yaml.safe_dump({"parallel": {"engine": "slurm", "slurm": workers}}))
    targets = [str(path.relative_to(local)) for path in made_here]
    run = Run(local, cluster, "--cores", "1", *QUICK, str(overlay.relative_to(local)), "--", *targets)
    run.wait_for(lambda: any("trial 0" in path.read_text() for path in logs.glob("*.log")), "simulated trial")
    # Of this shard or of the next: a shard of few trials is done, and its workers gone, within a second.
    workers_of_run = run.wait_for(lambda: cluster.jobs("dask-worker"), "running worker")
    cluster.call("scancel", next(iter(workers_of_run)))
    assert run.end() == 0, run.text()[-3000:]
    assert "dashboard of the workers: http" in run.text()
    assert {path: path.read_bytes() for path in made_here} == made_here


def test_the_generic_profile_submits_the_same_rules(make_copy, local, cluster):
    folder = make_copy("generic")
    shard = RESULTS / "lif/default/trials/test/0000.h5"
    run = Run(folder, cluster, "--workflow-profile", "profiles/cluster-generic", *QUICK, "--", str(shard))
    assert run.end() == 0, run.text()[-3000:]
    assert (folder / shard).read_bytes() == (local / shard).read_bytes()


def edit_profiles(folder):
    """What a site does to the profiles, and shorter waits."""
    for profile in (folder / "profiles").glob("*/config.yaml"):
        text = profile.read_text()
        for shipped, here in SITE.items():
            text = text.replace(shipped, here)
        profile.write_text(text)


def run_lines(lines, folder, cluster):
    """Type lines into a shell, and give back what they print; the first that fails ends it."""
    environment = cluster.environment | {"PYTHONPATH": str(folder / "src")}
    script = "\n".join(["set -e", *lines])
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


def job_of(training):
    """What a training's SLURM job is called, after `rule_`."""
    cell, variant, _, depth, trials, seed = training.with_suffix("").parts[-6:]
    numbers = [part.split("_")[1] for part in (depth, trials, seed)]
    return "_".join(["train_network_wildcards", cell, variant, *numbers])


def shards(folder):
    return sorted((folder / RESULTS).glob("*/*/trials/*/*.h5"))


def assert_same_bytes(found, expected):
    assert len(found) == len(expected) > 0
    for one, other in zip(found, expected, strict=True):
        assert one.read_bytes() == other.read_bytes(), one
