"""Simulated trials: random input played to a cell, spread over processes, machines or a cluster."""

from collections.abc import Iterable, Sequence

import numpy as np
from tqdm import tqdm

from neurodepth.cells import definition
from neurodepth.cells.trial import Trial, VoltageBasis, spike_train
from neurodepth.simulation import progress
from neurodepth.simulation.engine import LOCAL, Engine, compute, from_configuration
from neurodepth.simulation.protocol import Protocol, anywhere, built_cell, describe, simulate_trial
from neurodepth.simulation.voltage_basis import Moments, principal_components, trial_moments

__all__ = [
    "Engine",
    "Protocol",
    "describe",
    "fit_voltage_basis",
    "from_configuration",
    "simulate_repeats",
    "simulate_trial",
    "simulate_trials",
]


def simulate_trials(
    protocol: Protocol,
    split: str,
    indices: Iterable[int],
    n_workers: int,
    basis: VoltageBasis | None = None,
    label: str = "simulating",
    engine: Engine = LOCAL,
) -> list[Trial]:
    """Simulate trials, showing progress; the log gets a line for each, and a warning if the output rate is absurd.

    Args:
        protocol: How.
        split: One of `stimulus.SPLITS`.
        indices: Numbers of the trials within their split.
        n_workers: Processes, where the engine is this machine.
        basis: Components of the dendritic voltages to keep, or None.
        label: What the progress bar calls them.
        engine: Where the trials are computed.

    Returns:
        The trials in the order of `indices`, wherever they were computed.
    """
    indices = list(indices)
    n_workers, engine = _place(protocol, min(n_workers, len(indices)), engine)
    timed = compute(_one_trial, (anywhere(protocol), split, basis), indices, n_workers, engine)
    return list(progress.follow(timed, indices, label, protocol, split))


def simulate_repeats(
    protocol: Protocol, split: str, indices: Sequence[int], n_repeats: int, n_workers: int, engine: Engine = LOCAL
) -> tuple[np.ndarray, np.ndarray]:
    """Simulate trials again and again: the same presynaptic spikes, other vesicles.

    Args:
        protocol: How.
        split: One of `stimulus.SPLITS`.
        indices: Numbers of the trials within their split.
        n_repeats: Repeats of each trial.
        n_workers: Processes, where the engine is this machine.
        engine: Where the trials are computed.

    Returns:
        1 where the cell spiked, else 0, and soma voltage in mV; uint8 and float32, shape (trials, repeats, time).
    """
    numbers = [index * n_repeats + repeat for index in indices for repeat in range(n_repeats)]
    n_workers, engine = _place(protocol, min(n_workers, len(numbers)), engine)
    timed = compute(_one_repeat, (anywhere(protocol), split, n_repeats), numbers, n_workers, engine)
    repeated_index = [number // n_repeats for number in numbers]
    trials = list(progress.follow(timed, repeated_index, "repeating trials", protocol, split))
    shape = (len(indices), n_repeats, protocol.duration_ms)
    spikes = np.stack([spike_train(trial.spike_time_ms, protocol.duration_ms) for trial in trials])
    return spikes.reshape(shape), np.stack([trial.soma_voltage_mv for trial in trials]).reshape(shape)


def fit_voltage_basis(
    protocol: Protocol, n_trials: int, n_components: int, n_workers: int, engine: Engine = LOCAL
) -> VoltageBasis:
    """Principal components of the dendritic voltages over pilot trials that no other split uses.

    Args:
        protocol: How.
        n_trials: Pilot trials.
        n_components: Components to keep.
        n_workers: Processes, where the engine is this machine.
        engine: Where the trials are computed.

    Raises:
        ValueError: If the cell has fewer segments than components.
    """
    n_segments = len(built_cell(protocol).segments)
    if n_components > n_segments:
        raise ValueError(f"{n_components} components asked for, but the cell has {n_segments} dendritic segments")
    n_workers, engine = _place(protocol, min(n_workers, n_trials), engine)
    timed = compute(_pilot_moments, (anywhere(protocol), n_segments), range(n_trials), n_workers, engine)
    with progress.bar(n_trials, "pilot trials") as shown:
        return principal_components((_counted(one.value, shown) for one in timed), n_components)


def _place(protocol: Protocol, n_workers: int, engine: Engine) -> tuple[int, Engine]:
    """Where trials of a cell are best computed."""
    if definition.read(protocol.cell_path, protocol.variant).mechanisms_path is None:
        return 1, LOCAL  # a point neuron is done before a second process has started
    if n_workers > 1 or engine.kind != "local":
        built_cell(protocol)  # here, so that workers never compile side by side and a bad definition fails at once
    return n_workers, engine


def _one_trial(shared: tuple[Protocol, str, VoltageBasis | None], index: int) -> Trial:
    protocol, split, basis = shared
    return simulate_trial(protocol, split, index, basis)


def _one_repeat(shared: tuple[Protocol, str, int], number: int) -> Trial:
    protocol, split, n_repeats = shared
    index, repeat = divmod(number, n_repeats)
    return simulate_trial(protocol, split, index, repeat=repeat)


def _pilot_moments(shared: tuple[Protocol, int], index: int) -> Moments:
    protocol, n_segments = shared
    every_segment = VoltageBasis(np.zeros(n_segments), np.eye(n_segments), np.zeros(n_segments))
    return trial_moments(np.asarray(simulate_trial(protocol, "pilot", index, every_segment).dendrite_components_mv))


def _counted(moments: Moments, shown: tqdm) -> Moments:
    shown.update()
    return moments
