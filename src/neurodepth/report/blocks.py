"""Blocks of numbers inside the page: compressed text that the browser unpacks when it is looked at.

A block is base64 of gzip of: the length of a JSON header (little-endian uint32), the header padded with spaces to a
multiple of eight bytes in all, and the arrays, each starting at a multiple of eight. scripts/blocks.js reads it.
"""

import base64
import gzip
import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

ALIGNMENT = 8  # bytes; what the widest number in a browser's typed arrays needs
COMPRESSION = 6  # 9 takes six times as long and saves a twenty-fifth


@dataclass(frozen=True)
class Steps:
    """Numbers kept as whole steps, in an eighth or a quarter of their size: value = offset + step * count.

    Attributes:
        count: Of steps, int8, uint8, int16 or uint16, any shape.
        step: Size of one.
        offset: Value of count 0.
        is_summed: Whether counts are differences: a value is then the sum of its own and those before it.
    """

    count: np.ndarray
    step: float
    offset: float = 0.0
    is_summed: bool = False


def in_steps(values: np.ndarray, n_steps: int = 254) -> Steps:
    """Round numbers to at most so many steps between their least and largest: int8 or, above 254 steps, int16."""
    finite = values[np.isfinite(values)].astype(float)
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    step = (high - low) / n_steps or 1.0
    centre = (low + high) / 2
    count = np.round((np.nan_to_num(values.astype(float), nan=centre) - centre) / step)
    return Steps(count.astype(np.int8 if n_steps <= 254 else np.int16), float(step), float(centre))


def in_differences(values: np.ndarray) -> Steps:
    """Whole numbers that mostly rise slowly, such as sorted times: their differences compress well."""
    kind = np.int16 if values.max(initial=0) < 2**15 else np.int32
    return Steps(np.diff(values.astype(kind), prepend=kind(0)), 1.0, is_summed=True)


def pack(values: Mapping[str, Any]) -> str:
    """Pack arrays, and what JSON can hold, under names.

    Args:
        values: Arrays and Steps are kept as binary numbers (float64 as float32, int64 as int32), arrays of strings and
            everything else as JSON.
    """
    header: dict[str, dict[str, Any]] = {}
    content = bytearray()
    for name, value in values.items():
        steps = value if isinstance(value, Steps) else None
        array = steps.count if steps else value
        if not isinstance(array, np.ndarray) or array.dtype.kind in "UO":
            header[name] = {"value": array.tolist() if isinstance(array, np.ndarray) else array}
            continue
        array = _narrowed(array)
        header[name] = {"type": array.dtype.name, "shape": array.shape, "at": len(content)}
        if steps:
            header[name] |= {"step": steps.step, "offset": steps.offset, "summed": steps.is_summed}
        content += array.tobytes()
        content += bytes(-len(content) % ALIGNMENT)
    text = json.dumps(header, allow_nan=False).encode()
    text += b" " * (-(len(text) + 4) % ALIGNMENT)
    whole = struct.pack("<I", len(text)) + text + content
    return compress(whole)


def compress(content: bytes) -> str:
    """Base64 of gzip, the same for the same content."""
    return base64.b64encode(gzip.compress(content, COMPRESSION, mtime=0)).decode()


def richest(candidates: Iterable[str], limit: int) -> str:
    """The first block that is no longer than a limit, in characters; else the last. Later ones are not made."""
    block = ""
    for block in candidates:
        if len(block) <= limit:
            break
    return block


def _narrowed(array: np.ndarray) -> np.ndarray:
    """The array in a type that browsers have, in row-major order."""
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind == "b":
        array = array.astype(np.uint8)
    elif kind == "f" and size != 4:
        array = array.astype(np.float32)
    elif kind in "iu" and size == 8:
        array = array.astype(np.int32)
    return np.ascontiguousarray(array).reshape(array.shape)  # it would give a single number a dimension
