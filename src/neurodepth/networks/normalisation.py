"""Batch normalisation over all but the channels, by TensorFlow's fused kernel where TensorFlow is the backend."""

from typing import Any

from neurodepth.networks.backend import keras


@keras.saving.register_keras_serializable("neurodepth")
class Normalisation(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization` of channels in the last place, in half the time on a processor."""

    def call(self, x: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise by the batch in training, by the moving averages otherwise; any shape (..., channels)."""
        if keras.backend.backend() != "tensorflow":
            return super().call(x, training=training, mask=mask)
        import tensorflow

        ops = keras.ops
        gamma, beta, mean, variance = (
            ops.cast(one, "float32") for one in (self.gamma, self.beta, self.moving_mean, self.moving_variance)
        )
        moving = {} if training else {"mean": mean, "variance": variance}
        rows = ops.reshape(x, (1, 1, -1, x.shape[-1]))
        rows, batch_mean, batch_variance = tensorflow.compat.v1.nn.fused_batch_norm(
            rows, gamma, beta, epsilon=self.epsilon, is_training=bool(training), **moving
        )[:3]
        if training:
            self.moving_mean.assign(mean * self.momentum + batch_mean * (1 - self.momentum))
            self.moving_variance.assign(variance * self.momentum + batch_variance * (1 - self.momentum))
        return ops.reshape(rows, ops.shape(x))
