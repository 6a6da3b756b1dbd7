"""The HOC template or Python function of a foreign model, run so that it can disturb nothing else in the process."""

import contextlib
import io
import os
import random
import re
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from neuron import h

from neurodepth.cells.definition import CellDefinition
from neurodepth.cells.foreign.files import python_program, templates
from neurodepth.validation import InvalidFileError, nearest

# What NEURON's standard run system keeps for the whole process.
GLOBALS = ("celsius", "dt", "secondorder", "steps_per_ms", "t", "tstop", "v_init")
COMPLAINT = re.compile(r"^NEURON: (.+)\n(?: in (\S+) near line (\d+))?", re.MULTILINE)
REMEDIES = (  # by what NEURON says
    (r"is not a template", "compile a mechanism of that name, or name it under model.left_out if the cell does without"),
    (r"is not a MECHANISM", "no file in model.mechanisms declares it: add it there, or take it out of model.left_out"),
    (r"Couldn't find|Can't open", "correct the name; a program starts in model.path"),
)  # fmt: skip
_loaded: list[Path] = []


def instantiate(definition: CellDefinition, folder: Path) -> Any:
    """Make a foreign model from its program; temperature, time step and the like stay as they were.

    Args:
        definition: The cell.
        folder: Of the model's files, in which the program runs.

    Returns:
        The object of its template, or what its function gives.

    Raises:
        InvalidFileError: If the program lacks the template or function, or fails.
        RuntimeError: If this process holds other sections, which a program may delete, or another model's program.
    """
    origin, model = f"{definition.folder}/cell.yaml", definition.values["model"]
    if n_sections := sum(1 for _ in h.allsec()):
        raise RuntimeError(
            f"this process holds {n_sections} sections, which the program of {definition.name} may delete: let the other "
            "cell go, or use a process each"
        )
    if "hoc" in model and _loaded and _loaded[0] != folder:
        raise RuntimeError(
            f"this process has loaded the HOC files of {_loaded[0]} and cannot unload them: build {definition.name} in a "
            "process of its own"
        )
    with _undisturbed(folder) as said:
        if "hoc" in model:
            return _from_template(model, folder, origin, said)
        return _from_function(model["python"], python_program(definition, folder), origin)


@contextlib.contextmanager
def _undisturbed(folder: Path) -> Iterator[io.StringIO]:
    """Run a program in its folder, and put back what it may change of the process; gives what it prints."""
    said, here, path = io.StringIO(), Path.cwd(), list(sys.path)
    kept = {name: getattr(h, name) for name in GLOBALS}
    draws = random.getstate(), np.random.get_state()  # noqa: NPY002 a program may use the global state
    os.chdir(folder)
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            yield said
    finally:
        os.chdir(here)
        sys.path[:] = path
        random.setstate(draws[0])
        np.random.set_state(draws[1])  # noqa: NPY002
        h.cvode_active(0)
        for name, value in kept.items():
            setattr(h, name, value)


def _from_template(model: dict[str, Any], folder: Path, origin: str, said: io.StringIO) -> Any:
    program, template = model["hoc"], model["hoc"]["template"]
    path = folder / program["file"]
    try:
        if not _loaded:
            _load(program["file"], model.get("left_out", []))
            _loaded.append(folder)
    except RuntimeError as error:
        raise InvalidFileError(f"{path}: {_explain(said.getvalue(), error)}") from error
    if not hasattr(h, template):
        raise InvalidFileError(
            f"{origin}: model.hoc.template: no template '{template}' in {path}: {nearest(template, templates(folder))}"
        )
    try:
        return getattr(h, template)(*program.get("arguments", []))
    except RuntimeError as error:
        raise InvalidFileError(f"{path}: template {template}: {_explain(said.getvalue(), error)}") from error


def _load(file: str, left_out: list[str]) -> None:
    """Load a HOC file; where it names a mechanism that is left out, it finds an empty template of that name."""
    for name in left_out:
        if not hasattr(h, name):
            h(f"begintemplate {name}\nendtemplate {name}\n")
    h.load_file(file)


def _from_function(program: dict[str, Any], path: Path, origin: str) -> Any:
    name = program["function"]
    sys.path.insert(0, str(path.parent))
    try:
        module = runpy.run_path(str(path))
        if name in module:
            return module[name](**program.get("arguments", {}))
    except (Exception, SystemExit) as error:  # whatever somebody's program raises
        raise InvalidFileError(
            f"{path}: {name}: expected a model, found {type(error).__name__}: {error}: correct the program or "
            "model.python.arguments"
        ) from error
    known = [one for one, value in module.items() if callable(value)]
    raise InvalidFileError(f"{origin}: model.python.function: no function '{name}' in {path}: {nearest(name, known)}")


def _explain(said: str, error: RuntimeError) -> str:
    """What NEURON says first of a program, with the place and what to do."""
    if not (complaint := COMPLAINT.search(said)):
        return f"{error}: correct the file or model.hoc.arguments"
    message, file, line = complaint.groups()
    remedy = next((remedy for pattern, remedy in REMEDIES if re.search(pattern, message)), None)
    where = f"{file}, line {line}: " if file else ""
    return f"{where}NEURON says '{message}': {remedy or 'correct the file or model.hoc.arguments'}"
