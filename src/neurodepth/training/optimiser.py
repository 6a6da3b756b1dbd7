"""Adam with decoupled weight decay, in one pass over the weights where the backend has one."""

from typing import Any

from neurodepth.networks.backend import keras


class Adam(keras.optimizers.Adam):
    """`keras.optimizers.Adam`, whose ten passes over every weight become one on TensorFlow; the same mathematics.

    The published network has ten million weights: at small batches those passes cost as much as its first layer.
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update a variable, as Keras's own method does."""
        if keras.backend.backend() != "tensorflow":
            super().update_step(gradient, variable, learning_rate)
            return
        import tensorflow as tf

        momentum, velocity = (
            one[self._get_variable_index(variable)].value for one in (self._momentums, self._velocities)
        )
        step = tf.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=momentum.handle,
            v=velocity.handle,
            beta1_power=self.beta_1**step,
            beta2_power=self.beta_2**step,
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, variable.dtype),
        )
