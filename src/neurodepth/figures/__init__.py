"""Figures of results: each function takes tables and arrays and returns a matplotlib Figure."""

from neurodepth.figures.accuracy import accuracy_vs_cost, accuracy_vs_data, accuracy_vs_depth
from neurodepth.figures.asked import asked
from neurodepth.figures.criterion import depth_by_criterion
from neurodepth.figures.data import data_by_neuron
from neurodepth.figures.dendrite import dendritic_voltage, effect_on_tree
from neurodepth.figures.example import Example, example_trial, predicted_spikes, readable_window
from neurodepth.figures.experiments import experiment
from neurodepth.figures.learned import ablation, effect_by_type, sparsity
from neurodepth.figures.portrait import cell_picture
from neurodepth.figures.prediction import calibration, roc_curves, timing
from neurodepth.figures.style import STYLE, depth_colour, layers
from neurodepth.figures.training import History, training_curves
from neurodepth.figures.trials import trial_statistics

__all__ = [
    "STYLE",
    "Example",
    "History",
    "ablation",
    "accuracy_vs_cost",
    "accuracy_vs_data",
    "accuracy_vs_depth",
    "asked",
    "calibration",
    "cell_picture",
    "data_by_neuron",
    "dendritic_voltage",
    "depth_by_criterion",
    "depth_colour",
    "effect_by_type",
    "effect_on_tree",
    "example_trial",
    "experiment",
    "layers",
    "predicted_spikes",
    "readable_window",
    "roc_curves",
    "sparsity",
    "timing",
    "training_curves",
    "trial_statistics",
]
