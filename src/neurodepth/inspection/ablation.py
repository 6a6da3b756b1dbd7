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


def ablate(model: keras.Model, test: Trials, scaling: Scaling, types: SynapseTypes) -> dict[str, tuple[float, float]]:
    """Score a network without the events of each type of synapses; nothing is trained again.

    Returns:
        ROC AUC of spike prediction, NaN without a spike, and variance explained of the clipped soma voltage, from 500 ms on:
        with all events under `none`, then by the name of the type that is left out.
    """
    left_out = {NOTHING: np.zeros(test.n_synapses, bool)}
    left_out |= {name: types.of_synapse == number for number, name in enumerate(types.names)}
    return {name: _score(model, _without(test, silent), scaling) for name, silent in left_out.items()}


def _without(trials: Trials, silent: np.ndarray) -> Trials:
    """The same trials without the events of some synapses, given as True in shape (synapses,)."""
    events = []
    for one in trials.events:
        heard = ~silent[one.synapse]
        events.append(Events(one.time_ms[heard], one.synapse[heard]))
    return replace(trials, events=events)


def _score(model: keras.Model, test: Trials, scaling: Scaling) -> tuple[float, float]:
    logit, voltage_mv = training.predict(model, test, scaling)
    kept = slice(metrics.WARM_UP_MS, None)
    spikes = test.spikes()[:, kept]
    explained = metrics.voltage_errors(voltage_mv[:, kept], test.soma_voltage_mv[:, kept])[1]
    return float(metrics.count_pairs(logit[:, kept], spikes).auc()), explained
