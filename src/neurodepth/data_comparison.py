"""What the trials of all neurons of a study are like, side by side: rates, intervals between spikes, soma voltage."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

PERCENTILES = (5, 25, 50, 75, 95)
MEASURES = ("output_rate_hz", "interval_ms", "soma_voltage_mv")  # each has a column for each percentile, `..._p50`
COLUMNS = (
    *("cell", "variant", "split", "hours", "trials", "output_spikes", "output_rate_hz"),
    "interval_coefficient_of_variation",
    *(f"{measure}_p{percentile}" for measure in MEASURES for percentile in PERCENTILES),
)


def tabulate(neurons: Mapping[tuple[str, str], Mapping[str, np.ndarray]]) -> pd.DataFrame:
    """Tabulate the trials of neurons.

    Args:
        neurons: statistics.npz of each neuron, by (cell, variant).

    Returns:
        A row a neuron and split, with `COLUMNS`: the mean output rate, the coefficient of variation of the intervals
        between output spikes, and percentiles of the output rates of single trials, of the intervals and of the soma
        voltage; those of the last two come from histograms. What a split without two spikes lacks is NaN.
    """
    rows = [
        {"cell": cell, "variant": variant} | _describe(statistics, number)
        for (cell, variant), statistics in neurons.items()
        for number in range(len(statistics["split_names"]))
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _describe(statistics: Mapping[str, np.ndarray], number: int) -> dict[str, Any]:
    """One split."""
    rates_hz = statistics["output_rate_hz"][statistics["trial_split"] == number].astype(float)
    # Bins of intervals are geometric: within one, their logarithm is taken to be spread evenly.
    log_interval = _percentiles(
        statistics["interval_count"][number], np.log(statistics["interval_edges_ms"].astype(float))
    )
    voltage_mv = _percentiles(statistics["voltage_count"][number], statistics["voltage_edges_mv"])
    found = zip(MEASURES, (np.percentile(rates_hz, PERCENTILES), np.exp(log_interval), voltage_mv), strict=True)
    return {
        "split": str(statistics["split_names"][number]),
        "hours": float(statistics["hours"][number]),
        "trials": len(rates_hz),
        "output_spikes": int(statistics["n_spikes"][number]),
        "output_rate_hz": rates_hz.mean(),
        "interval_coefficient_of_variation": float(statistics["interval_coefficient_of_variation"][number]),
    } | {
        f"{measure}_p{percentile}": value
        for measure, values in found
        for percentile, value in zip(PERCENTILES, values, strict=True)
    }


def _percentiles(count: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Percentiles of a histogram whose values are spread evenly within each bin; NaN of an empty one."""
    if not count.any():
        return np.full(len(PERCENTILES), np.nan)
    share = np.append(0, np.cumsum(count)) / count.sum()
    return np.interp(np.divide(PERCENTILES, 100), share, edges)
