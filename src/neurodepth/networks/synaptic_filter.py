"""One temporal filter a synapse, summed: a causal convolution of many channels to one."""

from typing import Any

from neurodepth.networks.backend import keras


@keras.saving.register_keras_serializable("neurodepth")
class SynapticFilter(keras.layers.Layer):
    """Filters each channel by a kernel of its own and adds them up.

    The product over all channels and lags comes first and the shifted sum second, which was measured over twenty times faster than a
    convolution to one channel in Keras. The kernels start at zero, unless the trainer starts them: what follows is a convex problem.

    Attributes:
        kernel: Shape (channels, kernel_ms), the latest input first.
        bias: Shape (1,).
    """

    def __init__(self, kernel_ms: int, bias_initializer: Any = "zeros", **options: Any):
        """Filter by kernels of `kernel_ms` milliseconds."""
        super().__init__(**options)
        self.kernel_ms, self.bias_initializer = kernel_ms, keras.initializers.get(bias_initializer)

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the kernels for inputs of this shape."""
        self.kernel = self.add_weight(shape=(shape[-1], self.kernel_ms), initializer="zeros", name="kernel")
        self.bias = self.add_weight(shape=(1,), initializer=self.bias_initializer, autocast=False, name="bias")

    def call(self, x: Any) -> Any:
        """Shape (trials, time, channels) to (trials, time, 1), float32."""
        ops = keras.ops
        n_trials, duration_ms, _ = ops.shape(x)
        by_lag = ops.transpose(ops.cast(ops.matmul(x, self.kernel), "float32"), (0, 2, 1))
        # Rows that are read one sample shorter than they are written start one sample later each: row i is delayed by i.
        length_ms = duration_ms + self.kernel_ms
        padded = ops.pad(by_lag, [[0, 0], [0, 0], [0, self.kernel_ms]])
        written = ops.reshape(padded, (n_trials, self.kernel_ms * length_ms))
        delayed = ops.reshape(written[:, : -self.kernel_ms], (n_trials, self.kernel_ms, length_ms - 1))
        return ops.sum(delayed, axis=1)[:, :duration_ms, None] + self.bias

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """As `call` does."""
        return (*shape[:-1], 1)

    def compute_output_spec(self, x: Any) -> Any:
        """As `call` does, whatever the precision of the product."""
        return keras.KerasTensor(self.compute_output_shape(x.shape), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        """What makes this layer again."""
        initializer = keras.initializers.serialize(self.bias_initializer)
        return super().get_config() | {"kernel_ms": self.kernel_ms, "bias_initializer": initializer}
