"""The compiled kernel: `kernel.cpp`, its arguments, and the cache it is compiled into."""

import ctypes
import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from neurodepth.cells.cache import cache_key, cache_path
from neurodepth.cells.mechanisms import CompilationError, processor_key

SOURCE_PATH = Path(__file__).with_name("kernel.cpp")
# Not -ffast-math: a voltage that is not a number must be seen.
FLAGS = ("-O3", "-march=native", "-fno-math-errno", "-std=c++17", "-shared", "-fPIC", "-Wno-psabi")
LANES = 8
_integer, _number, _pointer = ctypes.c_int64, ctypes.c_double, ctypes.c_void_p


class Group(ctypes.Structure):
    """Segments with the same mechanisms; kernel.cpp says what the fields are."""

    _fields_ = (
        *((name, _integer) for name in ("n_segments", "n_blocks", "n_factors", "has_synapses", "has_calcium")),
        ("opened_by_calcium", _integer),
        ("extra_powers", _integer * 2),
        *((name, _pointer) for name in ("table", "node", "power", "calcium_lanes", "calcium_table", "calcium_decay")),
        *((name, _pointer) for name in ("calcium_source", "calcium_gain", "conductance", "reversal", "gate")),
        *((name, _pointer) for name in ("synapse", "calcium", "calcium_conductance", "calcium_reversal")),
    )


class Plan(ctypes.Structure):
    """All that a trial needs; kernel.cpp says what the fields are."""

    _fields_ = (
        *((name, _integer) for name in ("n_nodes", "n_groups", "n_steps", "steps_per_ms", "soma", "n_recorded")),
        *((name, _integer) for name in ("n_events", "second_order")),
        *((name, _number) for name in ("step_ms", "threshold_mv", "lowest_mv", "highest_mv", "rows_per_mv")),
        *((name, _integer) for name in ("calcium_shift", "calcium_first", "calcium_mask")),
        *((name, _number) for name in ("calcium_unit", "lowest_calcium", "highest_calcium")),
        *((name, _pointer) for name in ("parent", "axial", "diagonal", "capacitance", "source")),
        ("groups", ctypes.POINTER(Group)),
        *((name, _pointer) for name in ("synapse_decay", "jumps", "event_step", "event_state", "event_kind")),
        ("event_weight", _pointer),
        *((name, _pointer) for name in ("recorded", "voltage", "work", "recording", "spike_time")),
        *((name, _integer) for name in ("n_spikes", "failed_node")),
    )


def fill(structure: ctypes.Structure, **values: Any) -> None:
    """Set fields of a structure; an array gives its address and must outlive the structure.

    Raises:
        ValueError: If an array is not contiguous.
    """
    for name, value in values.items():
        if isinstance(value, np.ndarray):
            if not value.flags.c_contiguous:
                raise ValueError(f"{name} is not contiguous: the kernel sees an address alone")
            value = value.ctypes.data
        setattr(structure, name, value)


@cache
def load() -> Any:
    """The kernel's function `integrate`, compiled for this processor where the cache does not hold it.

    Raises:
        CompilationError: If there is no C++ compiler, or it fails.
    """
    compiler = os.environ.get("CXX", "c++")
    key = cache_key(compiler, *FLAGS, processor_key(), SOURCE_PATH.read_text())
    path = cache_path() / "kernels" / f"{key}.so"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix="building-") as build:
            built = Path(build) / path.name
            try:
                done = subprocess.run(
                    [compiler, *FLAGS, str(SOURCE_PATH), "-o", str(built)], capture_output=True, text=True
                )
            except FileNotFoundError as error:
                raise CompilationError(f"no C++ compiler '{compiler}': install one, or set CXX to its name") from error
            if done.returncode:
                raise CompilationError(
                    f"{SOURCE_PATH.name}: {compiler} failed (exit {done.returncode}):\n{done.stderr}"
                )
            os.replace(built, path)
    function = ctypes.CDLL(str(path)).integrate
    function.argtypes, function.restype = [ctypes.POINTER(Plan)], ctypes.c_int64
    return function
