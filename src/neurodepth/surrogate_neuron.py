"""A layer of biological neurons for a Keras network, in the place of a layer of points.

    neurons = SurrogateNeuron.of("results/l5pc/nmda/networks/depth_3/trials_3600/seed_1.keras", units=16)
    outputs = neurons(spikes)  # (batch, ms, inputs) to (batch, ms, 16)

Each neuron is the same trained network, one that `streaming` can read. What differs from neuron to neuron, and learns, is
the wiring: how many contacts every input makes with every synapse. It runs under all backends of Keras.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurodepth import streaming
from neurodepth.networks.backend import keras
from neurodepth.streaming import Weights

OUTPUTS = ("spikes", "probability", "voltage")


@keras.saving.register_keras_serializable("neurodepth")
class SurrogateNeuron(keras.layers.Layer):
    """Neurons that behave as a trained network and are wired to the layer before.

    Attributes:
        wiring: Contacts of each input with each synapse of each neuron, as multiples of their mean at first, at least
            zero; shape (inputs, units, synapses).
        neuron: Weights of the network by name, the same for all neurons.
    """

    def __init__(
        self,
        shapes: dict[str, list[int]],
        units: int,
        output: str = "spikes",
        trains_neuron: bool = False,
        contacts: float | Sequence[float] = 5.0,
        seed: int = 0,
        **options: Any,
    ):
        """Neurons whose network's weights are zero; `of` fills them in.

        Args:
            shapes: Of the network's weights: `kernel_1`, `shift_1` and so on, `head`, `head_bias`, and `mixing` if it has one.
            units: Neurons.
            output: `spikes`, drawn with the predicted probability, whose gradient goes to the probability unchanged
                (straight through); `probability`; or `voltage`, of the soma, in mV.
            trains_neuron: Let the network's weights learn too; else the wiring alone.
            contacts: Of an input with a neuron at first, spread at random over all synapses; or, of each synapse.
            seed: Of the first wiring and of the spikes.
            **options: Of every Keras layer.

        Raises:
            ValueError: If the output is unknown.
        """
        super().__init__(**options)
        if output not in OUTPUTS:
            raise ValueError(f"output is '{output}', expected one of {', '.join(OUTPUTS)}")
        self.shapes, self.units, self.output_kind, self.contacts = shapes, units, output, np.asarray(contacts).tolist()
        self.trains_neuron, self.seed = trains_neuron, seed
        self._draws = keras.random.SeedGenerator(seed)
        self.neuron = {
            name: self.add_weight(shape=tuple(shape), initializer="zeros", trainable=trains_neuron, name=name)
            for name, shape in shapes.items()
        }

    @classmethod
    def of(cls, network: str | Path | Weights, units: int, **options: Any) -> "SurrogateNeuron":
        """Neurons of a trained network.

        Args:
            network: As for `surrogate.describe`, or its weights.
            units: Neurons.
            **options: As for the class.

        Raises:
            DatasetError: If the network or its description is missing.
            ValueError: If the network is of another type than `tcn` or `fully_connected`.
        """
        if not isinstance(network, Weights):
            network = streaming.weights_of(network)
        values = {"head": network.head, "head_bias": network.head_bias}
        for number, (kernel, shift) in enumerate(zip(network.kernels, network.shifts, strict=True), start=1):
            values |= {f"kernel_{number}": kernel, f"shift_{number}": shift}
        if network.mixing is not None:
            values["mixing"] = network.mixing
        layer = cls({name: list(value.shape) for name, value in values.items()}, units, **options)
        for name, value in values.items():
            layer.neuron[name].assign(value)
        return layer

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Wire the neurons to inputs of this shape.

        Raises:
            ValueError: If the duration is not known.
        """
        if shape[1] is None:
            raise ValueError(
                f"input of shape {shape}: expected a known duration, (batch, ms, inputs); give keras.Input its ms"
            )
        n_synapses = self.shapes["mixing"][0] if "mixing" in self.shapes else self.shapes["kernel_1"][1]
        # A number is shared out; numbers of the synapses are theirs.
        self.mean_contacts = np.broadcast_to(
            np.float32(self.contacts) / (n_synapses if np.ndim(self.contacts) == 0 else 1), n_synapses
        )
        self.wiring = self.add_weight(
            shape=(shape[-1], self.units, n_synapses),
            initializer=keras.initializers.RandomUniform(0, 2, seed=self.seed),
            constraint=keras.constraints.NonNeg(),
            name="wiring",
        )

    def call(self, x: Any) -> Any:
        """Shape (batch, ms, inputs) to (batch, ms, units)."""
        ops = keras.ops
        wiring = self.wiring * self.mean_contacts
        if "mixing" in self.neuron:
            wiring = ops.matmul(wiring, self.neuron["mixing"])
        duration_ms = x.shape[1]
        x = ops.reshape(ops.einsum("bti,iuc->butc", x, wiring), (-1, duration_ms, wiring.shape[-1]))
        for number in range(1, 1 + sum(name.startswith("kernel_") for name in self.neuron)):
            kernel = self.neuron[f"kernel_{number}"][-duration_ms:]  # zeros precede the input: older lags add nothing
            x = ops.pad(x, [[0, 0], [kernel.shape[0] - 1, 0], [0, 0]])
            x = ops.relu(ops.conv(x, kernel, padding="valid") + self.neuron[f"shift_{number}"])
        heads = ops.matmul(x, self.neuron["head"]) + self.neuron["head_bias"]
        heads = ops.transpose(ops.reshape(heads, (-1, self.units, duration_ms, 2)), (3, 0, 2, 1))
        if self.output_kind == "voltage":
            return heads[1]
        probability = ops.sigmoid(heads[0])
        if self.output_kind == "probability":
            return probability
        drawn = keras.random.uniform(ops.shape(probability), seed=self._draws) < probability
        return probability + ops.stop_gradient(ops.cast(drawn, probability.dtype) - probability)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """As `call` does."""
        return (*shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        """What makes this layer again."""
        return super().get_config() | {
            "shapes": self.shapes,
            "units": self.units,
            "output": self.output_kind,
            "trains_neuron": self.trains_neuron,
            "contacts": self.contacts,
            "seed": self.seed,
        }
