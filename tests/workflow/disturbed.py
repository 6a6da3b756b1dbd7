"""A small study whose runs are disturbed, for the tests of faults."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import yaml

NOT_COPIED = shutil.ignore_patterns(".*", "results", "tests", "docs", "benchmarks", "*_cache", "__pycache__")
SNAKEMAKE = [sys.executable, "-m", "snakemake"]
STUDY = ["--configfile", "config/fault.yaml"]
N_TRIALS = 4
DURATION_MS = 1000
PATIENCE_S = 90


class Study:
    """A small study in a copy of the project, and the runs of its workflow.

    Attributes:
        folder: The copy.
        shards: The training shards of the pyramidal cell.
        point: Folder of the point neuron's trials.
    """

    def __init__(self, project, folder, trials_per_shard=2, **settings):
        self.folder = shutil.copytree(project, folder / "project", ignore=NOT_COPIED)
        self.trials = self.folder / "results" / "l5pc" / "nmda" / "trials" / "train"
        self.point = self.folder / "results" / "lif" / "default" / "trials"
        trials = {"train": N_TRIALS, "validation": 2, "test": 2}
        cell = {"cell": "l5pc", "variant": "nmda", "network": "tcn", "trials": trials, "updates": 1}
        point = {"cell": "lif", "variant": "default", "network": "point", "updates": 1}
        point["trials"] = {"train": 200, "validation": 2, "test": 2}
        study = {
            "conditions": [cell, point],
            "simulation": {
                "duration_ms": DURATION_MS,
                "trials_per_shard": trials_per_shard,
                "dendrite_components": 0,
            },
            "training": {"window_ms": 400},
        }
        study["simulation"] |= settings
        (self.folder / "config" / "fault.yaml").write_text(yaml.safe_dump(study))
        self._running = []
        n_shards = -(-N_TRIALS // trials_per_shard)
        self.shards = [self.trials / f"{number:04d}.h5" for number in range(n_shards)]

    def start(self, *targets):
        """Start Snakemake on files of the study, by default both training shards of the pyramidal cell."""
        targets = [os.path.relpath(target, self.folder) for target in targets or self.shards]
        with (self.folder / "output.txt").open("w") as output:
            running = subprocess.Popen(
                [*SNAKEMAKE, "--cores", "2", *STUDY, "--", *targets],
                cwd=self.folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running.append(running)
        return running

    def end(self):
        """Leave nothing running, whatever a test has come to."""
        for running in self._running:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()

    def output(self):
        return (self.folder / "output.txt").read_text()

    def complete(self, *targets):
        assert self.start(*targets).wait(PATIENCE_S) == 0, self.output()[-3000:]

    def fail(self, *targets, message):
        """Run, and find the message on the screen, and no traceback of a job."""
        assert self.start(*targets).wait(PATIENCE_S) != 0
        output = self.output()
        assert re.search(message, output), output[-3000:]
        assert "Traceback (most recent" not in output
        assert "Exception ignored" not in output

    def unlock(self):
        subprocess.run([*SNAKEMAKE, "--unlock", *STUDY], cwd=self.folder, check=True, capture_output=True)


def wait_for(condition, what):
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, f"no {what} after {PATIENCE_S} s"
        time.sleep(0.02)
    return found
