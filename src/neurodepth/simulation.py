"""Simulated trials: random input played to a cell, spread over the cores of this machine."""

import gc
import logging
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from neurodepth import cells, stimulus
from neurodepth.cells import definition
from neurodepth.cells.trial import Trial, VoltageBasis

log = logging.getLogger(__name__)
_built: dict[tuple[str, ...], Any] = {}


@dataclass(frozen=True)
class Protocol:
    """How a cell is simulated.

    Attributes:
        cell_path: Folder of the cell's definition.
        variant: Variant of the cell.
        seed: The study's seed.
        duration_ms: Length of a trial.
        step_ms: Integration step.
        second_order: Crank-Nicolson instead of implicit Euler.
        simulator: `coreneuron` or `neuron`.
        data_path: The user's data folder.
    """

    cell_path: str
    variant: str
    seed: int
    duration_ms: int
    step_ms: float = 0.0625
    second_order: bool = True
    simulator: str = "coreneuron"
    data_path: str = "data"


def simulate_trial(protocol: Protocol, split: str, index: int, basis: VoltageBasis | None = None) -> Trial:
    """Simulate one trial; the result depends on the protocol, the split and the index alone.

    Args:
        protocol: How.
        split: One of `stimulus.SPLITS`.
        index: Number of the trial within its split.
        basis: Components of the dendritic voltages to keep, or None.
    """
    cell = _cell(protocol)
    rng = stimulus.trial_rng(protocol.seed, split, index)
    events = stimulus.draw_events(cell.synapses, cell.definition.values["input"], protocol.duration_ms, rng)
    if cell.definition.values["type"] == "point":
        return cell.run(events, protocol.duration_ms)
    return cell.run(events, protocol.duration_ms, protocol.step_ms, protocol.second_order, basis)


def simulate_trials(
    protocol: Protocol,
    split: str,
    indices: Iterable[int],
    n_workers: int,
    basis: VoltageBasis | None = None,
    label: str = "simulating",
) -> list[Trial]:
    """Simulate trials on several processes of this machine, with a progress bar.

    Returns:
        The trials in the order of `indices`, whatever the number of workers.
    """
    indices = list(indices)
    seconds = protocol.duration_ms / 1000
    found: dict[int, Trial] = {}
    with tqdm(total=len(indices) * seconds, unit="bio-s", desc=label, smoothing=0.1, mininterval=1) as bar:
        for index, trial in _compute(protocol, split, indices, min(n_workers, len(indices)), basis):
            found[index] = trial
            bar.update(seconds)
    return [found[index] for index in indices]


def describe(protocol: Protocol, split: str) -> dict[str, Any]:
    """What a shard of trials says about how it was made: the description that `dataset.write_shard` wants."""
    cell = _cell(protocol)
    return {
        "cell": cell.definition.name,
        "variant": protocol.variant,
        "split": split,
        "seed": protocol.seed,
        "n_synapses": len(cell.synapses),
        "n_excitatory": int((cell.synapses["kind"] == "excitatory").sum()),
        "protocol": asdict(protocol),
    }


def fit_voltage_basis(protocol: Protocol, n_trials: int, n_components: int, n_workers: int) -> VoltageBasis:
    """Principal components of the dendritic voltages over pilot trials that no other split uses.

    Args:
        protocol: How.
        n_trials: Pilot trials.
        n_components: Components to keep.
        n_workers: Processes.

    Raises:
        ValueError: If the cell has fewer segments than components.
    """
    cell = _cell(protocol)
    n_segments = len(cell.segments)
    if n_components > n_segments:
        raise ValueError(f"{n_components} components asked for, but the cell has {n_segments} dendritic segments")
    every_segment = VoltageBasis(np.zeros(n_segments), np.eye(n_segments), np.zeros(n_segments))
    trials = simulate_trials(protocol, "pilot", range(n_trials), n_workers, every_segment, "pilot trials")
    voltages = np.concatenate([trial.dendrite_components_mv for trial in trials]).astype(np.float64)
    mean_mv = voltages.mean(axis=0)
    variances, vectors = np.linalg.eigh(np.cov(voltages, rowvar=False))
    order = np.argsort(variances)[::-1][:n_components]
    components = vectors[:, order].T
    # An eigenvector's sign is arbitrary: fix it, so that another library gives the same targets.
    components *= np.sign(components.sum(axis=1, keepdims=True))
    return VoltageBasis(mean_mv, components, variances[order] / variances.sum())


def _compute(
    protocol: Protocol, split: str, indices: list[int], n_workers: int, basis: VoltageBasis | None
) -> Iterator[tuple[int, Trial]]:
    cell = definition.read(protocol.cell_path, protocol.variant)
    if n_workers == 1 or cell.mechanisms_path is None:  # a point neuron is done before a second process has started
        for index in indices:
            yield index, simulate_trial(protocol, split, index, basis)
        return
    from dask.distributed import Client, LocalCluster, as_completed

    _cell(protocol)  # here, so that workers never compile side by side and a bad definition fails at once
    with (
        LocalCluster(n_workers, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        shared = client.scatter(basis, broadcast=True) if basis is not None else None
        futures = {
            client.submit(simulate_trial, protocol, split, index, shared, pure=False): index for index in indices
        }
        for future, trial in as_completed(futures, with_results=True):
            yield futures[future], trial


def _cell(protocol: Protocol) -> Any:
    """The cell of a protocol, built once a process; NEURON simulates all cells of a process, so only one is kept."""
    key = (protocol.cell_path, protocol.variant, protocol.data_path, protocol.simulator)
    if key not in _built:
        _built.clear()
        gc.collect()
        cell = definition.read(protocol.cell_path, protocol.variant)
        _built[key] = cells.build(cell, protocol.data_path, protocol.simulator == "coreneuron")
    return _built[key]
