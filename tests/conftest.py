"""What tests share: the project, the finished quick study, reference data where present, a process of their own for NEURON."""

import fcntl
import multiprocessing
import os
import subprocess
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.project_copy import PROJECT, copy_project


@pytest.fixture(scope="session")
def project() -> Path:
    return PROJECT


@pytest.fixture(scope="session")
def quick_study(tmp_path_factory, worker_id):
    """The quick study, finished as the README says, for tests to copy; nobody writes here.

    The processes that share out the tests share it: the first one makes it, the others wait.
    """
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    folder, finished = shared / "quick" / "neurodepth", shared / "quick_is_finished"
    with (shared / "quick.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            copy_project(folder)
            done = subprocess.run(
                ["make", "run", "CONFIG=config/quick.yaml"], cwd=folder, capture_output=True, text=True, timeout=900
            )
            assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
            finished.touch()
    return folder


@pytest.fixture(scope="session")
def reference() -> Path:
    path = Path(os.environ.get("NEURODEPTH_REFERENCE", PROJECT.parent / "shared" / "reference"))
    if not (path / "l5pc_trials.h5").is_file():
        pytest.skip(f"reference data of the published cell not found in {path}")
    os.environ["NEURODEPTH_DATA"] = str(path)
    return path


@pytest.fixture(scope="session")
def isolated():
    """Run a function of a module in a new process: NEURON simulates every cell that its process holds."""

    def run(function, *arguments):
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            return pool.submit(function, *arguments).result()

    return run
