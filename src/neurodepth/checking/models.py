"""What is wrong with the files of a foreign model, as far as it shows before they are run."""

import re
from collections.abc import Iterator
from pathlib import Path

from neurodepth import validation
from neurodepth.cells.definition import CellDefinition
from neurodepth.cells.foreign.files import TEMPLATE, find_model, python_program, templates

ENDING = re.compile(r"\bquit\s*\(\s*\)|\b_exit\(")  # calls that end the whole process, in HOC and in Python


def model_faults(cell: CellDefinition, data_path: str | Path) -> list[str]:
    """Faults of the program that a definition names, or why its folder cannot be had."""
    try:
        folder = find_model(cell, data_path)
    except (FileNotFoundError, validation.InvalidFileError) as error:
        return [str(error)]
    return list(_program_faults(cell, folder))


def _program_faults(cell: CellDefinition, folder: Path) -> Iterator[str]:
    model, origin = cell.values["model"], f"{cell.folder}/cell.yaml"
    kind = "hoc" if "hoc" in model else "python"
    path = python_program(cell, folder) if kind == "python" else folder / model["hoc"]["file"]
    if not path.is_file():
        known = sorted(file.name for file in path.parent.glob(f"*{Path(model[kind]['file']).suffix}"))
        yield f"{origin}: model.{kind}.file: no file {path}: {validation.nearest(path.name, known)}"
    elif kind == "hoc":
        template, known = model["hoc"]["template"], templates(folder)
        if template not in known:
            nearest = validation.nearest(template, known)
            yield f"{origin}: model.hoc.template: no template '{template}' in {folder}: {nearest}"
        yield from _open_templates(path)


def _open_templates(path: Path) -> Iterator[str]:
    """Templates that a HOC file begins and does not end: NEURON then ends with the first look at one."""
    text = path.read_text(errors="replace")
    for begun in TEMPLATE.finditer(text):
        name = begun[1]
        if not re.search(rf"^\s*endtemplate\s+{name}\b", text[begun.end() :], re.MULTILINE):
            line = text.count("\n", 0, begun.start(1)) + 1
            yield f"{path}, line {line}: found 'begintemplate {name}', expected 'endtemplate {name}' below it: add it"


def ending_calls(cell: CellDefinition, data_path: str | Path) -> list[str]:
    """Places in the program of a foreign model that end the whole process, for when it has ended without a word."""
    folder = find_model(cell, data_path)
    model = cell.values["model"]
    suffix = Path(model["hoc" if "hoc" in model else "python"]["file"]).suffix
    return [
        f"{path}, line {number}: found '{line.strip()}', which ends the process: take it out, or do without that file"
        for path in sorted(folder.rglob(f"*{suffix}"))
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1)
        if ENDING.search(line.split("//")[0])
    ]
