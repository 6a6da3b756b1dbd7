"""Memory of a training, known before it starts: a clear message beats a process that the system kills."""

import psutil

from neurodepth.networks.backend import keras

BYTES_PER_CHANNEL = 8  # and millisecond; measured at the peak of a step: 4 in bfloat16, 8 in float32
WEIGHT_COPIES = 4 * 4  # float32: weight, gradient and Adam's two moments
FRAMEWORK_BYTES = 300e6


def needed_bytes(model: keras.Model, batch_size: int, window_ms: int) -> float:
    """Memory that one optimiser step adds, roughly: measured 0.7 to 1.5 times of it for networks with layers."""
    n_channels = sum(one.shape[-1] for layer in model.layers for one in keras.tree.flatten(layer.output))
    windows = BYTES_PER_CHANNEL * n_channels * batch_size * window_ms
    return FRAMEWORK_BYTES + windows + WEIGHT_COPIES * model.count_params()


def check(model: keras.Model, batch_size: int, window_ms: int) -> None:
    """Refuse a batch that does not fit.

    Raises:
        MemoryError: With the largest batch that would fit.
    """
    available = psutil.virtual_memory().available
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
