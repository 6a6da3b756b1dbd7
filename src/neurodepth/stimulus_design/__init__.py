"""Asking a surrogate for stimuli, and holding the cell's answer to them against what it promised. docs/experiments.md.

Three questions: which input drives the cell hardest, which makes it fire at a chosen millisecond and not before, and which
makes it fire on one background and not on another. The gradient through the network finds the input; the simulator plays
it to the cell, on backgrounds that the first search has not seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from neurodepth import surrogate
from neurodepth.cells import anatomy
from neurodepth.cells.trial import Events
from neurodepth.experiments import answers
from neurodepth.experiments.answers import ONSET_MS
from neurodepth.experiments.design import Spikes, add, at_once
from neurodepth.experiments.sites import Sites
from neurodepth.simulation import Protocol, progress
from neurodepth.simulation.engine import LOCAL, Engine
from neurodepth.simulation.protocol import built_cell
from neurodepth.stimulus_design.search import Search, Wish, find

__all__ = ["ask", "summarise"]
KINDS = ("designed", "random", "proximal")  # of input that is to drive hardest
BUDGETS = (20, 40, 80, 120)  # of the hardest drive
SEPARATION_BUDGET, TIMING_BUDGET = 100, 100
WINDOW_MS = 50  # in which spikes are added
HEARD_MS = 80  # in which the cell's answer counts; an EPSP outlasts the window
WISHED_MS, TOLERANCE_MS = 45, 2  # of the wished spike, after the onset


def ask(
    protocol: Protocol, model_path: str | Path, n_backgrounds: int, n_workers: int = 1, engine: Engine = LOCAL
) -> dict[str, np.ndarray]:
    """Ask a network for stimuli and play them to its cell.

    Args:
        protocol: How the cell is simulated, but for the length of trials.
        model_path: The network.
        n_backgrounds: Backgrounds to search on; as many others to play the hardest drive on.
        n_workers: Processes, where the engine is this machine.
        engine: Where the cell is simulated.

    Returns:
        What `asked.npz` holds; docs/experiments.md says what each array is.
    """
    protocol = replace(protocol, duration_ms=answers.DURATION_MS, record=())
    everything = answers.backgrounds(protocol, 2 * n_backgrounds)
    own, others = everything[:n_backgrounds], everything[n_backgrounds:]
    stage = _Stage(protocol, model_path, n_workers, engine)
    return _drive(stage, own, others) | _time(stage, own) | _separate(stage, own, others)


def summarise(found: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """What was promised and what happened, one row an answer.

    Drive and separation are mean output spikes, timing is the share of backgrounds on which the first spike comes in the
    wished span.

    Returns:
        Columns question, promised and real, each of these two with the standard error of its mean over backgrounds,
        promised_error and real_error.
    """
    answers_of: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for kind, name in enumerate(KINDS):
        for number, budget in enumerate(found["drive_budget"]):
            answers_of[f"output spikes by {budget} {name} ones"] = _both(found, "drive", (kind, number))
    answers_of[f"first spike at {found['time_wished_ms']} ms"] = _on_time(found)
    for number, wish in enumerate(("to fire", "to be silent")):
        answers_of[f"output spikes where it is {wish}"] = _both(found, "separation", (number,))
    rows = [
        (question, *(value for one in both for value in (one.mean(), one.std(ddof=1) / np.sqrt(len(one)))))
        for question, both in answers_of.items()
    ]
    return pd.DataFrame(rows, columns=["question", "promised", "promised_error", "real", "real_error"])


def _both(found: Mapping[str, np.ndarray], name: str, which: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Promised and real output spikes on each background."""
    return found[f"{name}_promised"][which], found[f"{name}_real"][which]


def _on_time(found: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """On each background, the promised chance that the first spike comes in the wished span, and whether it did."""
    low_ms = int(found["time_wished_ms"]) - int(found["time_tolerance_ms"])
    high_ms = int(found["time_wished_ms"]) + int(found["time_tolerance_ms"]) + 1
    before = found["time_promised"][:, :low_ms].sum(axis=1)
    within = found["time_promised"][:, low_ms:high_ms].sum(axis=1)
    first_ms = np.where(found["time_real"].any(axis=1), found["time_real"].argmax(axis=1), -1)
    return np.exp(-before) * -np.expm1(-within), ((first_ms >= low_ms) & (first_ms < high_ms)).astype(float)


class _Stage:
    """Where stimuli are played: to the cell and to the network."""

    def __init__(self, protocol: Protocol, model_path: str | Path, n_workers: int, engine: Engine):
        self.protocol, self.model_path = protocol, model_path
        self._where = (n_workers, engine)

    def play(self, backgrounds: Sequence[Events], spikes: Sequence[Spikes]) -> tuple[np.ndarray, np.ndarray]:
        """Promised spike probability and real spikes from the onset on, shape (trials, time)."""
        played = [add(background, one, ONSET_MS) for background, one in zip(backgrounds, spikes, strict=True)]
        trials = answers.simulate(self.protocol, played, *self._where)
        promised = surrogate.predict(self.model_path, trials).spike_probability
        return promised[:, ONSET_MS:], trials.spikes()[:, ONSET_MS:]

    def random(self, n_spikes: int) -> Spikes:
        """As many spikes at random excitatory synapses and times of the window."""
        rng = np.random.default_rng(np.random.SeedSequence([self.protocol.seed, n_spikes]))
        excitatory = np.flatnonzero(built_cell(self.protocol).synapses["kind"] == "excitatory")
        synapses, time_ms = rng.choice(excitatory, n_spikes, replace=False), rng.integers(0, WINDOW_MS, n_spikes)
        return tuple((int(ms), int(synapse)) for ms, synapse in zip(time_ms, synapses, strict=True))

    def proximal(self, n_spikes: int) -> Spikes:
        """As many spikes at once at the excitatory synapses nearest to the soma: what one would try without a network."""
        sites = Sites(anatomy.describe(built_cell(self.protocol)))
        return at_once(sites.near(np.unique(sites.tree["segment_region"]), n_spikes))


def _drive(stage: _Stage, own: list[Events], others: list[Events]) -> dict[str, np.ndarray]:
    """Most spikes for a budget, on other backgrounds than those searched on; random and proximal input for comparison."""
    wishes = [Wish(fire_ms=(0, HEARD_MS - 1))] * len(own)
    budgets = progress.each(BUDGETS, len(BUDGETS), "the network is asked for the hardest drive", "budget")
    designed = [find(stage.model_path, own, wishes, Search(budget, WINDOW_MS)) for budget in budgets]
    stimuli = [*designed, *map(stage.random, BUDGETS), *map(stage.proximal, BUDGETS)]
    promised, real = stage.play(others * len(stimuli), [one for one in stimuli for _ in others])
    shape = (len(KINDS), len(BUDGETS), len(others))
    return {
        "drive_budget": np.array(BUDGETS),
        "drive_promised": promised[:, :HEARD_MS].sum(axis=1).reshape(shape),
        "drive_real": real[:, :HEARD_MS].sum(axis=1).reshape(shape),
        "drive_spikes": np.array(designed[-1]),
    }


def _time(stage: _Stage, own: list[Events]) -> dict[str, np.ndarray]:
    """A spike at a wished millisecond and none before, on each background by spikes of its own."""
    wish = Wish((WISHED_MS - TOLERANCE_MS, WISHED_MS + TOLERANCE_MS), (0, WISHED_MS - TOLERANCE_MS - 1))
    search = Search(TIMING_BUDGET, WISHED_MS + TOLERANCE_MS)
    backgrounds = progress.each(own, len(own), "the network is asked for a spike on time", "background")
    promised, real = stage.play(own, [find(stage.model_path, [one], [wish], search) for one in backgrounds])
    return {
        "time_wished_ms": np.array(WISHED_MS),
        "time_tolerance_ms": np.array(TOLERANCE_MS),
        "time_promised": promised[:, :HEARD_MS].astype(np.float32),
        "time_real": real[:, :HEARD_MS],
    }


def _separate(stage: _Stage, own: list[Events], others: list[Events]) -> dict[str, np.ndarray]:
    """A spike on the first background of each pair and none on the second, by the same spikes added to both."""
    span = (0, HEARD_MS - 1)
    search = Search(SEPARATION_BUDGET, WINDOW_MS)
    wishes = [Wish(fire_ms=span), Wish(silent_ms=span)]
    pairs = progress.each(zip(own, others, strict=True), len(own), "the network is asked to tell inputs apart", "pair")
    found = [find(stage.model_path, pair, wishes, search) for pair in pairs]
    promised, real = stage.play([*own, *others], found * 2)
    shape = (2, len(own))
    return {
        "separation_promised": promised[:, :HEARD_MS].sum(axis=1).reshape(shape),
        "separation_real": real[:, :HEARD_MS].sum(axis=1).reshape(shape),
    }
