"""Input drawn for a small cell, for the tests of the stimulus."""

from pathlib import Path

import numpy as np
import pandas as pd

from neurodepth import stimulus, validation

DURATION_MS = 3000
CELL_PATH = Path(__file__).parents[2] / "models" / "cells" / "l5pc"
STATISTICS = validation.read_yaml(CELL_PATH / "cell.yaml")["input"]
_KIND = pd.DataFrame(
    {"tree": ["basal"] * 30 + ["apical"] * 50, "length_um": np.random.default_rng(0).uniform(5, 40, 80)}
)
SYNAPSES = pd.concat([_KIND.assign(kind=kind) for kind in ("excitatory", "inhibitory")], ignore_index=True)


def draw(statistics, index=0, duration_ms=DURATION_MS, split="train"):
    """Events of one trial of the small cell."""
    return stimulus.draw_events(SYNAPSES, statistics, duration_ms, stimulus.trial_rng(1, split, index))


def trains(events):
    """Events as an array of synapses and time: 1 where there is one."""
    dense = np.zeros((len(SYNAPSES), DURATION_MS))
    np.add.at(dense, (events.synapse, events.time_ms), 1)
    return dense
