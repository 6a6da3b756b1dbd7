"""Causal convolution in time with few multiplications: tiles of time, a transform, products, and back.

Winograd's idea with the points of the discrete Fourier transform: every tile of `tile_ms` outputs and the input that it
depends on are transformed by small real matrices, so that the convolution becomes one product of channels a row. The
result is the convolution's own, up to rounding; a kernel of 12 ms costs a quarter of the multiplications, one of 54 ms
a seventh (docs/networks.md). Activations stay in tiles between layers: no transposition is needed.
"""

import functools
from typing import Any

import numpy as np

from neurodepth.networks import few_levels, n_kernel_weights
from neurodepth.networks.backend import keras

COSINE_OFFSET_MS = 3.0  # cosines are evenly spaced below this lag, and ever farther apart beyond
TILE_MS = 50  # measured: benchmarks/training.py; 25 and 100 differ by less than a tenth


@functools.cache
def bilinear_form(kernel_ms: int, tile_ms: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Matrices with which a causal convolution of one tile is `back @ ((there @ x) * (of_kernel @ w))`.

    The convolution is read off a circular one of n = tile_ms + kernel_ms - 1 points, whose spectrum is multiplied
    frequency by frequency; a complex product takes three real ones (Gauss).

    Args:
        kernel_ms: Samples of the kernel.
        tile_ms: Outputs of a tile.

    Returns:
        `there`, shape (products, n), for the input that ends with the tile; `of_kernel`, shape (products, kernel_ms),
        for the kernel whose last sample is the lag 0; `back`, shape (tile_ms, products).
    """
    n = tile_ms + kernel_ms - 1
    there, of_kernel, back = [], [], []
    for frequency in range(n // 2 + 1):
        phase = 2 * np.pi * frequency * np.arange(n) / n
        real, imaginary = np.cos(phase), -np.sin(phase)
        kernel_real, kernel_imaginary = real[:kernel_ms], imaginary[:kernel_ms]
        is_real = frequency == 0 or 2 * frequency == n
        weight = (1 if is_real else 2) / n  # the other half of the spectrum is the conjugate of this one
        back_real, back_imaginary = weight * real[kernel_ms - 1 :], weight * imaginary[kernel_ms - 1 :]
        if is_real:
            there += [real]
            of_kernel += [kernel_real]
            back += [back_real]
        else:
            there += [real + imaginary, real, imaginary]
            of_kernel += [kernel_real, kernel_imaginary - kernel_real, kernel_real + kernel_imaginary]
            back += [back_real + back_imaginary, back_imaginary, -back_real]
    return np.array(there), np.array(of_kernel)[:, ::-1], np.array(back).T


@functools.cache
def raised_cosines(kernel_ms: int, n_cosines: int) -> np.ndarray:
    """Smooth shapes that kernels are sums of, narrow at short lags and wide at long ones; Pillow et al. 2008, Nature 454:995.

    A kernel of free weights can learn by heart at which millisecond of the past an event of the training trials came; a sum
    of these shapes cannot (docs/training.md).

    Args:
        kernel_ms: Samples of the kernel.
        n_cosines: How many shapes; their peaks are evenly spaced over the logarithm of lag and offset.

    Returns:
        Shape (kernel_ms, n_cosines), float32, the lag 0 last; columns of length 1.
    """
    place = np.log(np.arange(kernel_ms)[::-1] + COSINE_OFFSET_MS)
    peaks = np.linspace(place.min(), place.max(), n_cosines)
    distance = (place[:, None] - peaks) / (peaks[1] - peaks[0])
    shapes = 1 + np.cos(np.pi * np.clip(distance / 2, -1, 1))
    return (shapes / np.linalg.norm(shapes, axis=0)).astype(np.float32)


def smooth_shapes(kernel_ms: int, n_cosines: int | None) -> np.ndarray | None:
    """The `raised_cosines` that a kernel is a sum of, or None where it has a weight for every ms."""
    n_weights = n_kernel_weights(kernel_ms, n_cosines)
    return None if n_weights == kernel_ms else raised_cosines(kernel_ms, n_weights)


def into_tiles(x: Any, tile_ms: int = TILE_MS) -> Any:
    """Lay out (trials, time, channels) as (time within a tile, tile, trials, channels); zeros fill the last tile."""
    ops = keras.ops
    n_trials, duration_ms, n_channels = ops.shape(x)
    n_tiles = -(-duration_ms // tile_ms)
    x = ops.pad(x, [[0, 0], [0, n_tiles * tile_ms - duration_ms], [0, 0]])
    return ops.transpose(ops.reshape(x, (n_trials, n_tiles, tile_ms, n_channels)), (2, 1, 0, 3))


def out_of_tiles(x: Any, duration_ms: Any) -> Any:
    """Lay out tiles as (trials, time, channels) again, without what filled the last tile."""
    ops = keras.ops
    tile_ms, n_tiles, n_trials, n_channels = ops.shape(x)
    x = ops.reshape(ops.transpose(x, (2, 1, 0, 3)), (n_trials, n_tiles * tile_ms, n_channels))
    return x[:, :duration_ms]


@keras.saving.register_keras_serializable("neurodepth")
class IntoTiles(keras.layers.Layer):
    """`into_tiles` as a layer."""

    def call(self, x: Any) -> Any:
        """Shape (trials, time, channels) to (tile_ms, tiles, trials, channels)."""
        return into_tiles(x)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """As `call` does."""
        return (TILE_MS, None if shape[1] is None else -(-shape[1] // TILE_MS), shape[0], shape[2])


@keras.saving.register_keras_serializable("neurodepth")
class OutOfTiles(keras.layers.Layer):
    """`out_of_tiles` as a layer; its second input has the duration that is wanted."""

    def call(self, x: Any, like: Any) -> Any:
        """Shape (tile_ms, tiles, trials, channels) to (trials, time, channels), with the time of `like`."""
        return out_of_tiles(x, keras.ops.shape(like)[1])

    def compute_output_shape(
        self, x_shape: tuple[int | None, ...], like_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        """As `call` does."""
        return (like_shape[0], like_shape[1], x_shape[3])


@keras.saving.register_keras_serializable("neurodepth")
class CausalConvolution(keras.layers.Layer):
    """Causal convolution of tiles, without bias; zeros precede a trial.

    Attributes:
        kernel: Shape (kernel_ms, channels, width), the latest input last, as in `keras.layers.Conv1D`; where it is a sum of
            cosines, their weights, shape (n_cosines, channels, width).
        cosines: What it is a sum of, shape (kernel_ms, n_cosines), or None.
    """

    def __init__(
        self,
        width: int,
        kernel_ms: int,
        weight_levels: int | None = None,
        n_cosines: int | None = None,
        **options: Any,
    ):
        """A layer of `width` channels that sees `kernel_ms` milliseconds.

        Args:
            width: Channels.
            kernel_ms: Length of the kernel.
            weight_levels: Of the kernel's weights, if they have few.
            n_cosines: Make a kernel of at least twice as many milliseconds a sum of so many `raised_cosines`.
            options: As for any layer.
        """
        super().__init__(**options)
        self.width, self.kernel_ms, self.weight_levels, self.n_cosines = width, kernel_ms, weight_levels, n_cosines
        self.cosines = smooth_shapes(kernel_ms, n_cosines)

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the kernel for inputs of this shape."""
        n_free = self.kernel_ms if self.cosines is None else self.cosines.shape[1]
        self.kernel = self.add_weight(
            shape=(n_free, shape[-1], self.width), initializer="glorot_uniform", name="kernel"
        )

    def call(self, x: Any) -> Any:
        """Shape (tile_ms, tiles, trials, channels) to (tile_ms, tiles, trials, width)."""
        ops = keras.ops
        tile_ms, n_tiles, n_trials, n_channels = ops.shape(x)
        there, of_kernel, back = bilinear_form(self.kernel_ms, tile_ms)
        kernel = self.kernel
        if self.weight_levels:
            kernel = ops.cast(few_levels.straight_through(self._at_each_lag(), self.weight_levels), self.compute_dtype)
        elif self.cosines is not None:
            of_kernel = of_kernel @ self.cosines  # one small product instead of a kernel of all lags
        there, of_kernel, back = (ops.convert_to_tensor(one, self.compute_dtype) for one in (there, of_kernel, back))
        n_products = there.shape[0]
        rows = ops.reshape(with_history(x, self.kernel_ms - 1), (tile_ms + self.kernel_ms - 1, -1))
        spectrum = ops.reshape(ops.matmul(there, rows), (n_products, n_tiles * n_trials, n_channels))
        kernel = ops.reshape(kernel, (of_kernel.shape[1], n_channels * self.width))
        kernel = ops.reshape(ops.matmul(of_kernel, kernel), (n_products, n_channels, self.width))
        products = ops.reshape(ops.matmul(spectrum, kernel), (n_products, -1))
        return ops.reshape(ops.matmul(back, products), (tile_ms, n_tiles, n_trials, self.width))

    def kernel_in_use(self) -> Any:
        """The kernel at each lag, rounded where its weights have few levels; shape (kernel_ms, channels, width)."""
        return few_levels.rounded(self._at_each_lag(), self.weight_levels)

    def _at_each_lag(self) -> Any:
        return self.kernel if self.cosines is None else keras.ops.tensordot(self.cosines, self.kernel, axes=1)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """As `call` does."""
        return (*shape[:-1], self.width)

    def get_config(self) -> dict[str, Any]:
        """What makes this layer again."""
        return super().get_config() | {
            "width": self.width,
            "kernel_ms": self.kernel_ms,
            "weight_levels": self.weight_levels,
            "n_cosines": self.n_cosines,
        }


def with_history(x: Any, history_ms: int) -> Any:
    """Put before each tile the last `history_ms` of the tiles before it, zeros before the first.

    Returns:
        Shape (history_ms + tile_ms, tiles, trials, channels).
    """
    ops = keras.ops
    tile_ms, n_tiles, n_trials, n_channels = ops.shape(x)
    parts, tiles_back = [x], 0
    while history_ms > 0:
        taken_ms, tiles_back = min(history_ms, tile_ms), tiles_back + 1
        # Split and concatenate: the gradient of a slice would be as large as the whole.
        last = x if taken_ms == tile_ms else ops.split(x, [tile_ms - taken_ms], axis=0)[1]
        n_zeros = min(tiles_back, n_tiles) if isinstance(n_tiles, int) else ops.minimum(tiles_back, n_tiles)
        kept = ops.split(last, [n_tiles - n_zeros], axis=1)[0]
        parts.insert(0, ops.concatenate([ops.zeros((taken_ms, n_zeros, n_trials, n_channels), x.dtype), kept], axis=1))
        history_ms -= taken_ms
    return ops.concatenate(parts, axis=0)
