"""All that is wrong with configurations, cells, networks and data sets, said before anything is simulated.

Each fault is a line that says where, what was expected, what was found and what to do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from neurodepth import configuration, networks, project, validation
from neurodepth.checking.cells import cell_faults, to_fetch
from neurodepth.checking.shards import shard_faults

STUDY_FILES = ("config.yaml", "config/**/*.yaml", "models/cells/*/cell.yaml", "models/networks/*.yaml")
NETWORK_TYPES = networks.STACKS + networks.OTHERS


@dataclass(frozen=True)
class Checked:
    """One thing that was checked.

    Attributes:
        path: Of the file or folder.
        kind: configuration, cell, network, data set or unknown.
        faults: What is wrong with it; none if it is good.
        to_fetch: What keeps a published cell from being looked at: a file that the workflow would fetch.
    """

    path: str
    kind: str
    faults: list[str]
    to_fetch: str = ""


def check(paths: Sequence[str | Path], data_path: str | Path = "data") -> Iterator[Checked]:
    """Check files and folders, one after the other.

    Args:
        paths: Configurations, cells, networks, shards (which form one data set) and folders: of a cell, of a study, or
            of shards, where every `trials/` is a data set. What is no file may be the name of a cell.
        data_path: The user's data folder, searched for morphologies.
    """
    shards = [Path(path) for path in paths if Path(path).suffix == ".h5"]
    for path in map(Path, paths):
        if path in shards:
            continue
        if not path.exists():
            try:
                path = project.find_cell(str(path))
            except validation.InvalidFileError as error:
                yield Checked(str(path), "unknown", [f"{path}: no such file or folder, and {error}"])
                continue
        yield from _folder(path, data_path) if path.is_dir() else _file(path, data_path)
    if shards:
        yield Checked(f"{shards[0]}{' ...' if shards[1:] else ''}", "data set", shard_faults(shards))


def _folder(path: Path, data_path: str | Path) -> Iterator[Checked]:
    if (path / "cell.yaml").is_file():
        yield Checked(str(path), "cell", cell_faults(path, data_path))
    elif study := [file for pattern in STUDY_FILES for file in sorted(path.glob(pattern))]:
        for file in study:
            published = to_fetch(file.parent, data_path) if file.name == "cell.yaml" else ""
            yield from [Checked(str(file.parent), "cell", [], published)] if published else _file(file, data_path)
    elif sets := _data_sets(path):
        for folder, shards in sets.items():
            yield Checked(str(folder), "data set", shard_faults(shards))
    else:
        fault = f"{path}: expected a cell, a study or shards, found none of their files: name another folder"
        yield Checked(str(path), "unknown", [fault])


def _data_sets(path: Path) -> dict[Path, list[Path]]:
    """Shards below a folder: those of each `trials/` in one data set, else those that lie in the folder itself."""
    sets: dict[Path, list[Path]] = {}
    for shard in sorted(path.rglob("*.h5")):
        if shard.parents[1].name == "trials":
            sets.setdefault(shard.parents[1], []).append(shard)
    return sets or ({path: own} if (own := sorted(path.glob("*.h5"))) else {})


def _file(path: Path, data_path: str | Path) -> Iterator[Checked]:
    if path.name == "cell.yaml":
        yield Checked(str(path.parent), "cell", cell_faults(path.parent, data_path))
        return
    try:
        content = validation.read_yaml(path)
    except validation.InvalidFileError as error:
        yield Checked(str(path), "unknown", [str(error)])
        return
    if content.get("type") in NETWORK_TYPES:
        yield Checked(str(path), "network", validation.faults(content, "network", str(path)))
        return
    own = path.parent / project.MODELS  # of a study's folder
    models = own if own.is_dir() else Path(project.MODELS)
    yield Checked(str(path), "configuration", configuration.faults(configuration.read([path]), models, str(path)))
