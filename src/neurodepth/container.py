"""HDF5 files that are complete or refused: written under a temporary name, every dataset with its checksum."""

import hashlib
import io
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import h5py
import numpy as np

FORMAT_VERSION = 2
CURE = "delete it and run snakemake again"
_COMPRESSION = {"compression": "gzip", "compression_opts": 4, "shuffle": True}
_CHUNK_SIZE = 2**18  # elements, of datasets with one dimension


class DatasetError(ValueError):
    """A file that is not a complete one of this format; the message says what to do."""


@dataclass(frozen=True)
class Rows:
    """Rows of an array that are made one at a time, so that the whole never stands in memory.

    Attributes:
        n_rows: How many.
        rows: The rows, all of one shape.
    """

    n_rows: int
    rows: Iterable[np.ndarray]


def write(
    path: Path,
    arrays: Mapping[str, np.ndarray | Rows],
    layout: Mapping[str, tuple[str, str, str]],
    attributes: Mapping[str, str | int],
) -> None:
    """Write a file; the same arguments give the same bytes.

    HDF5 makes the file in memory: on a disk that runs full it would leave a file that it cannot close, and no error
    that names the disk. That takes up to 1.6 times the finished file for as long as it is written: 236 MB for 40 trials
    of 6 s with every dendritic voltage, which are 305 MB in memory and 145 MB on disk.

    Args:
        path: Where to.
        arrays: Datasets by name.
        layout: Type, unit and dimensions of each dataset.
        attributes: Attributes of the file, `format` among them.

    Raises:
        OSError: If the disk is full, say; no part of the file is left on it then.
    """
    content = io.BytesIO()
    with _create(content) as file:
        digests = {name: _store(file, name, values, *layout[name]) for name, values in arrays.items()}
        complete = {**attributes, "format_version": FORMAT_VERSION}
        _set_attributes(file, complete | {"checksum": _checksum(complete, digests)})
    _put(path, content.getbuffer())


def read(
    path: Path,
    expected_format: str,
    skip: Collection[str] = (),
    expected: Mapping[str, str | int] | None = None,
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read and check datasets.

    Args:
        path: The file.
        expected_format: What its attribute `format` must be.
        skip: Datasets to leave out.
        expected: What some attributes must be.

    Returns:
        The datasets and the file's attributes.

    Raises:
        DatasetError: If the file is absent, truncated, damaged, foreign, of another version or of something else.
    """
    arrays = {}
    with _opened(path, expected_format) as file:
        attributes = _attributes(file)
        if other := [name for name, value in (expected or {}).items() if attributes.get(name) != value]:
            wanted, found = (
                ", ".join(f"{name} {one.get(name)}" for name in other) for one in (expected or {}, attributes)
            )
            raise DatasetError(f"{path}: expected {wanted}, found {found}: a file of something else; {CURE}")
        for name, stored in _datasets(file).items():
            if name not in skip:
                arrays[name] = stored[()]
                _compare(path, name, stored, _digest([arrays[name]]))
    return arrays, attributes


def inspect(path: Path, expected_format: str) -> dict[str, dict[str, Any]]:
    """Check all of a file and say what it holds, in little memory.

    Returns:
        For each dataset shape, type, unit, dims and stored_bytes, its size in the file.

    Raises:
        DatasetError: If the file is absent, truncated, damaged, foreign or of another version.
    """
    found = {}
    with _opened(path, expected_format) as file:
        for name, stored in _datasets(file).items():
            _compare(path, name, stored, _digest(stored if stored.ndim > 1 else [stored[()]]))
            found[name] = {
                "shape": stored.shape,
                "type": str(stored.dtype),
                "unit": _attributes(stored)["unit"],
                "dims": _attributes(stored)["dims"],
                "stored_bytes": stored.id.get_storage_size(),
            }
    return found


def _put(path: Path, content: memoryview) -> None:
    """Write a file that is there as a whole or not at all, whatever happens in between."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".incomplete")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # a name that outlives a power cut must not belong to an empty file
        os.replace(temporary, path)
    except OSError as error:
        wanted = f"{error.strerror} for {len(content) / 1e6:.1f} MB"
        raise OSError(error.errno, wanted, str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


def _create(content: io.BytesIO) -> h5py.File:
    """A new file in memory without times of creation, which h5py.File alone cannot leave out of the root group."""
    creation = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    creation.set_obj_track_times(False)
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_fclose_degree(h5py.h5f.CLOSE_STRONG)  # as h5py.File does
    # From version 1.10 on HDF5 keeps checksums of its own structures: a flipped bit in older ones can hang it.
    access.set_libver_bounds(h5py.h5f.LIBVER_V110, h5py.h5f.LIBVER_V110)
    access.set_fileobj_driver(h5py.h5fd.fileobj_driver, content)
    return h5py.File(h5py.h5f.create(b"in memory", h5py.h5f.ACC_TRUNC, creation, access))


@contextmanager
def _opened(path: Path, expected_format: str) -> Iterator[h5py.File]:
    """An open file of the expected format and version; what HDF5 cannot read becomes a DatasetError."""
    if not path.is_file():
        raise DatasetError(f"{path}: no such file; run snakemake to make it")
    try:
        with h5py.File(path) as file:
            _check(path, file, expected_format)
            yield file
    except DatasetError:
        raise
    except (OSError, KeyError, RuntimeError, TypeError, ValueError) as error:  # what h5py raises on damaged files
        raise DatasetError(
            f"{path}: expected a file of {expected_format}, found no readable HDF5 file "
            f"({type(error).__name__}: {error}): if the workflow made it, it is incomplete or damaged; {CURE}"
        ) from error


def _check(path: Path, file: h5py.File, expected_format: str) -> None:
    attributes = _attributes(file)
    if attributes.get("format") != expected_format:
        found = attributes.get("format", "no format attribute")
        raise DatasetError(f"{path}: expected format '{expected_format}', found '{found}': not such a file")
    if attributes["format_version"] != FORMAT_VERSION:
        raise DatasetError(
            f"{path}: expected format version {FORMAT_VERSION}, found {attributes['format_version']}: "
            f"written by another version of neurodepth; {CURE}"
        )
    checksum = attributes.pop("checksum")
    if checksum != _checksum(
        attributes, {name: _attributes(stored)["checksum"] for name, stored in _datasets(file).items()}
    ):
        raise DatasetError(
            f"{path}: the checksum does not match the datasets' names and the attributes: "
            f"the file is incomplete or damaged; {CURE}"
        )


def _compare(path: Path, name: str, stored: h5py.Dataset, digest: str) -> None:
    if digest != _attributes(stored)["checksum"]:
        raise DatasetError(f"{path}: the checksum of {name} does not match its content: the file is damaged; {CURE}")


def _store(file: h5py.File, name: str, values: np.ndarray | Rows, kind: str, unit: str, dims: str) -> str:
    """Write one dataset and return its checksum."""
    if isinstance(values, Rows):
        rows = (np.ascontiguousarray(row, kind) for row in values.rows)
        first = next(rows)
        stored = file.create_dataset(
            name, (values.n_rows, *first.shape), kind, chunks=(1, *first.shape), **_COMPRESSION
        )
        key = hashlib.sha256()
        for number, row in enumerate(chain([first], rows)):
            stored[number] = row
            key.update(_bytes(row))
        digest = key.hexdigest()
    else:
        typed = np.ascontiguousarray(values, kind)
        chunks = (1, *typed.shape[1:]) if typed.ndim > 1 else (min(typed.size, _CHUNK_SIZE),)
        stored = file.create_dataset(name, data=typed, **({"chunks": chunks, **_COMPRESSION} if typed.size else {}))
        digest = _digest([typed])
    _set_attributes(stored, {"unit": unit, "dims": dims, "checksum": digest})
    return digest


def _digest(parts: Iterable[np.ndarray]) -> str:
    key = hashlib.sha256()
    for part in parts:
        key.update(_bytes(part))
    return key.hexdigest()


def _bytes(array: np.ndarray) -> memoryview:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data  # no copy: recordings can be gigabytes


def _checksum(attributes: Mapping[str, Any], digests: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps([attributes, digests], sort_keys=True).encode()).hexdigest()


def _datasets(file: h5py.File) -> dict[str, h5py.Dataset]:
    return {name: file[name] for name in file}  # file.items() gives None for what is damaged, this raises KeyError


def _set_attributes(stored: h5py.File | h5py.Dataset, attributes: Mapping[str, str | int]) -> None:
    """Set attributes, with text of fixed length: HDF5 keeps other text in a heap without checksums."""
    for name, value in attributes.items():
        stored.attrs[name] = np.bytes_(value.encode()) if isinstance(value, str) else value


def _attributes(stored: h5py.File | h5py.Dataset) -> dict[str, Any]:
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in stored.attrs.items()}
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in plain.items()}
