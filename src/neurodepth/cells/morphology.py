"""Morphology files: found on this machine, or fetched from where they were published."""

import hashlib
import io
import logging
import os
import shutil
import urllib.request
import zipfile
from collections.abc import Sequence
from pathlib import Path

from neurodepth.cells.definition import CellDefinition
from neurodepth.validation import InvalidFileError

DATA_VARIABLE = "NEURODEPTH_DATA"
TIMEOUT_S = 30
log = logging.getLogger(__name__)


def find_morphology(definition: CellDefinition, data_path: str | Path = "data") -> Path:
    """Locate the morphology file of a compartmental cell.

    Looks beside the cell.yaml that names it, then in `data_path/morphologies/`, then in the folder that NEURODEPTH_DATA names.

    Raises:
        FileNotFoundError: If none holds it; the message says which file to put where.
        InvalidFileError: If a file was found but its checksum differs from the definition's.
    """
    path = _look_for(definition, data_path)
    if path is None:
        name = definition.values["morphology"]["path"]
        raise FileNotFoundError(f"{definition.name}: morphology {name} not found. {_by_hand(definition, data_path)}")
    return path


def obtain(definition: CellDefinition, output_path: Path) -> None:
    """Put a morphology at `output_path`: a copy of the one on this machine, else the published one.

    Raises:
        ConnectionError: If it is not here and cannot be fetched; the message says which file to put where.
        InvalidFileError: If what was found or fetched is not the published file.
    """
    found = _look_for(definition, output_path.parent.parent)
    output_path.parent.mkdir(parents=True, exist_ok=True)
    temporary = output_path.with_name(output_path.name + ".incomplete")
    fetch = definition.values["morphology"]["fetch"]
    if found is not None:
        log.info("%s: copied from %s", output_path, found)
        shutil.copy(found, temporary)
    else:
        log.info("%s: fetching %s", output_path, fetch["url"])
        temporary.write_bytes(_fetch(definition, output_path.parent.parent))
    check_sha256(temporary, fetch["sha256"])
    os.replace(temporary, output_path)


def check_sha256(path: Path, expected: str | None) -> None:
    """Check that a file is the published one, where its checksum is known.

    Raises:
        InvalidFileError: If it is another.
    """
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if expected and found != expected:
        raise InvalidFileError(f"{path}: sha256 is {found}, expected {expected}: not the published file; replace it")


def look_for(name: str, folders: Sequence[Path], sha256: str | None) -> Path | None:
    """Find a file in the first of some folders, then of the one that NEURODEPTH_DATA names, that holds it.

    Raises:
        InvalidFileError: If what was found has another checksum than the published file.
    """
    own = [Path(os.environ[DATA_VARIABLE])] if DATA_VARIABLE in os.environ else []
    for folder in [*folders, *own]:
        path = folder / name
        if path.is_file():
            check_sha256(path, sha256)
            return path
    return None


def _look_for(definition: CellDefinition, data_path: str | Path) -> Path | None:
    morphology = definition.values["morphology"]
    folders = [definition.morphology_folder or definition.folder, Path(data_path) / "morphologies"]
    return look_for(morphology["path"], folders, morphology.get("fetch", {}).get("sha256"))


def _fetch(definition: CellDefinition, data_path: Path) -> bytes:
    fetch = definition.values["morphology"]["fetch"]
    try:
        with urllib.request.urlopen(fetch["url"], timeout=TIMEOUT_S) as response:  # noqa: S310 the URL is the cell's own
            archive = zipfile.ZipFile(io.BytesIO(response.read()))
        member = next(name for name in archive.namelist() if name.endswith(fetch["member"]))
        return archive.read(member)
    except (OSError, zipfile.BadZipFile, StopIteration) as error:
        raise ConnectionError(
            f"{definition.name}: could not fetch {fetch['member']} from {fetch['url']} ({error!r}). {_by_hand(definition, data_path)}"
        ) from error


def _by_hand(definition: CellDefinition, data_path: str | Path) -> str:
    morphology = definition.values["morphology"]
    fetch = morphology.get("fetch")
    own = "" if fetch else f"into {definition.morphology_folder or definition.folder}/, or "
    source = f" It is {fetch['member']} in {fetch['url']} (sha256 {fetch['sha256']})." if fetch else ""
    return (
        f"Put {morphology['path']} {own}into {data_path}/morphologies/, or set {DATA_VARIABLE} to the folder that holds "
        f"it.{source}"
    )
