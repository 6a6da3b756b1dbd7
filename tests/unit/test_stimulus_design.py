"""Asking a network for stimuli."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from neurodepth import figures, networks, stimulus_design, training
from neurodepth.cells.trial import Events, Trial
from neurodepth.experiments import answers
from neurodepth.networks.backend import keras
from neurodepth.simulation import Protocol
from neurodepth.stimulus_design import search
from neurodepth.stimulus_design.search import Search, Wish, find
from neurodepth.training import Scaling

N_SYNAPSES = 12
STRONG = (2, 5, 7)  # synapses that the network hears
ARCHITECTURE = {
    **{"type": "fully_connected", "width": 4, "receptive_field_ms": 10, "factorised": False},
    **{"synapse_dropout": 0.0, "channel_dropout": 0.0, "weight_decay": 0.0},
}


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A network whose logit rises by two with each spike of three synapses, in the ms after it alone."""
    model = networks.build(ARCHITECTURE, 1, N_SYNAPSES)
    layer = next(one for one in model.layers if any(weight.name == "kernel" for weight in one.weights))
    kernel = np.zeros(layer.kernel.shape, np.float32)
    kernel.reshape(10, N_SYNAPSES, 4)[-2, STRONG, 0] = 2  # the latest input comes last
    layer.kernel.assign(kernel)
    model.get_layer("normalisation_1").beta.assign(np.ones(4))  # never silent: a rectified 0 has no gradient
    model.get_layer("spike_logit").set_weights([np.array([[1.0], [0], [0], [0]]), np.array([-6.0])])
    path = tmp_path_factory.mktemp("network") / "net.keras"
    description = {"network": "point", "architecture": ARCHITECTURE, "depth": 1, "training_trials": 1, "seed": 1}
    training.save(model, Scaling(-70.0, 1.0, []), description, path)
    return path


def test_a_network_for_numbers_says_what_the_network_says(network):
    model = networks.load(network)
    spikes = np.random.default_rng(1).random((2, 40, N_SYNAPSES)) < 0.1
    np.testing.assert_allclose(
        search._of_numbers(model)(spikes.astype(np.float32))["spike_logit"],
        model(spikes.astype(np.uint8))["spike_logit"],
    )


def test_the_budget_goes_to_the_synapses_that_count_in_the_ms_that_counts(network):
    found = find(network, [answers.SILENCE], [Wish(fire_ms=(9, 9))], Search(budget=3, window_ms=20, steps=10))
    assert sorted(synapse for _, synapse in found) == list(STRONG)
    assert {time_ms for time_ms, _ in found} == {8}


def test_a_synapse_fires_once_at_most(network):
    found = find(network, [answers.SILENCE], [Wish(fire_ms=(0, 19))], Search(budget=8, window_ms=20, steps=10))
    assert len({synapse for _, synapse in found}) == 8


def test_silence_is_kept_where_it_is_wished(network):
    wish = Wish(fire_ms=(15, 15), silent_ms=(0, 14))
    found = find(network, [answers.SILENCE], [wish], Search(budget=3, window_ms=20, steps=20))
    assert {time_ms for time_ms, synapse in found if synapse in STRONG} == {14}


def test_a_budget_beyond_the_synapses_is_refused(network):
    with pytest.raises(ValueError, match="expected 1 to 12"):
        find(network, [answers.SILENCE], [Wish(fire_ms=(0, 1))], Search(budget=13, window_ms=20))


def test_the_wish_is_the_chance_of_a_spike_and_of_none():
    logit = np.log([[0.2, 0.3, 0.1]]) - np.log1p([[-0.2, -0.3, -0.1]])
    wish = np.array([[[0, 1], [1, 0], [1, 0]]], np.float32)
    found = search._unlikeliness(wish, keras.ops.convert_to_tensor(logit[..., None], "float32"))
    assert float(found[0]) == pytest.approx(0.2 - np.log(1 - np.exp(-0.4)), rel=1e-4)  # single precision


def test_what_the_cell_did_stands_beside_what_was_promised_and_progress_is_shown(network, monkeypatch, capsys):
    class Cell:
        """Fires in the ms after the strong synapses did together, or one a ms late: where the search ends is rounding."""

        definition = SimpleNamespace(values={"synapses": {}})
        synapses = pd.DataFrame({"kind": ["excitatory"] * N_SYNAPSES})

        def run(self, events, duration_ms, step_ms, second_order):
            heard = np.bincount(events.time_ms[np.isin(events.synapse, STRONG)], minlength=duration_ms)
            together = np.convolve(heard, [1, 1])[:duration_ms] == 3
            fired_ms = np.flatnonzero(together[1:] & ~together[:-1]) + 2.0
            return Trial(events, fired_ms, np.full(duration_ms, -70.0, np.float32))

    for module in (answers, stimulus_design):
        monkeypatch.setattr(module, "built_cell", lambda protocol: Cell())
    monkeypatch.setattr(answers, "backgrounds", lambda protocol, n: [answers.SILENCE] * n)
    distance_um = np.where(np.isin(np.arange(N_SYNAPSES), STRONG), 10.0, 100.0)
    tree = {
        **{"segment_section": np.arange(N_SYNAPSES), "segment_parent": np.full(N_SYNAPSES, -1)},
        **{"segment_region": np.full(N_SYNAPSES, "basal"), "segment_distance_um": distance_um},
        **{"synapse_segment": np.arange(N_SYNAPSES), "synapse_excitatory": np.full(N_SYNAPSES, True)},
    }
    monkeypatch.setattr(stimulus_design.anatomy, "describe", lambda cell: tree)
    for name, value in (("BUDGETS", (3, 6)), ("SEPARATION_BUDGET", 3), ("TIMING_BUDGET", 3), ("TOLERANCE_MS", 0)):
        monkeypatch.setattr(stimulus_design, name, value)
    found = stimulus_design.ask(Protocol("cell", "nmda", 1, 6000), network, n_backgrounds=2)
    table = stimulus_design.summarise(found).set_index("question")
    assert table.real["output spikes by 3 designed ones"] == 1
    assert table.real["output spikes by 3 random ones"] == 0
    assert table.real["output spikes by 3 proximal ones"] == 1  # the strong synapses are the nearest
    assert table.real["first spike at 45 ms"] == 1
    assert table.real_error["first spike at 45 ms"] == 0
    promised = found["drive_promised"][0, 1]
    error = np.abs(promised[0] - promised[1]) / 2  # of the mean of two backgrounds
    assert table.promised_error["output spikes by 6 designed ones"] == pytest.approx(error)
    assert len(figures.asked(found).axes) == 3
    shown = capsys.readouterr().err
    assert "the network is asked for the hardest drive: 2/2 budgets" in shown
    assert shown.count("the cell answers: 0/") == 3


def test_backgrounds_are_cut_to_what_the_network_hears():
    events = Events(np.array([4, 10, 12], np.uint16), np.array([0, 1, 1], np.uint16))
    assert np.argwhere(search._dense(events, 5, 6, 2)).tolist() == [[5, 1]]
