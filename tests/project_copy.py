"""A copy of the project for tests that run its workflow."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", ".snakemake", "results", "tests", "docs", "*_cache", "__pycache__")


def copy_project(folder):
    """Copy the project without results; the environment of these tests is its environment, as `make run` leaves it."""
    shutil.copytree(PROJECT, folder, ignore=NOT_COPIED)
    link_environment(folder)
    return folder


def link_environment(folder):
    """Give a copy the environment of these tests, which make then takes for its own."""
    (folder / ".venv").mkdir()
    for part in ("bin", "lib", "pyvenv.cfg"):
        (folder / ".venv" / part).symlink_to(Path(sys.prefix, part))
    (folder / ".venv" / "run.stamp").touch()
    (folder / ".venv" / "test.stamp").touch()


def snakemake(folder, *arguments, check=True, cores=2, **environment):
    """Run Snakemake there, with so many cores or what a profile says: exit status and all that it printed."""
    given = [] if cores is None else ["--cores", str(cores)]
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *given, *arguments],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=580,
    )
    output = done.stdout + done.stderr
    assert not check or done.returncode == 0, output[-4000:]
    return done.returncode, output
