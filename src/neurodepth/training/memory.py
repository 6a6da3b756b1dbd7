"""Memory of a training, known before it starts: a clear message beats a process that the system kills."""

import psutil
from distributed.system import memory_limit

from neurodepth.networks.backend import keras
from neurodepth.networks.convolution import TILE_MS, CausalConvolution, bilinear_form

BYTES_PER_CHANNEL = 8  # and millisecond; measured at the peak of a step: 4 in bfloat16, 8 in float32
WEIGHT_COPIES = 4 * 4  # float32: weight, gradient and Adam's two moments
FRAMEWORK_BYTES = 300e6


def needed_bytes(model: keras.Model, batch_size: int, window_ms: int) -> float:
    """Memory that one optimiser step adds, roughly: measured 0.4 to 1.1 times of it, most with a full first layer."""
    n_channels = sum(one.shape[-1] for layer in model.layers for one in keras.tree.flatten(layer.output))
    transformed = max(
        (_transformed_bytes(one) for one in model.layers if isinstance(one, CausalConvolution)), default=0
    )
    windows = (BYTES_PER_CHANNEL * n_channels + transformed) * batch_size * window_ms
    return FRAMEWORK_BYTES + windows + WEIGHT_COPIES * model.count_params()


def check(model: keras.Model, batch_size: int, window_ms: int) -> None:
    """Refuse a batch that does not fit the machine, or the container.

    Raises:
        MemoryError: With the largest batch that would fit.
    """
    available = min(psutil.virtual_memory().available, memory_limit() - psutil.Process().memory_info().rss)
    needed = needed_bytes(model, batch_size, window_ms)
    if needed <= available:
        return
    fixed = needed_bytes(model, 0, window_ms)
    fitting = int(batch_size * (available - fixed) / (needed - fixed))
    cure = f"set training.batch_size to {fitting} or less" if fitting > 0 else "free memory or choose a smaller network"
    raise MemoryError(
        f"training with training.batch_size {batch_size} windows of {window_ms} ms needs about {needed / 1e9:.1f} GB, "
        f"{available / 1e9:.1f} GB are free: {cure}"
    )


def _transformed_bytes(convolution: CausalConvolution) -> float:
    """Of one millisecond of a convolution's input: cast, in tiles with their history, and as a spectrum."""
    n_channels = convolution.input.shape[-1]
    n_products = len(bilinear_form(convolution.kernel_ms, TILE_MS)[0])
    rows = 1 + (TILE_MS + convolution.kernel_ms - 1 + n_products) / TILE_MS
    return rows * n_channels * (4 if convolution.compute_dtype == "float32" else 2)
