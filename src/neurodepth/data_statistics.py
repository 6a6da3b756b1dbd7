"""What the trials of a study are like: rates, intervals between spikes, voltages, input."""

from collections.abc import Iterable, Mapping

import numpy as np

from neurodepth import metrics
from neurodepth.synapse_types import SynapseTypes
from neurodepth.trials import Trials

MS_PER_H = 3_600_000
INTERVAL_EDGES_MS = np.geomspace(1, 10_000, 33)  # eight bins a decade
VOLTAGE_EDGES_MV = np.arange(-100.0, 61.0)


def describe(splits: Mapping[str, Iterable[Trials]], types: SynapseTypes) -> dict[str, np.ndarray]:
    """Describe trials as `statistics.npz` holds it; docs/analysis.md says what each array is.

    Args:
        splits: Of each split its trials, in parts, so that no more than one part need be in memory.
        types: Of the synapses.
    """
    found = {split: [_describe_part(part, types) for part in parts] for split, parts in splits.items()}
    by_split = {
        split: {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        for split, parts in found.items()
    }
    intervals_ms = [one["intervals_ms"] for one in by_split.values()]
    return {
        "split_names": np.array(list(by_split)),
        "type_names": np.array(types.names),
        "hours": np.array([one["duration_ms"].sum() / MS_PER_H for one in by_split.values()], np.float32),
        "n_spikes": np.array([one["n_spikes"].sum() for one in by_split.values()]),
        "interval_coefficient_of_variation": np.array(
            [_coefficient_of_variation(one) for one in intervals_ms], np.float32
        ),
        "interval_edges_ms": INTERVAL_EDGES_MS.astype(np.float32),
        "interval_count": np.stack([np.histogram(one, INTERVAL_EDGES_MS)[0] for one in intervals_ms]),
        "voltage_edges_mv": VOLTAGE_EDGES_MV.astype(np.float32),
        "voltage_count": np.stack([one["voltage_count"].sum(axis=0) for one in by_split.values()]),
        "trial_split": np.repeat(np.arange(len(by_split)), [len(one["n_spikes"]) for one in by_split.values()]),
        "output_rate_hz": np.concatenate([one["output_rate_hz"] for one in by_split.values()]).astype(np.float32),
        "input_rate_hz": np.concatenate([one["input_rate_hz"] for one in by_split.values()]).astype(np.float32),
    }


def synapse_rates_hz(trials: Trials) -> np.ndarray:
    """Mean rate of the events of each synapse, float32, shape (synapses,)."""
    count = np.bincount(np.concatenate([one.synapse for one in trials.events]), minlength=trials.n_synapses)
    return (1000 * count / (len(trials) * trials.duration_ms)).astype(np.float32)


def _describe_part(trials: Trials, types: SynapseTypes) -> dict[str, np.ndarray]:
    """What is counted in some trials; the first axis of all but `intervals_ms` are the trials."""
    n_of_type = np.bincount(types.of_synapse, minlength=len(types.names))
    n_events = [np.bincount(types.of_synapse[one.synapse], minlength=len(types.names)) for one in trials.events]
    voltage_mv = np.clip(trials.soma_voltage_mv, VOLTAGE_EDGES_MV[0], VOLTAGE_EDGES_MV[-1])
    return {
        "duration_ms": np.full(len(trials), trials.duration_ms),
        "n_spikes": np.array([len(times) for times in trials.spike_time_ms]),
        "output_rate_hz": metrics.output_rates_hz(trials.spike_time_ms, trials.duration_ms),
        "intervals_ms": np.concatenate([np.diff(times) for times in trials.spike_time_ms]),
        "voltage_count": np.stack([np.histogram(one, VOLTAGE_EDGES_MV)[0] for one in voltage_mv]),
        "input_rate_hz": 1000 * np.array(n_events) / (n_of_type * trials.duration_ms),
    }


def _coefficient_of_variation(intervals_ms: np.ndarray) -> float:
    """Standard deviation of the intervals over their mean; NaN of fewer than two."""
    return float(intervals_ms.std() / intervals_ms.mean()) if len(intervals_ms) > 1 else np.nan
