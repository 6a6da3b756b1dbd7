"""Where a result comes from: versions, commit and digests that travel in every result file."""

import hashlib
import json
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = ("neurodepth", "neuron", "numpy", "h5py", "tensorflow-cpu", "tensorflow", "keras", "snakemake")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that a result depends on, where installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def commit() -> str:
    """Commit of the source tree, with `-modified` where files differ from it; `unknown` outside a checkout."""
    folder = Path(__file__).parents[2]
    if not (folder / ".git").exists():  # git would look further up, and find the project of whoever installed the wheel
        return "unknown"
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty=-modified", "--abbrev=12", "--exclude=*"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip() or "unknown"


def processor() -> str:
    """Name of the processor, as the operating system gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def digest(content: Any) -> str:
    """Short digest of anything that JSON can hold; the same for the same content."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def code_digest(*modules: str) -> str:
    """Digest of source files of this package, so that a change in the code makes results stale.

    Args:
        modules: Paths below `src/neurodepth`; a folder stands for all files in it.
    """
    root = Path(__file__).parent
    key = hashlib.sha256()
    for module in sorted(modules):
        path = root / module
        if not path.exists():
            raise FileNotFoundError(f"{path}: a rule's code digest names a module that does not exist")
        for file in sorted(_sources(path)):
            key.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return key.hexdigest()[:16]


def _sources(path: Path) -> list[Path]:
    return [file for file in path.rglob("*") if file.is_file() and file.suffix != ".pyc"] if path.is_dir() else [path]
