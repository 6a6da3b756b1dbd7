"""Which input makes a network predict a spike: the templates of its first layer, and the mean effect of one event."""

from dataclasses import dataclass

import numpy as np

from neurodepth import metrics
from neurodepth.inspection import layers
from neurodepth.inspection.layers import Layer
from neurodepth.networks.backend import keras
from neurodepth.training.windows import feed
from neurodepth.trials import Trials

MOST_SPIKES = 200  # at which gradients are averaged: the standard error of a mean is then 7 % of the deviation
AT_ONCE = 20  # windows


@dataclass(frozen=True)
class Templates:
    """What a network looks for in its input, by time before the millisecond that is predicted.

    Attributes:
        effect: Mean change of the spike logit by one more event, shape (synapses, lags).
        template: Response of each filter of the first layer to one event, in standard deviations of its response, shape
            (filters, synapses, lags); 0 beyond the kernel of the layer.
        weight: Mean change of the spike logit by one standard deviation of each filter's response lasting 1 ms, summed
            over lags, shape (filters,); the strongest filter first.
    """

    effect: np.ndarray
    template: np.ndarray
    weight: np.ndarray


def find(model: keras.Model, test: Trials, n_filters: int) -> Templates:
    """Find the templates of the `n_filters` filters that matter most to the spike logit, and the effect of all.

    The logit is linear in the input as long as no unit switches between silent and active. Its gradient is averaged over
    the milliseconds in which the cell spikes, at most `MOST_SPIKES`; without a spike over evenly spaced ones.

    Args:
        model: A network of one of `networks.STACKS`.
        test: Trials.
        n_filters: How many templates to return.
    """
    stack = layers.read(model)
    history_ms = 1 + sum(len(layer.kernel) - 1 for layer in stack)
    gradient = logit_gradient(model, stack, _windows(model, test, history_ms))
    first = stack[0].kernel * stack[0].gain
    effect = np.zeros((first.shape[1], history_ms), np.float32)
    for lag, kernel in enumerate(first):  # one event acts through the first layer after `lag`, and on after later ones
        effect[:, lag:] += kernel @ gradient[: history_ms - lag].T
    strength = np.linalg.norm(gradient, axis=0) * np.sqrt(np.sum(first**2, axis=(0, 1)))
    strongest = np.argsort(-strength, kind="stable")[:n_filters]
    template = np.zeros((len(strongest), first.shape[1], history_ms), np.float32)
    template[:, :, : len(first)] = first[:, :, strongest].transpose(2, 1, 0)
    return Templates(effect, template, gradient.sum(axis=0)[strongest])


def logit_gradient(model: keras.Model, stack: list[Layer], inputs: np.ndarray) -> np.ndarray:
    """Mean gradient of the last millisecond's spike logit by what the first layer's filters give before rectification.

    Args:
        model: The network.
        stack: Its layers.
        inputs: Windows of input as long as the network's receptive field, shape (windows, time, synapses).

    Returns:
        Shape (lags, filters), lag 0 first.
    """
    responder, total = layers.responder(model), np.zeros((), np.float32)
    for start in range(0, len(inputs), AT_ONCE):
        responses = responder.predict_on_batch(inputs[start : start + AT_ONCE])
        responses = responses if isinstance(responses, list) else [responses]
        gradient = np.zeros_like(responses[-1])
        gradient[:, -1] = layers.spike_weights(model)
        for layer, response in zip(reversed(stack[1:]), reversed(responses[1:]), strict=True):
            gradient = _backwards(np.where(response > 0, gradient, 0) * layer.gain, layer.kernel)
        total = total + np.where(responses[0] > 0, gradient, 0).sum(axis=0)
    return total[::-1] / len(inputs)


def _backwards(gradient: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Gradient by the input of a causal convolution, from that by its output, shape (windows, time, channels)."""
    by_input = np.zeros((*gradient.shape[:2], kernel.shape[1]), np.float32)
    for lag, weights in enumerate(kernel):
        by_input[:, : gradient.shape[1] - lag] += gradient[:, lag:] @ weights.T
    return by_input


def _windows(model: keras.Model, test: Trials, history_ms: int) -> np.ndarray:
    """Input up to the milliseconds in which the cell spikes, shape (windows, history_ms, synapses)."""
    earliest_ms = max(metrics.WARM_UP_MS, history_ms)
    at = np.argwhere(test.spikes()[:, earliest_ms:])
    if not len(at):
        at = np.argwhere(np.ones((len(test), test.duration_ms - earliest_ms), bool))
    chosen = at[np.linspace(0, len(at) - 1, min(len(at), MOST_SPIKES)).astype(int)]
    return feed(model, test, chosen[:, 0], chosen[:, 1] + earliest_ms - history_ms + 1, history_ms)
