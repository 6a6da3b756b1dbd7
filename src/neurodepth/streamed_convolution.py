"""A causal convolution in time that remembers: of many neurons side by side, some milliseconds a call.

A call of a few milliseconds multiplies by the kernel once a millisecond. A longer one is multiplied frequency by
frequency (overlap-save): for a long kernel that is a tenth of the work, and the result is the same up to rounding.
"""

import numpy as np
from scipy import fft

BLOCK_MS = 128  # of a call: a state does not grow
# Measured by benchmarks/streaming.py --part methods: below, the transforms cost more than they save.
SHORTEST_CALL_MS, SHORTEST_KERNEL_MS = 16, 8


class StreamedConvolution:
    """A convolution of neurons that run side by side, each with its own past.

    Args:
        kernel: Shape (kernel_ms, channels, width), the latest input last, float32.
        n_neurons: How many.
    """

    def __init__(self, kernel: np.ndarray, n_neurons: int):
        self._kernel_ms, n_channels, width = kernel.shape
        self._kernel = np.ascontiguousarray(kernel).reshape(-1, width)
        self._spectra: dict[int, np.ndarray] = {}  # of the kernel, by the length of the transform, a few at most
        self._seen = np.zeros((n_neurons, self._kernel_ms - 1 + BLOCK_MS, n_channels), np.float32)
        self.reset()

    @property
    def state_bytes(self) -> int:
        """Bytes of what all neurons remember."""
        return self._seen.nbytes

    def reset(self) -> None:
        """Forget all input."""
        self._end_ms = self._kernel_ms - 1
        self._seen[:, : self._end_ms] = 0

    def advance(self, x: np.ndarray) -> np.ndarray:
        """Shape (neurons, ms, channels), at most `BLOCK_MS`, to (neurons, ms, width)."""
        seen = self._remember(x)
        if x.shape[1] >= SHORTEST_CALL_MS and self._kernel_ms >= SHORTEST_KERNEL_MS:
            return self._by_frequency(seen)[:, : x.shape[1]]
        out = np.empty((*x.shape[:2], self._kernel.shape[1]), np.float32)
        for time_ms in range(x.shape[1]):
            window = seen[:, time_ms : time_ms + self._kernel_ms]
            out[:, time_ms] = window.reshape(len(window), -1) @ self._kernel  # a view: no copy
        return out

    def _by_frequency(self, seen: np.ndarray) -> np.ndarray:
        """From what is seen: the sums of its milliseconds that have a whole past, and some more."""
        past_ms = self._kernel_ms - 1
        duration_ms = 1 << (seen.shape[1] - past_ms - 1).bit_length()
        length_ms = fft.next_fast_len(past_ms + duration_ms, real=True)
        if length_ms not in self._spectra:
            kernel = self._kernel.reshape(self._kernel_ms, seen.shape[2], -1)
            self._spectra[length_ms] = fft.rfft(kernel[::-1], length_ms, axis=0)
        spectrum = fft.rfft(seen, length_ms, axis=1).transpose(1, 0, 2)  # (frequencies, neurons, channels)
        return fft.irfft(spectrum @ self._spectra[length_ms], length_ms, axis=0)[past_ms:].transpose(1, 0, 2)

    def _remember(self, x: np.ndarray) -> np.ndarray:
        """Add x to what is remembered; returns it with the past that it needs, shape (neurons, kernel_ms - 1 + ms, channels)."""
        past_ms, duration_ms = self._kernel_ms - 1, x.shape[1]
        if self._end_ms + duration_ms > self._seen.shape[1]:  # begin again at the front
            self._seen[:, :past_ms] = self._seen[:, self._end_ms - past_ms : self._end_ms].copy()
            self._end_ms = past_ms
        self._seen[:, self._end_ms : self._end_ms + duration_ms] = x
        self._end_ms += duration_ms
        return self._seen[:, self._end_ms - duration_ms - past_ms : self._end_ms]
