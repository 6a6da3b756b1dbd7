"""Input spikes that a network answers as wished, found by gradients through it under a budget.

Which spikes to add is a choice of so many synapses and of a millisecond for each. Every synapse and millisecond of a window
has a preference; of each synapse the most preferred millisecond counts, and the most preferred synapses fire. The gradient of the wish by the spikes is added to the preferences, as if these were the
spikes (a straight-through estimate: Bengio et al. 2013, arXiv:1308.3432), and the best choice seen is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neurodepth import networks, surrogate
from neurodepth.cells.trial import Events
from neurodepth.experiments.answers import ONSET_MS
from neurodepth.experiments.design import Spikes
from neurodepth.networks.backend import keras

STEPS = 30  # the best choice of the layer-5 cell's networks hardly changes after 25
SMALLEST = 1e-9  # probability below which a logarithm is cut


@dataclass(frozen=True)
class Wish:
    """On which background to fire and when, and when not.

    Attributes:
        fire_ms: First and last ms after the onset in one of which a spike is wished; None for nowhere.
        silent_ms: First and last ms without a spike; None for none.
    """

    fire_ms: tuple[int, int] | None = None
    silent_ms: tuple[int, int] | None = None


@dataclass(frozen=True)
class Search:
    """Where and how long to search.

    Attributes:
        budget: Input spikes.
        window_ms: After the onset, in which they may come.
        steps: Gradients to follow.
    """

    budget: int
    window_ms: int
    steps: int = STEPS


def find(model_path: str | Path, backgrounds: Sequence[Events], wishes: Sequence[Wish], search: Search) -> Spikes:
    """Find the input spikes that, added to backgrounds, make a network answer as wished on all of them.

    Args:
        model_path: The network.
        backgrounds: Trials with an onset at `experiments.answers.ONSET_MS`.
        wishes: One for each background.
        search: Budget and window.

    Returns:
        Time in ms after the onset, and synapse, of each spike.

    Raises:
        ValueError: If the network reads more than input spikes, or the budget is larger than there are synapses.
    """
    model = _of_numbers(surrogate.load(model_path)[0])
    n_synapses = model.input.shape[-1]
    if not 0 < search.budget <= n_synapses:
        raise ValueError(
            f"a budget of {search.budget} spikes: expected 1 to {n_synapses}, at most one for each synapse"
        )
    history_ms = networks.history_ms(surrogate.describe(model_path)["architecture"])
    ends = [end for wish in wishes for span in (wish.fire_ms, wish.silent_ms) if span for end in span]
    duration_ms = history_ms + max(search.window_ms, *(end + 1 for end in ends))
    added = AddedSpikes(search.budget, search.window_ms, history_ms)
    inputs = keras.Input((duration_ms, n_synapses))
    asked = keras.Model(inputs, model(added(inputs))["spike_logit"])
    model.trainable = False
    asked.compile(keras.optimizers.SGD(1.0), loss=_unlikeliness)
    x = np.stack([_dense(one, ONSET_MS - history_ms, duration_ms, n_synapses) for one in backgrounds])
    y = np.stack([_spans(wish, history_ms, duration_ms) for wish in wishes])
    best, least = added.chosen(), np.inf
    for _ in range(search.steps):
        chosen = added.chosen()
        loss = float(asked.train_on_batch(x, y))
        if loss < least:
            best, least = chosen, loss
    return tuple((int(time_ms), int(synapse)) for time_ms, synapse in best)


@keras.saving.register_keras_serializable("neurodepth")
class AddedSpikes(keras.layers.Layer):
    """Adds a spike at the most preferred synapses to every trial, each at its most preferred millisecond of a window.

    Attributes:
        preference: Shape (window_ms, synapses).
    """

    def __init__(self, budget: int, window_ms: int, start_ms: int, **options: Any):
        """So many spikes in a window that starts at `start_ms`."""
        super().__init__(**options)
        self.budget, self.window_ms, self.start_ms = budget, window_ms, start_ms

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Prefer nothing."""
        self.preference = self.add_weight(shape=(self.window_ms, shape[-1]), initializer="zeros", name="preference")

    def call(self, x: Any) -> Any:
        """Shape (trials, time, synapses) to the same; where there is a spike comes no second one."""
        ops = keras.ops
        time_ms, synapse = self._choice()
        n_synapses = self.preference.shape[1]
        fires = ops.sum(ops.one_hot(synapse, n_synapses), axis=0)
        hard = ops.one_hot(time_ms, self.window_ms, axis=0) * fires
        spikes = self.preference + ops.stop_gradient(hard - self.preference)
        after_ms = x.shape[1] - self.start_ms - self.window_ms
        return x + (1 - x) * ops.pad(spikes, [[self.start_ms, after_ms], [0, 0]])

    def chosen(self) -> np.ndarray:
        """Time in the window and synapse of each spike, sorted, shape (budget, 2)."""
        time_ms, synapse = map(keras.ops.convert_to_numpy, self._choice())
        return np.array(sorted(zip(time_ms[synapse], synapse, strict=True)))

    def _choice(self) -> tuple[Any, Any]:
        """The best millisecond of every synapse, and the synapses that fire."""
        ops = keras.ops
        return ops.argmax(self.preference, axis=0), ops.top_k(ops.max(self.preference, axis=0), self.budget)[1]


def _unlikeliness(wish: Any, logit: Any) -> Any:
    """Minus the log probability that a spike comes where it is wished and none where silence is.

    Spikes of a millisecond are taken as independent of others: the chance of none in a span is exp(-sum of probabilities).

    Args:
        wish: 1 where a spike is wished, and where silence is, shape (trials, time, 2).
        logit: Of the spike probability, shape (trials, time, 1).
    """
    ops = keras.ops
    expected = ops.sum(ops.sigmoid(logit) * wish, axis=1)  # spikes in either span
    fires = ops.log(ops.maximum(-ops.expm1(-expected[:, 0]), SMALLEST))
    is_wished = ops.max(wish[:, :, 0], axis=1)
    return expected[:, 1] - is_wished * fires


def _of_numbers(model: Any) -> Any:
    """The same network for input of numbers instead of whole ones, so that there is a gradient by it."""
    if isinstance(model.input, dict):
        raise ValueError(f"{model.name} also reads output spikes: expected a network that reads input spikes alone")
    copy = keras.models.clone_model(model, input_tensors=keras.Input(model.input.shape[1:], name="input_spikes"))
    copy.set_weights(model.get_weights())
    return copy


def _dense(events: Events, start_ms: int, duration_ms: int, n_synapses: int) -> np.ndarray:
    """Events of a stretch of a trial, float32, shape (time, synapses)."""
    dense = np.zeros((duration_ms, n_synapses), np.float32)
    time_ms = events.time_ms.astype(int) - start_ms
    inside = (time_ms >= 0) & (time_ms < duration_ms)
    dense[time_ms[inside], events.synapse[inside]] = 1
    return dense


def _spans(wish: Wish, history_ms: int, duration_ms: int) -> np.ndarray:
    """1 in both spans of a wish, float32, shape (time, 2)."""
    spans = np.zeros((duration_ms, 2), np.float32)
    for column, span in enumerate((wish.fire_ms, wish.silent_ms)):
        if span:
            spans[history_ms + span[0] : history_ms + span[1] + 1, column] = 1
    return spans
