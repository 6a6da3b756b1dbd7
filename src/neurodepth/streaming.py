"""A trained network as a neuron in a simulation: advanced by one or more milliseconds a call, many neurons side by side.

    stream = streaming.open_stream("results/l5pc/nmda/networks/depth_7/trials_3600/seed_1.keras", n_neurons=100)
    probability, voltage_mv = stream.advance(input_spikes)  # (100, ms, synapses) to twice (100, ms)

The state is what each layer must remember of the past: its kernel less a millisecond. Nothing is computed twice, and the
predictions are those of `surrogate.predict`, up to rounding. It needs numpy and scipy alone once the network is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse, special

from neurodepth import networks, surrogate
from neurodepth.streamed_convolution import BLOCK_MS, StreamedConvolution


@dataclass(frozen=True)
class Weights:
    """A network of type `tcn` or `fully_connected` as plain arrays, float32, normalisation multiplied in.

    Attributes:
        mixing: What each synapse adds to each mixture, shape (synapses, mixtures); None where the first kernel reads
            synapses.
        kernels: Of each layer, shape (kernel_ms, channels, width), the latest input last.
        shifts: Added to each layer's sum before the rectification, shape (width,).
        head: From the last layer to spike logit and soma voltage in mV, shape (width, 2).
        head_bias: Shape (2,).
    """

    mixing: np.ndarray | None
    kernels: Sequence[np.ndarray]
    shifts: Sequence[np.ndarray]
    head: np.ndarray
    head_bias: np.ndarray

    @property
    def n_synapses(self) -> int:
        """Input channels."""
        return self.kernels[0].shape[1] if self.mixing is None else len(self.mixing)


class Stream:
    """Copies of a network that run side by side, each with its own past.

    Attributes:
        n_neurons: How many.
    """

    def __init__(self, weights: Weights, n_neurons: int = 1):
        """Neurons that have seen no input yet."""
        self.weights, self.n_neurons = weights, n_neurons
        kernels = list(weights.kernels)
        self._to_come: np.ndarray | None = None
        if weights.mixing is None:  # a spike adds to this millisecond and the next ones: earliest lag first
            kernel_ms, n_synapses, width = kernels[0].shape
            by_synapse = kernels.pop(0)[::-1].transpose(1, 0, 2)
            self._by_synapse = np.ascontiguousarray(by_synapse).reshape(n_synapses, -1)
            self._to_come = np.zeros((n_neurons, kernel_ms - 1, width), np.float32)
        self._convolutions = [StreamedConvolution(kernel, n_neurons) for kernel in kernels]

    @property
    def state_bytes(self) -> int:
        """Bytes of the state of all neurons."""
        to_come = 0 if self._to_come is None else self._to_come.nbytes
        return to_come + sum(one.state_bytes for one in self._convolutions)

    def reset(self) -> None:
        """Forget all input."""
        for one in self._convolutions:
            one.reset()
        if self._to_come is not None:
            self._to_come[:] = 0

    def advance(self, input_spikes: Any) -> tuple[np.ndarray, np.ndarray]:
        """Take the input of the next milliseconds.

        Args:
            input_spikes: Spikes of every synapse, 0 or 1 as in training (more add up), shape (neurons, ms, synapses); or the
                same as a `scipy.sparse` matrix of shape (neurons * ms, synapses), the milliseconds of a neuron one below the
                other.

        Returns:
            Probability of a spike, and the soma voltage in mV, learned clipped at -55 mV; float32, each of shape (neurons, ms).

        Raises:
            ValueError: If neurons or synapses are not as many as here.
        """
        rows = self._rows(input_spikes)
        duration_ms = rows.shape[0] // self.n_neurons
        if duration_ms <= BLOCK_MS:
            return self._advance(rows)
        start = duration_ms * np.arange(self.n_neurons)[:, None]
        parts = [
            self._advance(rows[(start + np.arange(first, min(first + BLOCK_MS, duration_ms))).ravel()])
            for first in range(0, duration_ms, BLOCK_MS)
        ]
        probability, voltage_mv = (np.concatenate(one, axis=1) for one in zip(*parts, strict=True))
        return probability, voltage_mv

    def _advance(self, x: Any) -> tuple[np.ndarray, np.ndarray]:
        """The same for a few milliseconds, as a sparse matrix: what is computed at once stays small."""
        shifts = list(self.weights.shifts)
        if self.weights.mixing is None:
            x = np.maximum(self._add_events(x) + shifts.pop(0), 0)
        else:
            x = (x @ self.weights.mixing).reshape(self.n_neurons, -1, self.weights.mixing.shape[1])
        for convolution, shift in zip(self._convolutions, shifts, strict=True):
            x = convolution.advance(x)
            x += shift
            np.maximum(x, 0, out=x)
        out = x @ self.weights.head + self.weights.head_bias
        return special.expit(out[..., 0]), out[..., 1]

    def _rows(self, input_spikes: Any) -> Any:
        """Input as a sparse matrix, float32, of shape (neurons * ms, synapses)."""
        n_neurons, n_synapses = self.n_neurons, self.weights.n_synapses
        if sparse.issparse(input_spikes):
            fits = input_spikes.shape[1] == n_synapses and input_spikes.shape[0] % n_neurons == 0
            expected = f"a sparse matrix of ({n_neurons} * ms, {n_synapses})"
            rows = input_spikes.astype(np.float32)  # before equal places are added up
        else:
            rows = np.asarray(input_spikes)
            fits = rows.ndim == 3 and rows.shape[::2] == (n_neurons, n_synapses)
            expected = f"an array of ({n_neurons}, ms, {n_synapses})"
        if not fits:
            raise ValueError(f"input_spikes: expected {expected}, found the shape {input_spikes.shape}")
        return sparse.csr_array(rows if sparse.issparse(rows) else rows.reshape(-1, n_synapses), dtype=np.float32)

    def _add_events(self, rows: Any) -> np.ndarray:
        """What a first layer that reads synapses adds up, shape (neurons, ms, width): each event in all its lags."""
        kernel_ms, _, width = self.weights.kernels[0].shape
        added = (rows @ self._by_synapse).reshape(self.n_neurons, -1, kernel_ms, width)
        duration_ms = added.shape[1]
        total = np.zeros((self.n_neurons, duration_ms + kernel_ms - 1, width), np.float32)
        total[:, : kernel_ms - 1] = self._to_come
        for lag_ms in range(kernel_ms):
            total[:, lag_ms : lag_ms + duration_ms] += added[:, :, lag_ms]
        self._to_come = total[:, duration_ms:].copy()
        return total[:, :duration_ms]


def open_stream(model_path: str | Path, n_neurons: int = 1) -> Stream:
    """Neurons that behave as a trained network.

    Args:
        model_path: As for `surrogate.describe`.
        n_neurons: How many run side by side.

    Raises:
        DatasetError: If the network or its description is missing.
        ValueError: If the network is of another type than `tcn` or `fully_connected`.
    """
    return Stream(weights_of(model_path), n_neurons)


def weights_of(model_path: str | Path) -> Weights:
    """The weights of a network on disk.

    Args:
        model_path: As for `surrogate.describe`.

    Raises:
        DatasetError: If the network or its description is missing.
        ValueError: If the network is of another type than `tcn` or `fully_connected`.
    """
    return read_weights(surrogate.load(model_path)[0], surrogate.describe(model_path))


def read_weights(model: Any, description: dict[str, Any]) -> Weights:
    """The weights of a network.

    Args:
        model: The `keras.Model`.
        description: What stands beside its file.

    Raises:
        ValueError: If the network is of another type than `tcn` or `fully_connected`.
    """
    kind = description["architecture"]["type"]
    if kind not in networks.STACKS:
        raise ValueError(f"a network of type {kind} cannot be streamed: expected one of {', '.join(networks.STACKS)}")
    layers = {layer.name: [np.asarray(one, np.float32) for one in layer.weights] for layer in model.layers}
    kernels, shifts = [], []
    for depth in range(1, 1 + description["depth"]):
        kernel, *shift = next(layers[name] for name in (f"convolution_{depth}", f"dense_{depth}") if name in layers)
        if shift:  # of an exported network, with all that follows multiplied in
            kernels.append(kernel)
            shifts += shift
            continue
        gamma, beta, mean, variance = layers[f"normalisation_{depth}"]
        scale = gamma / np.sqrt(variance + model.get_layer(f"normalisation_{depth}").epsilon)
        kept = 1 - description["architecture"]["synapse_dropout"] if depth == 1 else 1
        kernels.append(np.ascontiguousarray(kernel.reshape(-1, *kernel.shape[-2:]) * (scale * kept)))
        shifts.append(beta - mean * scale)
    scaling = description["scaling"]
    (logit, logit_bias), (voltage, voltage_bias) = layers["spike_logit"], layers["soma_voltage"]
    deviation_mv = scaling["soma_deviation_mv"]
    return Weights(
        layers["mix_synapses"][0] if "mix_synapses" in layers else None,
        kernels,
        shifts,
        np.concatenate([logit, voltage * deviation_mv], axis=1, dtype=np.float32),
        np.concatenate(
            [logit_bias, voltage_bias * deviation_mv + scaling["soma_mean_mv"]], dtype=np.float32, casting="same_kind"
        ),
    )
