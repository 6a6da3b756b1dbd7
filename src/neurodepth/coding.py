"""Events and recordings as few bytes and back; docs/data_format.md is the contract."""

import hashlib

import numpy as np

from neurodepth.cells.trial import Events

ESCAPE = 255  # a byte of the event code that skips this many cells of the raster and holds no event
# A power of two, so that every multiple is exact in float32. Rounding to it errs by at most 0.004 mV: the best networks
# published miss the voltage by 0.5 mV.
VOLTAGE_STEP_MV = 1 / 128
CHANGE_OFFSET = np.int16(128)  # makes most changes positive and less than 256: their high bytes then cost nothing
LARGEST_VOLTAGE_MV = 32767 * VOLTAGE_STEP_MV
_MANTISSA_BITS = 23  # of a float32


def encode_events(events: Events, n_synapses: int) -> np.ndarray:
    """Gaps between successive events of one trial in its raster.

    The raster's cells are numbered time by time, synapse by synapse (cell = time_ms * n_synapses + synapse). An event is
    one byte, the number of empty cells before it; `ESCAPE` goes before it for each 255 of them. Gaps of random
    events are nearly geometric, for which bytes and gzip come within two per cent of the entropy.

    Args:
        events: Sorted by time, then by synapse.
        n_synapses: Number of input synapses.

    Returns:
        uint8, shape (bytes,).

    Raises:
        ValueError: If the events are not sorted, one is there twice, or a synapse does not exist.
    """
    if len(events.synapse) and events.synapse.max() >= n_synapses:
        raise ValueError(f"an event goes to synapse {events.synapse.max()}, expected 0 to {n_synapses - 1}")
    gaps = np.diff(events.time_ms.astype(np.int64) * n_synapses + events.synapse, prepend=-1) - 1
    if len(gaps) and gaps.min() < 0:
        first = int(np.argmin(gaps >= 0))
        raise ValueError(
            f"event {first} ({events.time_ms[first]} ms, synapse {events.synapse[first]}) does not come after the one "
            "before it: events must be sorted by time, then by synapse, each once"
        )
    escapes, rest = np.divmod(gaps, ESCAPE)
    code = np.full(len(gaps) + escapes.sum(), ESCAPE, np.uint8)
    code[np.cumsum(escapes) + np.arange(len(gaps))] = rest
    return code


def decode_events(code: np.ndarray, n_synapses: int) -> Events:
    """Events of one trial, from what `encode_events` made."""
    is_event = code != ESCAPE
    # 16-bit times and synapses: a raster has at most 2**32 cells.
    cell = np.cumsum(np.add(code, is_event, dtype=np.uint16), dtype=np.uint32)[is_event] - np.uint32(1)
    time_ms = cell // np.uint32(n_synapses)
    return Events(time_ms.astype(np.uint16), (cell - time_ms * np.uint32(n_synapses)).astype(np.uint16))


def digest_events(events: Events) -> np.ndarray:
    """The sha256 of one trial's events, uint8, shape (32,)."""
    key = hashlib.sha256(np.asarray(events.time_ms, "<u2").tobytes())
    key.update(np.asarray(events.synapse, "<u2").tobytes())
    return np.frombuffer(key.digest(), np.uint8)


def encode_voltage(voltage_mv: np.ndarray) -> np.ndarray:
    """Changes of a voltage from each sample to the next in steps of 1/128 mV, plus 128; the first is from 0 mV.

    Args:
        voltage_mv: shape (..., time).

    Returns:
        int16, of the same shape; sums and differences wrap around, and cancel.

    Raises:
        ValueError: If a voltage is not a number or too large for 16 bits.
    """
    if not (np.abs(voltage_mv) <= LARGEST_VOLTAGE_MV).all():
        raise ValueError(
            f"voltage from {voltage_mv.min():g} to {voltage_mv.max():g} mV, expected numbers within "
            f"{LARGEST_VOLTAGE_MV:.0f} mV of zero: the simulation diverged"
        )
    steps = np.rint(voltage_mv / np.float32(VOLTAGE_STEP_MV)).astype(np.int16)
    return np.diff(steps, prepend=np.int16(0)) + CHANGE_OFFSET


def decode_voltage(changes: np.ndarray) -> np.ndarray:
    """Voltage in mV, float32, from what `encode_voltage` made."""
    steps = np.cumsum(changes - CHANGE_OFFSET, axis=-1, dtype=np.int16)
    return np.multiply(steps, VOLTAGE_STEP_MV, dtype=np.float32)


def round_mantissa(values: np.ndarray, n_bits: int = 10) -> np.ndarray:
    """float32 rounded to a mantissa of few bits: the precision of float16 at every magnitude, and it compresses.

    Args:
        values: Numbers of any magnitude.
        n_bits: Bits to keep; the relative error is at most 2 ** -(n_bits + 1).
    """
    dropped = _MANTISSA_BITS - n_bits
    bits = np.array(values, np.float32).view(np.uint32)
    bits += np.uint32(1 << (dropped - 1))  # to the nearest; a carry into the exponent is the next power of two
    bits &= np.uint32(~((1 << dropped) - 1) & 0xFFFFFFFF)
    return bits.view(np.float32)
