"""Linear-nonlinear-Poisson cascade with spike history: filters, a rate, and spikes that act back on the rate.

Truccolo et al. 2005 (J Neurophysiol 93:1074) and Pillow et al. 2008 (Nature 454:995): the rate is a function of the
filtered input plus the cell's own past spikes through a post-spike filter, and spikes are Poisson given the rate.
The past spikes are the true ones, which no other network here is given.
"""

from typing import Any

from neurodepth.networks.backend import keras
from neurodepth.networks.frame import Frame
from neurodepth.networks.synaptic_filter import SynapticFilter

TINY_DRIVE = -15.0  # below it the logit is the drive itself to 2e-7, and the rate soon too small for single precision


def build(architecture: dict[str, Any], depth: int, frame: Frame) -> keras.Model:
    """Build a cascade; see `networks.build`.

    Returns:
        A model whose input is a mapping of `input_spikes`, as elsewhere, and `output_spikes`: the cell's own, uint8,
        shape (trials, time, 1). The model delays them by 1 ms: a millisecond's own spike is never seen in it.
    """
    inputs, spikes = frame.input_spikes(architecture["synapse_dropout"])
    output_spikes = keras.Input((None, 1), name="output_spikes", dtype="uint8")
    past_spikes = Delay(name="past_spikes")(output_spikes)
    kernel_ms, cosines = architecture["receptive_field_ms"], architecture.get("kernel_cosines")
    drive, voltage = (
        keras.layers.Add(name=name)(
            [
                SynapticFilter(kernel_ms, bias, cosines, dtype=frame.policy, name=f"stimulus_filter_of_{name}")(spikes),
                keras.layers.Conv1D(
                    1, kernel_ms, padding="causal", use_bias=False, name=f"post_spike_filter_of_{name}"
                )(past_spikes),
            ]
        )
        for name, bias in (("log_rate", frame.spike_bias), ("soma_voltage", "zeros"))
    )
    outputs = {"spike_logit": PoissonLogit(name="spike_logit")(drive), "soma_voltage": voltage}
    mapping = {"input_spikes": inputs, "output_spikes": output_spikes}
    return keras.Model(mapping, outputs, name="linear_nonlinear_poisson")


@keras.saving.register_keras_serializable("neurodepth")
class Delay(keras.layers.Layer):
    """Delays by 1 ms; the first millisecond knows of no spike."""

    def call(self, x: Any) -> Any:
        """Shape (trials, time, channels), any type, to the same as float32."""
        delayed = keras.ops.pad(x, [[0, 0], [1, 0], [0, 0]])[:, : keras.ops.shape(x)[1]]
        return keras.ops.cast(delayed, "float32")

    def compute_output_spec(self, x: Any) -> Any:
        """As `call` does."""
        return keras.KerasTensor(x.shape, dtype="float32")


@keras.saving.register_keras_serializable("neurodepth")
class PoissonLogit(keras.layers.Layer):
    """Logit of at least one spike of a Poisson process within a millisecond."""

    def call(self, drive: Any) -> Any:
        """Logit, any shape.

        The rate is exp(drive) a millisecond, and 1 + drive above 1, which keeps it convex and log-concave, so that the
        likelihood has one maximum (Paninski 2004, Network 15:243), and its gradient finite.
        """
        ops = keras.ops
        rate = ops.where(drive < 0, ops.exp(ops.clip(drive, TINY_DRIVE, 0.0)), 1 + ops.maximum(drive, 0.0))
        logit = rate + ops.log(-ops.expm1(-rate))  # of the probability 1 - exp(-rate)
        return ops.where(drive < TINY_DRIVE, drive, logit)
