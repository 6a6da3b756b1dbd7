"""One temporal filter a synapse, summed: a causal convolution of many channels to one."""

from typing import Any

from neurodepth.networks.backend import keras
from neurodepth.networks.convolution import smooth_shapes


@keras.saving.register_keras_serializable("neurodepth")
class SynapticFilter(keras.layers.Layer):
    """Filters each channel by a kernel of its own and adds them up.

    The product over all channels and lags comes first and the shifted sum second, which was measured over twenty times faster than a
    convolution to one channel in Keras. The kernels start at zero, unless the trainer starts them: what follows is a convex problem.

    Attributes:
        kernel: Shape (channels, kernel_ms), the latest input first; where kernels are sums of cosines, their weights, shape
            (channels, n_cosines).
        cosines: What kernels are sums of, shape (n_cosines, kernel_ms), or None.
        bias: Shape (1,).
    """

    def __init__(self, kernel_ms: int, bias_initializer: Any = "zeros", n_cosines: int | None = None, **options: Any):
        """Filter by kernels of `kernel_ms` milliseconds.

        Args:
            kernel_ms: Length of a kernel.
            bias_initializer: Of what is added.
            n_cosines: As for `CausalConvolution`.
            options: As for any layer.
        """
        super().__init__(**options)
        self.kernel_ms, self.bias_initializer = kernel_ms, keras.initializers.get(bias_initializer)
        shapes = smooth_shapes(kernel_ms, n_cosines)
        self.n_cosines, self.cosines = n_cosines, None if shapes is None else shapes[::-1].T

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the kernels for inputs of this shape."""
        n_weights = self.kernel_ms if self.cosines is None else len(self.cosines)
        self.kernel = self.add_weight(shape=(shape[-1], n_weights), initializer="zeros", name="kernel")
        self.bias = self.add_weight(shape=(1,), initializer=self.bias_initializer, autocast=False, name="bias")

    def call(self, x: Any) -> Any:
        """Shape (trials, time, channels) to (trials, time, 1), float32."""
        ops = keras.ops
        n_trials, duration_ms, _ = ops.shape(x)
        by_lag = ops.cast(ops.matmul(x, self.kernel), "float32")
        if self.cosines is not None:
            by_lag = ops.matmul(by_lag, self.cosines)
        by_lag = ops.transpose(by_lag, (0, 2, 1))
        # Rows that are read one sample shorter than they are written start one sample later each: row i is delayed by i.
        length_ms = duration_ms + self.kernel_ms
        padded = ops.pad(by_lag, [[0, 0], [0, 0], [0, self.kernel_ms]])
        written = ops.reshape(padded, (n_trials, self.kernel_ms * length_ms))
        delayed = ops.reshape(written[:, : -self.kernel_ms], (n_trials, self.kernel_ms, length_ms - 1))
        return ops.sum(delayed, axis=1)[:, :duration_ms, None] + self.bias

    def kernel_in_use(self) -> Any:
        """The kernels at each lag, shape (channels, kernel_ms)."""
        return self.kernel if self.cosines is None else keras.ops.matmul(self.kernel, self.cosines)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """As `call` does."""
        return (*shape[:-1], 1)

    def compute_output_spec(self, x: Any) -> Any:
        """As `call` does, whatever the precision of the product."""
        return keras.KerasTensor(self.compute_output_shape(x.shape), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        """What makes this layer again."""
        initializer = keras.initializers.serialize(self.bias_initializer)
        return super().get_config() | {
            "kernel_ms": self.kernel_ms,
            "bias_initializer": initializer,
            "n_cosines": self.n_cosines,
        }
