"""How far to trust a neuron's networks, as the page says it."""

from pathlib import Path
from typing import Any

import numpy as np

from neurodepth import trust
from neurodepth.trust.familiarity import MIDDLE_MS, SLOW_MS, Limits

MS_PER_S = 1000
SPANS_MS = {"slow": SLOW_MS, "middle": MIDDLE_MS}


def describe(path: Path) -> dict[str, Any]:
    """What `trust.json` holds, in rows.

    Args:
        path: Of the file.

    Returns:
        `errors`: of the networks trained on all the data, alone and together, depth, network, number of networks,
        half_width_mv (that of networks that agree) and confidence. `input`: of each group of synapses the least and the
        largest input rate that is familiar, in events per s of the whole group, over `slow_ms` and `middle_ms`. `trials`:
        from which that was learned.

    Raises:
        DatasetError: If it is something else.
    """
    known = trust.read(path)
    errors = [
        {"depth": one.depth, "network": one.network, "networks": one.n_together, "confidence": one.error.confidence}
        | {"half_width_mv": float(one.error.half_width_mv(np.zeros(())))}
        for one in sorted(known.calibrated, key=lambda one: (one.network, one.depth, one.n_together))
    ]
    rows = [
        {"group": group} | {f"{name}_hz": _rates_hz(known.limits, group, span_ms) for name, span_ms in SPANS_MS.items()}
        for group in known.places.groups
    ]
    return {"errors": errors, "input": rows, "trials": known.n_training_trials, "spans_ms": SPANS_MS}


def _rates_hz(limits: Limits, group: str, span_ms: int) -> tuple[float, float]:
    """Ends of what is familiar of one feature, the square root of a count."""
    at = limits.names.index(f"{group}, {span_ms} ms")
    low, high = max(limits.centre[at] - limits.reach[0, at], 0.0), limits.centre[at] + limits.reach[1, at]
    return float(low**2 * MS_PER_S / span_ms), float(high**2 * MS_PER_S / span_ms)
