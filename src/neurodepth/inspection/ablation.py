"""How accuracy falls when a trained network no longer hears one type of synapses."""

from dataclasses import replace

import numpy as np

from neurodepth import metrics, training
from neurodepth.cells.trial import Events
from neurodepth.networks.backend import keras
from neurodepth.synapse_types import SynapseTypes
from neurodepth.training import Scaling
from neurodepth.trials import Trials

NOTHING = "none"
CONFIDENCE, RESAMPLES = 0.95, 1000  # of the interval over test trials


def ablate(
    model: keras.Model, test: Trials, scaling: Scaling, types: SynapseTypes, rng: np.random.Generator
) -> dict[str, tuple[float, ...]]:
    """Score a network without the events of each type of synapses; nothing is trained again.

    Args:
        model: The network.
        test: Trials to score it on.
        scaling: Of its voltages.
        types: Of the synapses.
        rng: Draws the resampled trials behind the intervals.

    Returns:
        ROC AUC of spike prediction and the ends of its 95 % interval over trials, NaN without a spike (the ends also of a single trial), and variance explained
        of the clipped soma voltage, from 500 ms on: with all events under `none`, then by the name of the type left out.
    """
    weights = metrics.resampled_trials(len(test), RESAMPLES, rng)
    left_out = {NOTHING: np.zeros(test.n_synapses, bool)}
    left_out |= {name: types.of_synapse == number for number, name in enumerate(types.names)}
    return {name: _score(model, _without(test, silent), scaling, weights) for name, silent in left_out.items()}


def _without(trials: Trials, silent: np.ndarray) -> Trials:
    """The same trials without the events of some synapses, given as True in shape (synapses,)."""
    events = []
    for one in trials.events:
        heard = ~silent[one.synapse]
        events.append(Events(one.time_ms[heard], one.synapse[heard]))
    return replace(trials, events=events)


def _score(model: keras.Model, test: Trials, scaling: Scaling, weights: np.ndarray) -> tuple[float, ...]:
    logit, voltage_mv = training.predict(model, test, scaling)
    kept = slice(metrics.WARM_UP_MS, None)
    spikes = test.spikes()[:, kept]
    counts = metrics.count_pairs(logit[:, kept], spikes)
    explained = metrics.voltage_errors(voltage_mv[:, kept], test.soma_voltage_mv[:, kept])[1]
    interval = metrics.interval(counts.auc(weights), CONFIDENCE) if len(test) > 1 else (np.nan, np.nan)
    return float(counts.auc()), *interval, explained
