"""What tests share: the project's folder, the reference data where it is present, a process of their own for NEURON."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def project() -> Path:
    return PROJECT


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
