"""What the baselines share: input spikes at the front, linear heads at the back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodepth.networks.backend import keras
from neurodepth.networks.synapse_dropout import SynapseDropout


@dataclass(frozen=True)
class Frame:
    """The two ends of a network; what lies between is the business of its type.

    Attributes:
        n_synapses: Input channels.
        n_regions: Dendritic regions to predict besides; 0 leaves that head out.
        spike_probability: Fraction of milliseconds with a spike, where the spike head starts.
        precision: `float32` or `bfloat16`; the latter for products over all synapses alone, never for a recurrence.
        synapse_group: Group of each synapse, whole numbers from 0 on, or None where it is not known.
        n_excitatory: Synapses that excite, the first ones, or None where it is not known.
    """

    n_synapses: int
    n_regions: int
    spike_probability: float
    precision: str
    synapse_group: Sequence[int] | None = None
    n_excitatory: int | None = None

    def groups(self, type_name: str) -> list[int]:
        """The group of each synapse, for a type of network that is built from them.

        Raises:
            ValueError: If they are not known, or not of this many synapses.
        """
        given = self.synapse_group
        if given is None or len(given) != self.n_synapses:
            found = "none" if given is None else f"{len(given)}"
            raise ValueError(
                f"network of type {type_name}: expected synapse_group for {self.n_synapses} synapses, found {found}: "
                "give the group of each synapse of the cell (cells.branches.group)"
            )
        return list(map(int, given))

    def excitatory(self, type_name: str) -> int:
        """Number of excitatory synapses, for a type of network that tells them from the others.

        Raises:
            ValueError: If it is not known.
        """
        if self.n_excitatory is None:
            raise ValueError(
                f"network of type {type_name}: expected n_excitatory, how many of the {self.n_synapses} synapses excite (the first "
                "ones), found none"
            )
        return self.n_excitatory

    @property
    def policy(self) -> str:
        """Keras's name of the precision, for layers that multiply all synapses."""
        return "mixed_bfloat16" if self.precision == "bfloat16" else "float32"

    @property
    def spike_bias(self) -> Any:
        """Initial bias of a spike logit."""
        probability = self.spike_probability
        return keras.initializers.Constant(float(np.log(probability / (1 - probability))))

    def input_spikes(self, synapse_dropout: float) -> tuple[Any, Any]:
        """The model's input, uint8, and its spikes as numbers; both of shape (trials, time, synapses)."""
        inputs = keras.Input((None, self.n_synapses), name="input_spikes", dtype="uint8")
        spikes = keras.ops.cast(inputs, self.policy.removeprefix("mixed_"))
        return inputs, SynapseDropout(synapse_dropout, dtype=self.policy, name="synapse_dropout")(spikes)

    def heads(self, hidden: Any, dendrite: Any = None) -> dict[str, Any]:
        """Linear outputs, float32, shape (trials, time, channels).

        Args:
            hidden: What the network computed last.
            dendrite: What the head of the dendritic regions reads instead, if anything.
        """
        dense = keras.layers.Dense
        outputs = {
            "spike_logit": dense(1, bias_initializer=self.spike_bias, dtype="float32", name="spike_logit")(hidden),
            "soma_voltage": dense(1, dtype="float32", name="soma_voltage")(hidden),
        }
        if self.n_regions:
            outputs["dendrite_regions"] = dense(self.n_regions, dtype="float32", name="dendrite_regions")(
                hidden if dendrite is None else dendrite
            )
        return outputs
