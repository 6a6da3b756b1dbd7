"""Test trials to play: input, soma and dendritic voltage, spikes, and what networks predict of them."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import special

from neurodepth import metrics, surrogate, training
from neurodepth.cells.trial import VoltageBasis
from neurodepth.trials import Trials

MOST_TRIALS = 4  # of a layer-5 cell 3 MB; six, with steps of half a millivolt, are 5.5
SEGMENT_SAMPLE_MS, SEGMENT_STEP_MV = 2, 1.0


def choose_trials(test: Trials) -> np.ndarray:
    """Positions of the first `MOST_TRIALS` test trials with a spike after the warm-up; of the first ones if none has one."""
    has_spike = test.spikes()[:, metrics.WARM_UP_MS :].any(axis=1)
    spiking = np.flatnonzero(has_spike) if has_spike.any() else np.arange(len(test))
    return spiking[:MOST_TRIALS]


def take(trials: Trials, positions: np.ndarray) -> Trials:
    """Some of the trials, at these positions."""
    taken: dict[str, Any] = {}
    for field in fields(trials):
        value = getattr(trials, field.name)
        if isinstance(value, np.ndarray):
            taken[field.name] = value[positions]
        elif isinstance(value, list):
            taken[field.name] = [value[position] for position in positions]
    return replace(trials, **taken)


def record(trials: Trials) -> dict[str, np.ndarray]:
    """What the cell did in some trials, as `played.npz` holds it; docs/analysis.md says what each array is."""
    return {
        "trial_index": trials.index,
        "duration_ms": np.array(trials.duration_ms),
        "event_trial": _number([one.time_ms for one in trials.events]),
        "event_time_ms": np.concatenate([one.time_ms for one in trials.events]),
        "event_synapse": np.concatenate([one.synapse for one in trials.events]),
        "soma_voltage_mv": trials.soma_voltage_mv.astype(np.float16),
        "spike_trial": _number(trials.spike_time_ms),
        "spike_time_ms": np.concatenate(trials.spike_time_ms).astype(np.float32),
    }


def predict(trials: Trials, networks: Mapping[int, tuple[Path, float]]) -> dict[str, np.ndarray]:
    """What networks predict of some trials, as `played.npz` holds it.

    Args:
        trials: Test trials.
        networks: Of each depth the network's file and the spike logit above which it predicts a spike.
    """
    probability, voltage_mv, spikes = [], [], []
    for depth, (path, threshold) in networks.items():
        model, scaling = surrogate.load(path)
        logit, predicted_mv = training.predict(model, trials, scaling)
        probability.append(special.expit(logit))
        voltage_mv.append(predicted_mv)
        for trial, one in enumerate(logit):
            spikes += [(depth, trial, time_ms) for time_ms in spike_times(one, threshold)]
    depth_trial_time = np.array(spikes, np.uint16).reshape(-1, 3)
    return {
        "depths": np.array(list(networks)),
        "probability": np.array(probability, np.float16),
        "predicted_voltage_mv": np.array(voltage_mv, np.float16),
        "predicted_spike_depth": depth_trial_time[:, 0].astype(np.uint8),
        "predicted_spike_trial": depth_trial_time[:, 1].astype(np.uint8),
        "predicted_spike_time_ms": depth_trial_time[:, 2],
    }


def spike_times(logit: np.ndarray, threshold: float) -> list[int]:
    """Milliseconds at which a network predicts a spike: the highest one of each run above threshold, after the warm-up.

    Args:
        logit: Of the spike probability, shape (time,).
        threshold: That a spike exceeds.
    """
    above = logit > threshold
    above[: metrics.WARM_UP_MS] = False
    edges = np.flatnonzero(np.diff(above.astype(int), prepend=0, append=0)).reshape(-1, 2)
    return [int(start + np.argmax(logit[start:end])) for start, end in edges]


def reconstruct_dendrite(
    trials: Trials, basis: VoltageBasis, segment_region: Sequence[str] | np.ndarray
) -> dict[str, np.ndarray]:
    """Voltage of soma and dendrites every `SEGMENT_SAMPLE_MS`, as `played.npz` holds it.

    Dendritic voltages come from their components; what these leave out is missing.

    Args:
        trials: With dendritic components.
        basis: Of these components.
        segment_region: Region of each segment of the cell's tree, shape (segments,); the dendritic ones in the order of
            the basis.

    Raises:
        ValueError: If tree and basis do not belong together.
    """
    region = np.asarray(segment_region)
    dendritic = ~np.isin(region, ("soma", "axon"))
    if dendritic.sum() != len(basis.mean_mv) or trials.dendrite_components_mv is None:
        raise ValueError(
            f"the tree has {dendritic.sum()} dendritic segments, the basis {len(basis.mean_mv)}, expected as many and "
            "components in every trial: delete tree.npz and basis.h5 and run snakemake again"
        )
    components_mv = trials.dendrite_components_mv[:, ::SEGMENT_SAMPLE_MS].astype(np.float32)
    kept = np.flatnonzero(region != "axon")
    voltage_mv = np.empty((*components_mv.shape[:2], len(kept)), np.float32)
    voltage_mv[..., region[kept] == "soma"] = trials.soma_voltage_mv[:, ::SEGMENT_SAMPLE_MS, None]
    voltage_mv[..., region[kept] != "soma"] = basis.mean_mv + components_mv @ basis.components
    return {
        "segment_voltage_mv": np.rint(voltage_mv / SEGMENT_STEP_MV).clip(-128, 127).astype(np.int8),
        "segment_voltage_offset_mv": np.array(0, np.float32),
        "segment_voltage_step_mv": np.array(SEGMENT_STEP_MV, np.float32),
        "segment_voltage_sample_ms": np.array(SEGMENT_SAMPLE_MS),
        "segment_voltage_segment": kept.astype(np.int32),
    }


def _number(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Position of the part that each value of their concatenation comes from."""
    return np.repeat(np.arange(len(parts), dtype=np.uint8), [len(part) for part in parts])
