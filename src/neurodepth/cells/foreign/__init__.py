"""NEURON models of somebody else, their files as they are: where they lie, how they are made, which part is what."""
