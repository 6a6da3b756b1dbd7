"""What a cell and its surrogates answer to further input spikes: the change of voltage and of the number of spikes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurodepth import metrics, stimulus, surrogate
from neurodepth.cells.trial import Events, Trial
from neurodepth.experiments.design import Spikes, add
from neurodepth.simulation import Protocol, progress
from neurodepth.simulation.engine import LOCAL, Engine, compute
from neurodepth.simulation.protocol import anywhere, built_cell
from neurodepth.stimulus.release import release
from neurodepth.trials import Trials

ONSET_MS = metrics.WARM_UP_MS + 100
BEFORE_MS, AFTER_MS = 40, 120  # of the response; an NMDA spike lasts 50 to 100 ms (Schiller et al. 2000)
DURATION_MS = ONSET_MS + AFTER_MS
# Of a trial of which a background is the start: near the end of one that is as long as an experiment, its input would be weaker
# by a quarter, for what a spike of the input's rate is spread over reaches over a second back and forth.
BACKGROUND_TRIAL_MS = 6000
FIRST_INDEX = 1_000_000  # of backgrounds: no study has as many test trials, so that no network has seen one
SILENCE = Events(np.zeros(0, np.uint16), np.zeros(0, np.uint16))


@dataclass(frozen=True)
class Answers:
    """Response to each stimulus on each background, less the response to the background alone.

    Attributes:
        difference_mv: Of the soma voltage, clipped as networks learn it, shape (stimuli, backgrounds, time); time runs
            from `BEFORE_MS` before the onset to `AFTER_MS` after it.
        spikes: Of the number of output spikes in that time, or of the sum of their probabilities, shape (stimuli,
            backgrounds).
    """

    difference_mv: np.ndarray
    spikes: np.ndarray

    @property
    def epsp_mv(self) -> np.ndarray:
        """Peak of each difference, shape (stimuli, backgrounds)."""
        return self.difference_mv.max(axis=2)


def backgrounds(protocol: Protocol, n_backgrounds: int) -> list[Events]:
    """Input as at the start of the cell's test trials, of trials that are none of theirs.

    Raises:
        ValueError: If the cell's input is a recording.
    """
    cell = built_cell(protocol)
    statistics = cell.definition.values["input"]
    if "replay" in statistics:
        raise ValueError(
            "its input is a recording, of which no further background can be drawn: take a variant without replay"
        )
    found = []
    for number in range(n_backgrounds):
        rng = stimulus.trial_rng(protocol.seed, "test", FIRST_INDEX + number)
        events = stimulus.draw_events(cell.synapses, statistics, BACKGROUND_TRIAL_MS, rng)
        is_played = events.time_ms < protocol.duration_ms
        found.append(Events(events.time_ms[is_played], events.synapse[is_played]))
    return found


def of_cell_and_surrogates(
    protocol: Protocol,
    model_paths: Sequence[str | Path],
    stimuli: Sequence[Spikes],
    on: Sequence[Events],
    n_workers: int = 1,
    engine: Engine = LOCAL,
) -> tuple[Answers, list[Answers]]:
    """What the cell and its surrogates answer.

    Args:
        protocol: How the cell is simulated, in trials of `DURATION_MS`.
        model_paths: The surrogates.
        stimuli: Input spikes, from `ONSET_MS` on.
        on: Backgrounds; each stimulus is played on each of them.
        n_workers: Processes, where the engine is this machine.
        engine: Where the cell is simulated.
    """
    played = [add(background, spikes, ONSET_MS) for spikes in [(), *stimuli] for background in on]
    trials = simulate(protocol, played, n_workers, engine)
    answering = progress.each(model_paths, len(model_paths), "networks answer", "network")
    predicted = [surrogate.predict(path, trials) for path in answering]
    return (
        _compare(trials.soma_voltage_mv, trials.spikes(), len(on)),
        [_compare(one.soma_voltage_mv, one.spike_probability, len(on)) for one in predicted],
    )


def simulate(protocol: Protocol, played: Sequence[Events], n_workers: int = 1, engine: Engine = LOCAL) -> Trials:
    """Trials of a cell under given presynaptic spikes, in their order, showing progress."""
    cell = built_cell(protocol)
    timed = compute(_run, (anywhere(protocol), list(played)), range(len(played)), n_workers, engine)
    trials = [one.value for one in progress.each(timed, len(played), "the cell answers")]
    return Trials(
        len(cell.synapses),
        int((cell.synapses["kind"] == "excitatory").sum()),
        np.arange(len(trials)),
        list(played),
        [one.spike_time_ms for one in trials],
        np.stack([one.soma_voltage_mv for one in trials]),
    )


def _run(shared: tuple[Protocol, list[Events]], number: int) -> Trial:
    protocol, played = shared
    cell = built_cell(protocol)
    rng = stimulus.release_rng(protocol.seed, "test", FIRST_INDEX + number, repeat=0)
    kinds, synapses = cell.synapses["kind"].to_numpy(), cell.definition.values["synapses"]
    released = release(played[number], kinds, synapses, rng)
    return cell.run(released, protocol.duration_ms, protocol.step_ms, protocol.second_order)


def _compare(voltage_mv: np.ndarray, spikes: np.ndarray, n_backgrounds: int) -> Answers:
    """Answers from voltage and spikes, or their probability, of all trials; the first stimulus is none."""
    kept = slice(ONSET_MS - BEFORE_MS, None)
    clipped_mv = np.minimum(voltage_mv[:, kept], metrics.CLIP_MV, dtype=float)
    clipped_mv = clipped_mv.reshape(-1, n_backgrounds, clipped_mv.shape[1])
    count = spikes[:, kept].sum(axis=1, dtype=float).reshape(-1, n_backgrounds)
    return Answers(clipped_mv[1:] - clipped_mv[0], count[1:] - count[0])
