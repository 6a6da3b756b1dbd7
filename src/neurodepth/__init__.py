"""How deep a network is this neuron?"""

__version__ = "0.1.0"
