"""What is wrong with the files of a foreign model, as far as it shows before they are run."""

from collections.abc import Iterator
from pathlib import Path

from neurodepth import validation
from neurodepth.cells.definition import CellDefinition
from neurodepth.cells.foreign.files import find_model, templates


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
    path = folder / model[kind]["file"]
    if not path.is_file():
        known = sorted(file.name for file in path.parent.glob(f"*{Path(model[kind]['file']).suffix}"))
        yield f"{origin}: model.{kind}.file: no file {path}: {validation.nearest(path.name, known)}"
    elif kind == "hoc" and model["hoc"]["template"] not in (known := templates(folder)):
        template = model["hoc"]["template"]
        yield f"{origin}: model.hoc.template: no template '{template}' in {folder}: {validation.nearest(template, known)}"
