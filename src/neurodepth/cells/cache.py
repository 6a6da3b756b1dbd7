"""The cache of what is made once on this machine: compiled mechanisms and kernels, unpacked models."""

import hashlib
import os
from pathlib import Path

import platformdirs

CACHE_VARIABLE = "NEURODEPTH_CACHE"


def cache_path() -> Path:
    """Folder of the cache: NEURODEPTH_CACHE, or the user's cache folder of this system."""
    return Path(os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("neurodepth"))


def cache_key(*parts: str | bytes) -> str:
    """Name in the cache of what is built from these parts."""
    key = hashlib.sha256()
    for part in parts:
        key.update((part.encode() if isinstance(part, str) else part) + b"\0")
    return key.hexdigest()[:16]


def keep(made: Path, folder: Path) -> None:
    """Give a folder that was made aside its place in the cache, whole."""
    # ASSUME two processes that finish together made the same: the second rename loses, harmlessly.
    try:
        os.rename(made, folder)
    except OSError:
        if not folder.is_dir():
            raise
