"""Stimuli of experiments: a few input spikes, on a background or on none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from neurodepth.cells.trial import Events

Spikes = tuple[tuple[int, int], ...]  # time in ms after the onset, and synapse, of each input spike


@dataclass(frozen=True)
class Stimulus:
    """Input spikes at one point of an experiment.

    Attributes:
        series: Which line of the figure it belongs to.
        x: Where on the line.
        spikes: The input spikes; none is a control.
        parts: Stimuli whose responses would add up to this one's if the cell were linear.
    """

    series: str
    x: float
    spikes: Spikes
    parts: tuple["Stimulus", ...] = ()


def at_once(synapses: Iterable[int], time_ms: int = 0) -> Spikes:
    """One input spike at each synapse, all in one millisecond."""
    return tuple((time_ms, int(synapse)) for synapse in synapses)


def in_turn(synapses: Iterable[int], interval_ms: int) -> Spikes:
    """One input spike at each synapse, one after the other."""
    return tuple((number * interval_ms, int(synapse)) for number, synapse in enumerate(synapses))


def rounds(synapses: Sequence[int] | np.ndarray, n_spikes: int) -> Spikes:
    """`n_spikes` input spikes: one at each synapse in the first millisecond, then again in the next, and so on.

    A synapse of a cell that has one a segment stands for its neighbours, which would be active in the same millisecond.
    """
    return tuple((number // len(synapses), int(synapses[number % len(synapses)])) for number in range(n_spikes))


def later(spikes: Spikes, delay_ms: int) -> Spikes:
    """The same input spikes later; a negative delay makes them earlier."""
    return tuple((time_ms + delay_ms, synapse) for time_ms, synapse in spikes)


def add(background: Events, spikes: Spikes, onset_ms: int) -> Events:
    """A background with further spikes; a synapse that fires in both in a millisecond fires once.

    Raises:
        ValueError: If a spike comes before the trial.
    """
    time_ms, synapse = np.array(spikes, int).reshape(-1, 2).T
    if len(time_ms) and time_ms.min() + onset_ms < 0:
        raise ValueError(
            f"an input spike at {time_ms.min()} ms from an onset at {onset_ms} ms: expected none before 0 ms"
        )
    before = np.column_stack([background.time_ms, background.synapse]).astype(int)
    rows = np.unique(np.concatenate([before, np.column_stack([time_ms + onset_ms, synapse])]), axis=0)
    return Events(*rows.T.astype(np.uint16))
