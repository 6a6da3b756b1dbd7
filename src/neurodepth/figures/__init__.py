"""Figures of results: each function takes tables and arrays and returns a matplotlib Figure."""

from neurodepth.figures.accuracy import accuracy_vs_cost, accuracy_vs_data, accuracy_vs_depth
from neurodepth.figures.example import Example, example_trial, predicted_spikes, readable_window
from neurodepth.figures.portrait import cell_picture
from neurodepth.figures.style import STYLE, depth_colour, layers
from neurodepth.figures.training import History, training_curves

__all__ = [
    "STYLE",
    "Example",
    "History",
    "accuracy_vs_cost",
    "accuracy_vs_data",
    "accuracy_vs_depth",
    "cell_picture",
    "depth_colour",
    "example_trial",
    "layers",
    "predicted_spikes",
    "readable_window",
    "training_curves",
]
