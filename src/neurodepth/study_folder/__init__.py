"""A folder for a study of one's own: its configuration, and a Snakefile that imports the workflow as a module."""

import re
import string
from importlib import resources
from pathlib import Path

from neurodepth import project
from neurodepth.cells import definition

HEADER = """\
# The settings of this study, complete: those of the default study of neurodepth, to be changed. `neurodepth check .` says
# what is wrong with them, `neurodepth plan config.yaml` what they will take. Units stand at the end of every key.

"""
CONDITIONS = re.compile(r"^conditions:.*\n(?:(?: .*)?\n)*?(?=\S)", re.MULTILINE)  # the block, up to the next key
CONDITION = re.compile(r"^  - cell: (\w+)\n(?:    .*\n)+", re.MULTILINE)


def create(folder: str | Path, cell: str | None = None) -> list[Path]:
    """Make the folder of a study.

    Args:
        folder: Where; it must be absent or empty.
        cell: The only neuron of the study, with all its conditions in the default study; None takes all of that study.

    Returns:
        The files, sorted.

    Raises:
        FileExistsError: If the folder holds something.
        InvalidFileError: If there is no such cell.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"{folder}: expected an empty folder or none, found something there: choose another name")
    names = {"name": folder.resolve().name, "project": str(project.folder())}
    shipped = resources.files(__package__)
    files = {
        "config.yaml": _configuration(cell),
        "Snakefile": shipped.joinpath("Snakefile").read_text(),
        "README.md": string.Template(shipped.joinpath("README.md").read_text()).substitute(names),
        ".gitignore": shipped.joinpath("gitignore").read_text(),
        "profiles/default/config.yaml": (project.folder() / "profiles/default/config.yaml").read_text(),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return sorted(folder / name for name in files)


def _configuration(cell: str | None) -> str:
    """Text of the default study, with its comments."""
    text = (project.folder() / "config/default.yaml").read_text()
    text = HEADER + re.sub(r"\A(#.*\n)+\n*", "", text)
    return text if cell is None else CONDITIONS.sub(lambda found: _conditions_of(cell, found[0]), text)


def _conditions_of(cell: str, block: str) -> str:
    """The block `conditions:` with one neuron; a cell that it does not name gets the numbers of one of its kind."""
    first_line = block.splitlines(keepends=True)[0]
    entries: dict[str, list[str]] = {}
    for found in CONDITION.finditer(block):
        entries.setdefault(found[1], []).append(found[0])
    chosen = definition.read(project.find_cell(cell))
    if cell not in entries:
        like = next(one for one in entries if _is_point(definition.read(project.find_cell(one))) == _is_point(chosen))
        entry = entries[like][0].replace(f"cell: {like}\n", f"cell: {cell}\n", 1)
        entries[cell] = [re.sub(r"variant: \w+", f"variant: {chosen.variant}", entry, count=1)]
    return first_line + "".join(entries[cell]) + "\n"


def _is_point(cell: definition.CellDefinition) -> bool:
    return cell.values["type"] == "point"
