"""A study that asks for experiments: they are planned for its cells with dendrites, and the report waits for them."""

import re
import subprocess
import sys


def test_experiments_that_a_study_asks_for_are_in_its_report(project, tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", "-n", "--configfile", "config/quick.yaml"),
            *("--config", f"results_path={tmp_path}/results", "experiment_backgrounds=1"),
            *("--", f"{tmp_path}/results/report.html"),
        ],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    )
    output = done.stdout + done.stderr
    assert re.search(r"^run_experiments +1$", output, re.MULTILINE), output[-2000:]  # none on the point neuron
