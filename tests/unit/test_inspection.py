import json

import numpy as np
import pytest

from neurodepth import inspection, metrics, networks, training
from neurodepth.cells.trial import Events
from neurodepth.inspection import ablation, detection, layers, sparsity, templates
from neurodepth.synapse_types import SynapseTypes
from neurodepth.trials import Trials
from tests import documented

N_SYNAPSES, DURATION_MS = 6, 900
TYPES = SynapseTypes(("basal excitatory", "tuft excitatory", "basal inhibitory"), np.array([0, 0, 1, 1, 2, 2]))
SCALING = training.Scaling(-65.0, 5.0, [])
TCN = {
    **{"type": "tcn", "width": 3, "receptive_field_ms": 12, "factorised": True},
    **{"synapse_dropout": 0.2, "channel_dropout": 0.0, "weight_decay": 0.0},
}
STACKS = {
    "factorised": TCN,
    "full": TCN | {"factorised": False},
    "fully_connected": {key: value for key, value in TCN.items() if key != "channel_dropout"}
    | {"type": "fully_connected"},
}


def build(architecture=TCN, depth=2, seed=1):
    """A network whose heads and normalisations are as unlike their start as after training."""
    model, rng = networks.build(architecture, depth, N_SYNAPSES, seed=seed), np.random.default_rng(seed)
    for layer in model.layers:
        if layer.name.startswith("normalisation"):
            width = architecture["width"]
            ranges = ((0.5, 1.5), (-0.2, 0.2), (-0.2, 0.2), (0.5, 1.5))  # gamma, beta, mean, variance
            layer.set_weights([rng.uniform(*one, width) for one in ranges])
    return model


def shift(model, beta):
    """Set what the normalisations add, in each layer ten times as much: no unit is ever silent, or all are."""
    normalisations = [layer for layer in model.layers if layer.name.startswith("normalisation")]
    for number, layer in enumerate(normalisations):
        gamma, old, mean, variance = layer.get_weights()
        layer.set_weights([gamma, np.full_like(old, beta * 10**number), mean, variance])


@pytest.fixture(scope="module")
def test_trials():
    rng = np.random.default_rng(3)
    events, spikes = [], []
    for _ in range(4):
        is_event = rng.random((DURATION_MS, N_SYNAPSES)) < 0.05
        events.append(Events(*(one.astype(np.uint16) for one in np.nonzero(is_event))))
        spikes.append(np.sort(rng.choice(np.arange(520, DURATION_MS), 5, replace=False)) + 0.5)
    voltage_mv = rng.normal(-65, 5, (4, DURATION_MS)).astype(np.float32)
    return Trials(N_SYNAPSES, 4, np.arange(4), events, spikes, voltage_mv)


def test_a_filters_template_is_its_mixing_times_its_kernel_with_the_latest_input_first():
    model = networks.build(TCN | {"width": 1}, 1, N_SYNAPSES)
    mixing, kernel = np.arange(1.0, 7.0)[:, None], np.arange(12.0)[:, None, None]  # the last sample is lag 0
    model.get_layer("mix_synapses").set_weights([mixing])
    model.get_layer("convolution_1").set_weights([kernel])
    (layer,) = layers.read(model)
    heard = 1 - TCN["synapse_dropout"]
    np.testing.assert_allclose(layer.kernel[:, :, 0], heard * np.outer(kernel[::-1, 0, 0], mixing[:, 0]), rtol=1e-6)


def test_the_gain_of_a_layer_is_that_of_its_normalisation():
    model = networks.build(TCN | {"width": 1}, 1, N_SYNAPSES)
    normalisation = model.get_layer("normalisation_1")
    normalisation.set_weights([np.array([3.0]), np.zeros(1), np.zeros(1), np.array([4.0 - normalisation.epsilon])])
    assert layers.read(model)[0].gain == pytest.approx([1.5])


@pytest.mark.parametrize("kind", STACKS)
@pytest.mark.parametrize("depth", [1, 3])
def test_the_effect_of_an_event_is_what_it_adds_to_the_logit_where_no_unit_switches(test_trials, kind, depth):
    model = build(STACKS[kind], depth)
    shift(model, 10.0)
    found = templates.find(model, test_trials, n_filters=2)
    inputs = np.zeros((2, 60, N_SYNAPSES), np.uint8)
    inputs[1, 30, 4] = 1
    without, with_event = np.asarray(model.predict_on_batch(inputs)["spike_logit"])[:, :, 0]
    n_lags = found.effect.shape[1]
    added = (with_event - without)[30 : 30 + min(n_lags, 30)]
    # Units answer about 1000 in the third layer, which single precision knows to 1e-4.
    np.testing.assert_allclose(found.effect[4, : len(added)], added, atol=1e-3 * np.abs(added).max() + 1e-3)
    assert np.abs(added).max() > 0.02


def test_the_strongest_filter_comes_first(test_trials):
    model = build(depth=1)
    shift(model, 10.0)
    _, bias = model.get_layer("spike_logit").get_weights()
    model.get_layer("spike_logit").set_weights([np.array([[0.01], [5.0], [0.1]]), bias])
    found = templates.find(model, test_trials, n_filters=3)
    assert found.weight == pytest.approx([5.0, 0.1, 0.01], rel=1e-5)
    first = layers.read(model)[0]
    np.testing.assert_allclose(found.template[0], (first.kernel * first.gain)[:, :, 1].T, rtol=1e-5)


def test_silent_units_have_no_effect(test_trials):
    model = build()
    shift(model, -10.0)
    assert not templates.find(model, test_trials, n_filters=2).effect.any()


def test_all_units_of_a_silent_network_are_silent(test_trials):
    model = build()
    shift(model, -10.0)
    silent, sparseness = sparsity.measure(model, test_trials)
    assert silent.tolist() == [1, 1]
    assert np.isnan(sparseness).all()


def test_no_unit_of_a_network_that_always_answers_is_silent(test_trials):
    model = build()
    shift(model, 10.0)
    silent, sparseness = sparsity.measure(model, test_trials)
    assert silent.tolist() == [0, 0]
    assert (sparseness < 0.1).all()


def test_lifetime_sparseness_is_0_for_a_constant_response_and_1_for_a_single_one():
    n_ms = 50
    constant, single = np.ones(n_ms), np.eye(n_ms)[3]
    for response, expected in ((constant, 0), (single, 1)):
        found = sparsity.lifetime_sparseness(response.mean(keepdims=True), (response**2).mean(keepdims=True), n_ms)
        assert found == pytest.approx(expected, abs=1e-12)


def ablate(model, test_trials):
    return ablation.ablate(model, test_trials, SCALING, TYPES, np.random.default_rng(0))


def test_leaving_out_what_a_network_ignores_changes_nothing(test_trials):
    model = build()
    (mixing,) = model.get_layer("mix_synapses").get_weights()
    mixing[TYPES.of_synapse == 1] = 0
    model.get_layer("mix_synapses").set_weights([mixing])
    found = ablate(model, test_trials)
    assert found["tuft excitatory"] == found["none"]
    assert found["basal excitatory"] != found["none"]


def test_a_network_without_the_only_input_it_hears_guesses(test_trials):
    model = build()
    (mixing,) = model.get_layer("mix_synapses").get_weights()
    mixing[TYPES.of_synapse != 2] = 0
    model.get_layer("mix_synapses").set_weights([mixing])
    assert ablate(model, test_trials)["basal inhibitory"][0] == 0.5


def test_the_interval_of_the_auc_holds_the_auc(test_trials):
    for auc, low, high, _ in ablate(build(), test_trials).values():
        assert low < auc < high


def test_hit_rates_are_those_of_the_metric():
    rng = np.random.default_rng(0)
    spikes = rng.random((5, 2000)) < 0.01
    score = rng.normal(size=spikes.shape) + spikes
    rates = np.array([0, 0.002, 0.1, 0.7])
    expected = [metrics.hit_rate(score, spikes, rate) for rate in rates]
    np.testing.assert_allclose(detection.hit_rates(score, spikes, rates), expected)


def test_the_area_under_the_curve_is_the_auc():
    rng = np.random.default_rng(1)
    spikes = rng.random((20, 5000)) < 0.01
    score = rng.normal(size=spikes.shape) + 2 * spikes
    area = np.trapezoid(detection.hit_rates(score, spikes), detection.FALSE_POSITIVE_RATES)
    assert area == pytest.approx(float(metrics.count_pairs(score, spikes).auc()), abs=1e-3)  # of 121 trapezia


def test_without_a_spike_there_is_no_hit_rate():
    assert np.isnan(detection.hit_rates(np.zeros((1, 9)), np.zeros((1, 9)), [0.5])).all()


@pytest.fixture(scope="module")
def network_paths(tmp_path_factory):
    folder, paths = tmp_path_factory.mktemp("networks"), []
    for depth in (2, 1):
        for n_trials in (8, 16):
            for seed in (2, 1):
                paths.append(folder / f"depth_{depth}_trials_{n_trials}_seed_{seed}.keras")
                description = {"depth": depth, "training_trials": n_trials, "seed": seed}
                if (n_trials, seed) == (16, 1):
                    training.save(build(depth=depth), SCALING, description, paths[-1])
                else:
                    paths[-1].with_suffix(".json").write_text(json.dumps(description))
    return paths


def test_the_first_seed_on_the_largest_training_set_is_shown_of_each_depth(network_paths):
    chosen = {depth: path.stem for depth, path in inspection.choose(network_paths).items()}
    assert list(chosen.items()) == [(1, "depth_1_trials_16_seed_1"), (2, "depth_2_trials_16_seed_1")]


def test_the_documentation_names_every_array_of_the_file(network_paths, test_trials):
    found = inspection.inspect(inspection.choose(network_paths), test_trials, TYPES, seed=1)
    assert set(found) == documented.arrays("learned.npz")
    assert found["roc_auc"][list(found["roc_depth"]).index(found["depth"])] == found["roc_auc"].max()


def test_inspecting_without_a_spike_leaves_the_spikes_open(network_paths, test_trials):
    silent = Trials(
        *(N_SYNAPSES, 4, test_trials.index, test_trials.events),
        *([np.array([])] * 4, test_trials.soma_voltage_mv),
    )
    found = inspection.inspect(inspection.choose(network_paths), silent, TYPES, seed=1)
    assert np.isnan(found["roc_auc"]).all()
    assert np.isfinite(found["effect"]).all()


def test_means_of_a_type_are_over_its_synapses():
    np.testing.assert_allclose(TYPES.mean(np.array([1.0, 3, 5, 5, 0, 8])), [2, 5, 4])
