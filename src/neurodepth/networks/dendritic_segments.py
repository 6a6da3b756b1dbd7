"""A neuron with thresholded dendritic segments, each of which detects its own coincidence of inputs.

Hawkins & Ahmad 2016 (Front Neural Circuits 10:23): a segment is active when enough of its connected synapses were
active together. To train it by gradients the threshold is soft, and the connection tanh(permanence) instead of 0 or 1,
negative where inputs inhibit, which the source leaves out; the soma adds the segments' votes.
"""

from typing import Any

from neurodepth.networks.backend import keras
from neurodepth.networks.frame import Frame


def build(architecture: dict[str, Any], depth: int, frame: Frame) -> keras.Model:
    """Build a neuron of `n_segments` segments; see `networks.build`."""
    inputs, spikes = frame.input_spikes(architecture["synapse_dropout"])
    active = ActiveSynapses(architecture["receptive_field_ms"], dtype=frame.policy, name="active_synapses")(spikes)
    segments = Segments(architecture["n_segments"], dtype=frame.policy, name="segments")(active)
    return keras.Model(inputs, frame.heads(segments), name="dendritic_segments")


@keras.saving.register_keras_serializable("neurodepth")
class ActiveSynapses(keras.layers.Layer):
    """A synapse is active from an event on for `coincidence_ms` milliseconds: the maximum over that past."""

    def __init__(self, coincidence_ms: int, **options: Any):
        """Remember events for `coincidence_ms`, their own millisecond included."""
        super().__init__(**options)
        self.coincidence_ms = coincidence_ms

    def call(self, x: Any) -> Any:
        """Shape (trials, time, synapses), kept."""
        duration_ms, seen_ms = keras.ops.shape(x)[1], 1
        while seen_ms < self.coincidence_ms:  # each turn doubles what a millisecond has seen
            delay_ms = min(seen_ms, self.coincidence_ms - seen_ms)
            earlier = keras.ops.pad(x, [[0, 0], [delay_ms, 0], [0, 0]])[:, :duration_ms]
            x, seen_ms = keras.ops.maximum(x, earlier), seen_ms + delay_ms
        return x

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """As `call` does."""
        return shape

    def get_config(self) -> dict[str, Any]:
        """What makes this layer again."""
        return super().get_config() | {"coincidence_ms": self.coincidence_ms}


@keras.saving.register_keras_serializable("neurodepth")
class Segments(keras.layers.Layer):
    """Segments with connections to all synapses and a soft threshold.

    Attributes:
        permanence: Shape (synapses, segments).
        threshold: Connected active synapses at which a segment is half active, shape (segments,).
    """

    def __init__(self, n_segments: int, **options: Any):
        """Make `n_segments` segments."""
        super().__init__(**options)
        self.n_segments = n_segments

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make permanences for inputs of this shape."""
        # ASSUME small random permanences and a threshold of one synapse: about a third of the segments start active.
        weak = keras.initializers.RandomNormal(stddev=0.1)
        self.permanence = self.add_weight(shape=(shape[-1], self.n_segments), initializer=weak, name="permanence")
        self.threshold = self.add_weight(shape=(self.n_segments,), initializer="ones", name="threshold")

    def call(self, x: Any) -> Any:
        """Active synapses, shape (trials, time, synapses), to segments between 0 and 1, (trials, time, segments)."""
        overlap = keras.ops.matmul(x, keras.ops.tanh(self.permanence))
        return keras.ops.sigmoid(overlap - self.threshold)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """As `call` does."""
        return (*shape[:-1], self.n_segments)

    def get_config(self) -> dict[str, Any]:
        """What makes this layer again."""
        return super().get_config() | {"n_segments": self.n_segments}
