"""Files that the project ships beside its library: the workflow, the default study, definitions of cells and networks.

A study may lie in a folder of its own (`neurodepth new`): what its `models/` lacks is taken from the project's.
"""

from collections.abc import Iterable
from pathlib import Path

from neurodepth import validation

PACKAGE = Path(__file__).resolve().parent
PLACES = (PACKAGE.parents[1], PACKAGE / "project_files")  # a checkout, an installed wheel
MODELS = "models"  # of a study, from its folder
CELLS, NETWORKS = "cells", "networks"


def folder() -> Path:
    """Folder of the Snakefile, with config/, models/, profiles/, scripts/ and workflow/.

    Raises:
        FileNotFoundError: If the library was installed without them.
    """
    for place in PLACES:
        if (place / "Snakefile").is_file() and (place / "workflow").is_dir():
            return place
    raise FileNotFoundError(
        f"expected the project's Snakefile and workflow/ in {' or '.join(map(str, PLACES))}, found neither: install "
        "neurodepth from its wheel, or from a checkout with pip install --editable FOLDER"
    )


def default_study() -> Path:
    """The complete configuration that studies are laid over: that of the working folder, else the project's.

    As the Snakefile says: `config/default.yaml` in a checkout, `config.yaml` in a folder that `neurodepth new` made.
    """
    default, own = Path("config/default.yaml"), Path("config.yaml")
    if default.is_file():
        return default
    return own if own.is_file() and Path("Snakefile").is_file() else folder() / default


def find_cell(name: str, models_path: str | Path = MODELS) -> Path:
    """Folder of a cell.

    Args:
        name: Of the cell.
        models_path: The study's own definitions, looked at first.

    Raises:
        InvalidFileError: If there is none of that name; the message says what it may have meant.
    """
    return _find(CELLS, "cell", name, name, models_path)


def find_network(name: str, models_path: str | Path = MODELS, kind: str = "network") -> Path:
    """Definition of a network.

    Args:
        name: Of the network.
        models_path: The study's own definitions, looked at first.
        kind: What the message calls it.

    Raises:
        InvalidFileError: If there is none of that name; the message says what it may have meant.
    """
    return _find(NETWORKS, kind, name, f"{name}.yaml", models_path)


def cells(models_path: str | Path = MODELS) -> dict[str, Path]:
    """Folders of all cells that a study can name, by name."""
    return {path.parent.name: path.parent for path in _all(CELLS, "*/cell.yaml", models_path)}


def networks(models_path: str | Path = MODELS) -> dict[str, Path]:
    """Definitions of all networks that a study can name, by name."""
    return {path.stem: path for path in _all(NETWORKS, "*.yaml", models_path)}


def own_definitions(cell_names: Iterable[str], network_names: Iterable[str]) -> list[str]:
    """Which of these cells and networks a study brings in the `models/` of its folder, the working one.

    Returns:
        Their paths from that folder; none in a checkout, whose `models/` is the project's.
    """
    if Path("workflow").is_dir():
        return []
    found = [find_cell(name) for name in dict.fromkeys(cell_names)]
    found += [find_network(name) for name in dict.fromkeys(network_names)]
    return [path.as_posix() for path in found if not path.is_relative_to(folder())]


def _find(group: str, kind: str, name: str, file_name: str, models_path: str | Path) -> Path:
    own = Path(models_path) / group / file_name
    if own.exists():
        return own
    known = cells(models_path) if group == CELLS else networks(models_path)
    if name not in known:
        raise validation.InvalidFileError(f"no {kind} '{name}': {validation.nearest(name, sorted(known))}")
    return known[name]


def _all(group: str, pattern: str, models_path: str | Path) -> list[Path]:
    """Shipped definitions, then the study's own, which replace those of their name."""
    return sorted((folder() / MODELS / group).glob(pattern)) + sorted((Path(models_path) / group).glob(pattern))
