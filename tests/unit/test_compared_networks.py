import numpy as np
import pandas as pd
import pytest

from neurodepth import baselines, evaluation, pareto
from neurodepth.cells.trial import Events
from neurodepth.evaluation import Scored
from neurodepth.trials import Trials
from tests.unit.synthetic import CRITERION, evaluate

PERCEPTRON = {"type": "perceptron", "receptive_field_ms": 20}


def test_a_network_costs_what_the_events_of_the_test_trials_make_it_cost():
    """Two trials of 500 ms and four synapses with 20 events: 5 Hz each."""
    events = [Events(np.arange(10, dtype=np.uint16), np.zeros(10, np.uint16))] * 2
    test = Trials(4, 3, np.arange(2), events, [np.empty(0)] * 2, np.zeros((2, 500), np.float32))
    found = evaluation.count_cost({"architecture": PERCEPTRON, "depth": 0}, test)
    assert found.multiply_adds_per_ms == 2 * 20 * 4
    assert found.event_multiply_adds_per_ms == pytest.approx(2 * 20 * 4 * 0.005)


def scored(network, auc, **settings):
    """Two seeds of a baseline."""
    names = {"network": network, "type": network, "depth": 0, "training_trials": 10}
    cost = {"parameters": 7, "multiply_adds_per_ms": 5, "event_multiply_adds_per_ms": 0.5}
    return [
        Scored(
            names | {"seed": one.seed, "auc": float(one.counts.auc())} | cost, one.counts, one.voltage, pd.DataFrame()
        )
        for one in evaluate({(0, 10): auc}, seeds=(1, 2), spread=0.1, **settings)
    ]


def test_a_baselines_interval_is_that_of_its_own_networks():
    good, bad = scored("elm", 0.98), scored("perceptron", 0.8)
    table = baselines.tabulate([good[0], bad[0], good[1], bad[1]], CRITERION, seed=1)
    alone = baselines.tabulate(good, CRITERION, seed=1)
    pd.testing.assert_frame_equal(table[table.network == "elm"].reset_index(drop=True), alone)
    assert alone.auc_mean.unique() == pytest.approx(alone.auc.mean())
    assert (alone.auc_low < alone.auc_mean).all()
    assert (alone.auc_mean < alone.auc_high).all()


def test_averaged_baselines_have_a_row_each():
    table = baselines.average(baselines.tabulate(scored("elm", 0.98) + scored("lstm", 0.9), CRITERION, seed=1))
    assert table[["network", "seeds", "parameters"]].to_numpy().tolist() == [["elm", 2, 7], ["lstm", 2, 7]]


@pytest.fixture
def networks():
    """A neuron with four kinds of networks, one of them on half the data too, and another neuron with one."""
    rows = [
        ("a", "tcn", 1, 10, 0.99, 50),  # on less data
        ("a", "tcn", 1, 20, 0.97, 50),
        ("a", "perceptron", 0, 20, 0.9, 10),
        ("a", "linear_nonlinear_poisson", 0, 20, 0.98, 5),  # would beat both
        ("a", "lstm", 0, 20, 0.96, 60),
        ("b", "tcn", 1, 5, 0.7, 500),
    ]
    table = pd.DataFrame(rows, columns=["cell", "type", "depth", "training_trials", "auc", "parameters"])
    table = table.assign(variant="v", network=table.type, seeds=1, auc_low=0.0, auc_high=1.0)
    return table.assign(multiply_adds_per_ms=1, event_multiply_adds_per_ms=1000.0 - table.parameters)


def test_the_front_is_each_neurons_own_and_knows_what_is_not_comparable(networks):
    table = pareto.compare(networks)
    assert list(table.type) == ["tcn", "perceptron", "linear_nonlinear_poisson", "lstm", "tcn"]
    assert list(table.on_front_of_parameters) == [True, True, False, False, True]
    assert list(table.on_front_of_event_multiply_adds_per_ms) == [True, False, False, True, True]
