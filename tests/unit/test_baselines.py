import numpy as np
import pytest

from neurodepth import networks, training, validation
from neurodepth.cells import build, definition
from neurodepth.cells.trial import Events
from neurodepth.networks import elm, routing, spiking
from neurodepth.networks.backend import keras
from neurodepth.networks.dendritic_segments import ActiveSynapses
from neurodepth.networks.linear_nonlinear_poisson import PoissonLogit
from neurodepth.networks.synaptic_filter import SynapticFilter

COMMON = {"synapse_dropout": 0.0, "weight_decay": 0.0}
SMALL = {
    "fully_connected": {"width": 6, "receptive_field_ms": 20, "factorised": True},
    "perceptron": {"receptive_field_ms": 20},
    "linear_nonlinear_poisson": {"receptive_field_ms": 20},
    "two_layer": {"temporal_filters": 2, "receptive_field_ms": 20},
    "dendritic_segments": {"n_segments": 16, "receptive_field_ms": 20},
    "lstm": {"width": 6, "burn_in_ms": 20},
    "spiking": {
        "width": 32,
        "synapse_time_constant_ms": 5,
        "membrane_time_constant_ms": 10,
        "burn_in_ms": 20,
    },
    "elm": {
        "memory_units": 8,
        "n_branches": 10,
        "synapses_per_branch": 20,
        "shortest_memory_ms": 1,
        "longest_memory_ms": 50,
        "burn_in_ms": 20,
    },
}
TYPES = tuple(SMALL)


def small(name, n_synapses=12, **options):
    architecture = {"type": name, **SMALL[name], **COMMON}
    options |= {"synapse_group": np.arange(n_synapses) % 3, "n_excitatory": round(0.8 * n_synapses)}
    return networks.build(architecture, int(name in networks.STACKS), n_synapses, **options)


def inputs_of(model, input_spikes, output_spikes):
    if isinstance(model.input, dict):
        return {"input_spikes": input_spikes, "output_spikes": output_spikes}
    return input_spikes


def draw_weights(model):
    """Give trained weights values that differ from those they start from, some of which are zero."""
    rng = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(scale=0.5, size=weight.shape))


@pytest.fixture(scope="module")
def lif_windows(project):
    """Input at 10 Hz, output spikes and normalised soma voltage of 16 windows of 200 ms of the point neuron."""
    cell = build(definition.read(project / "models" / "cells" / "lif"))
    inputs = (np.random.default_rng(0).random((16, 200, 100)) < 0.01).astype(np.uint8)
    outputs, voltages_mv = np.zeros((16, 200, 1), np.uint8), []
    for window, spikes in enumerate(inputs):
        trial = cell.run(Events(*(one.astype(np.uint16) for one in np.nonzero(spikes))), 200)
        outputs[window, trial.spike_time_ms.astype(int)] = 1
        voltages_mv.append(trial.soma_voltage_mv)
    voltage_mv = np.array(voltages_mv)[..., None]
    return inputs, outputs, (voltage_mv - voltage_mv.mean()) / voltage_mv.std()


def test_every_type_has_a_definition_and_every_definition_is_valid(project):
    paths = (project / "models" / "networks").glob("*.yaml")
    assert {networks.read(path)["type"] for path in paths} == {*networks.STACKS, *networks.OTHERS}


@pytest.mark.parametrize("name", TYPES)
def test_an_output_depends_on_the_past_alone(name):
    model = small(name, seed=1)
    draw_weights(model)
    rng = np.random.default_rng(0)
    spikes = (rng.random((1, 90, 12)) < 0.02).astype(np.uint8)
    output_spikes = (rng.random((1, 90, 1)) < 0.1).astype(np.uint8)
    moved = spikes.copy()
    moved[0, 40] ^= 1
    before, after = (model.predict_on_batch(inputs_of(model, one, output_spikes)) for one in (spikes, moved))
    for head in ("spike_logit", "soma_voltage"):
        changed = np.flatnonzero(np.abs(after[head] - before[head])[0, :, 0] > 2e-5)  # rounding is below 1e-5
        assert changed.min() >= 40
        if "receptive_field_ms" in SMALL[name]:
            assert changed.max() <= 40 + 19


@pytest.mark.parametrize("name", TYPES)
def test_a_network_learns_a_point_neuron(name, lif_windows):
    spikes, output_spikes, voltage = lif_windows
    rate = float(output_spikes.mean())
    model = small(name, 100, spike_probability=rate, seed=1)
    losses = {"spike_logit": keras.losses.BinaryCrossentropy(from_logits=True), "soma_voltage": "mse"}
    model.compile(keras.optimizers.AdamW(1e-2), losses, loss_weights={"spike_logit": 5.0, "soma_voltage": 1.0})
    targets = {"spike_logit": output_spikes.astype(np.float32), "soma_voltage": voltage}
    data = inputs_of(model, spikes, output_spikes)
    # The best of them, as training keeps it: with surrogate gradients the loss jumps about, and where it ends is rounding.
    loss = min(float(model.train_on_batch(data, targets, return_dict=True)["loss"]) for _ in range(120))
    without_input = -5 * (rate * np.log(rate) + (1 - rate) * np.log(1 - rate)) + 1  # the best that a constant reaches
    assert loss < 0.9 * without_input


@pytest.mark.parametrize("name", TYPES)
def test_a_saved_network_predicts_the_same(name, tmp_path):
    model = small(name, seed=1)
    scaling = training.Scaling(-65.0, 5.0, [])
    training.save(model, scaling, {}, tmp_path / "network.keras")
    loaded = networks.load(tmp_path / "network.keras")
    rng = np.random.default_rng(0)
    spikes, output_spikes = (rng.integers(0, 2, (1, 60, channels)).astype(np.uint8) for channels in (12, 1))
    data = inputs_of(model, spikes, output_spikes)
    for head, expected in model.predict_on_batch(data).items():
        np.testing.assert_allclose(loaded.predict_on_batch(data)[head], expected, atol=1e-6)


@pytest.mark.parametrize("name", TYPES)
def test_the_spike_head_starts_near_the_mean_spike_probability(name):
    model = small(name, spike_probability=0.01, seed=1)
    silent = model.predict_on_batch(inputs_of(model, np.zeros((1, 60, 12), np.uint8), np.zeros((1, 60, 1), np.uint8)))
    probability = 1 / (1 + np.exp(-silent["spike_logit"][0, -1, 0]))
    # Segments and branches are half active without input, which moves the sum of their random votes by about one.
    assert 0.001 < probability < 0.1
    assert silent["spike_logit"].dtype == np.float32


def test_a_depth_is_refused_where_a_type_has_none():
    with pytest.raises(ValueError, match=r"type lstm: expected depth 0.*found 3"):
        networks.build({"type": "lstm", **SMALL["lstm"], **COMMON}, 3, 12)


def test_a_missing_key_is_asked_for_by_type():
    with pytest.raises(validation.InvalidFileError, match="unknown key 'burn_in': did you mean 'burn_in_ms'"):
        validation.check({"type": "lstm", "width": 4, "burn_in": 3, **COMMON}, "network", "lstm.yaml")


def test_what_is_not_scored_is_the_receptive_field_or_the_burn_in():
    assert networks.history_ms({"receptive_field_ms": 100}) == 100
    assert networks.history_ms({"burn_in_ms": 150}) == 150


def test_two_layers_without_branches_are_refused():
    with pytest.raises(ValueError, match="expected synapse_group for 12 synapses, found none"):
        networks.build({"type": "two_layer", **SMALL["two_layer"], **COMMON}, 0, 12)


def test_synapses_add_up_across_branches_and_not_within_one():
    model = small("two_layer")  # synapse s lies on branch s % 3
    model.set_weights([np.ones(weight.shape) for weight in model.weights])
    silent, first, other_branch, same_branch = (np.zeros((1, 60, 12), np.uint8) for _ in range(4))
    first[0, 20, 0] = other_branch[0, 20, 1] = same_branch[0, 20, 3] = 1

    def response(spikes):
        difference = model.predict_on_batch(spikes)["soma_voltage"] - model.predict_on_batch(silent)["soma_voltage"]
        return difference[0, 20:, 0]

    apart = response(first | other_branch) - response(first) - response(other_branch)
    together = response(first | same_branch) - response(first) - response(same_branch)
    np.testing.assert_allclose(apart, 0, atol=1e-6)
    assert np.abs(together).max() > 0.1


def test_a_synaptic_filter_is_a_causal_convolution():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 50, 3)).astype(np.float32)
    layer = SynapticFilter(8)
    layer.build(x.shape)
    kernel = rng.normal(size=(3, 8)).astype(np.float32)
    layer.set_weights([kernel, np.array([0.5])])
    expected = [[np.convolve(trial[:, channel], kernel[channel])[:50] for channel in range(3)] for trial in x]
    np.testing.assert_allclose(np.array(layer(x))[..., 0], np.sum(expected, axis=1) + 0.5, atol=1e-5)


def test_a_cascade_sees_past_spikes_and_never_the_present_one():
    model = small("linear_nonlinear_poisson", seed=1)
    draw_weights(model)
    spikes, output_spikes = np.zeros((1, 60, 12), np.uint8), np.zeros((1, 60, 1), np.uint8)
    moved = output_spikes.copy()
    moved[0, 30] = 1
    before, after = (model.predict_on_batch(inputs_of(model, spikes, one)) for one in (output_spikes, moved))
    for head in ("spike_logit", "soma_voltage"):
        changed = np.flatnonzero(np.abs(after[head] - before[head])[0, :, 0] > 1e-6)
        assert (changed.min(), changed.max()) == (31, 50)


def test_the_logit_is_that_of_a_poisson_process():
    drive = np.array([-12.0, -2.0, -0.1, 0.0, 1.0], np.float32)
    rate = np.where(drive < 0, np.exp(drive.astype(float)), 1 + drive.astype(float))
    expected = np.log(np.expm1(rate))  # of 1 - exp(-rate)
    np.testing.assert_allclose(np.array(PoissonLogit()(drive)), expected, rtol=1e-4, atol=1e-4)


def test_the_logit_of_a_vanishing_rate_is_its_logarithm():
    drive = np.array([-14.9, -15.1, -90.0, -1000.0], np.float32)
    np.testing.assert_allclose(np.array(PoissonLogit()(drive)), drive, rtol=1e-5)


@pytest.mark.parametrize("coincidence_ms", [1, 2, 7, 20])
def test_a_synapse_stays_active_for_the_coincidence_time(coincidence_ms):
    events = np.zeros((1, 60, 1), np.float32)
    events[0, [10, 12]] = 1
    active = np.array(ActiveSynapses(coincidence_ms)(events))[0, :, 0]
    expected = np.convolve(events[0, :, 0], np.ones(coincidence_ms))[:60] > 0
    np.testing.assert_array_equal(active, expected)


def test_spiking_units_follow_their_equations():
    rng = np.random.default_rng(0)
    drive = rng.normal(0, 0.5, size=(100, 4)).astype(np.float32)
    cell = spiking.LeakyIntegrateAndFire(4, 5, 10)
    units = keras.layers.RNN(cell, return_sequences=True)
    units.build((1, 100, 4))
    weight = rng.normal(size=(4, 4)).astype(np.float32)
    units.set_weights([weight])
    current, voltage, spikes, trace = np.zeros((4, 4))
    expected = []
    for t in range(100):
        current = np.exp(-1 / 5) * current + drive[t] + spikes @ weight
        voltage = np.exp(-1 / 10) * voltage + current - spikes
        spikes = (voltage > 1).astype(float)
        trace = np.exp(-1 / 10) * trace + (1 - np.exp(-1 / 10)) * spikes
        expected.append(trace)
    assert np.max(expected) > 0
    np.testing.assert_allclose(np.array(units(drive[None]))[0], expected, atol=1e-5)


def test_a_spike_passes_the_gradient_of_a_fast_sigmoid():
    tensorflow = pytest.importorskip("tensorflow")
    excess = tensorflow.constant([-0.5, 0.0, 0.2])
    with tensorflow.GradientTape() as tape:
        tape.watch(excess)
        spikes = spiking.fire(excess)
    np.testing.assert_array_equal(spikes, [0, 0, 1])
    np.testing.assert_allclose(tape.gradient(spikes, excess), 1 / (1 + 100 * np.abs(excess)) ** 2, rtol=1e-5)


def test_the_elm_neuron_follows_its_equations():
    rng = np.random.default_rng(0)
    spikes = (rng.random((60, 12)) < 0.2).astype(np.float32)
    synapses = elm.BranchSynapses(8, 3, 6)
    synapses.build((1, 60, 12))
    w = rng.normal(size=len(synapses.connections)).astype(np.float32)
    synapses.set_weights([w])
    memory = keras.layers.RNN(elm.LeakyMemory(3, 4, 1, 150), return_sequences=True)
    memory.build((1, 60, 3))
    weights = [rng.normal(scale=0.5, size=one.shape).astype(np.float32) for one in memory.get_weights()]
    memory.set_weights(weights)
    w1, bias1, w2, bias2 = weights
    kept = np.exp(-1 / np.geomspace(1, 150, 4))
    b, m, expected = np.zeros(3), np.zeros(4), []
    for x in spikes * np.repeat([1, -1], [8, 4]):
        drive = np.bincount(synapses.connections[:, 1], np.maximum(w, 0) * x[synapses.connections[:, 0]])
        b = np.exp(-1 / 5) * b + drive
        hidden = np.maximum(np.concatenate([b, kept * m]) @ w1 + bias1, 0)
        m = kept * m + 5 * (1 - kept) * 1.7159 * np.tanh(2 / 3 * (hidden @ w2 + bias2))
        expected.append(m)
    np.testing.assert_allclose(np.array(memory(synapses(spikes[None])))[0], expected, atol=1e-4)


def test_windows_of_synapses_are_those_of_the_published_neuron():
    synapse, branch = routing.overlapping_windows(1278, 639, 45, 100)
    assert len(synapse) == 4282  # 4500, less 218 beyond the last synapse
    np.testing.assert_array_equal(np.unique(synapse), np.arange(1278))
    np.testing.assert_array_equal(synapse[branch == 1][:4], [653, 15, 654, 16])  # from place 29 on
    assert np.bincount(branch)[:41].tolist() == [100] * 41


def test_synapses_of_unequal_kinds_are_neighbours_by_their_relative_place():
    synapse, branch = routing.overlapping_windows(100, 80, 20, 5)
    assert (branch == np.repeat(np.arange(20), 5)).all()
    assert ((synapse.reshape(20, 5) >= 80).sum(axis=1) == 1).all()
    routing.overlapping_windows(100, 100, 20, 5)  # a cell without inhibition


def test_an_elm_neuron_must_know_which_synapses_excite():
    with pytest.raises(ValueError, match="type elm: expected n_excitatory"):
        networks.build({"type": "elm", **SMALL["elm"], **COMMON}, 0, 12)


def test_windows_that_leave_a_gap_are_refused():
    with pytest.raises(ValueError, match=r"synapses_per_branch of at least 29.*found 20"):
        routing.overlapping_windows(1278, 639, 45, 20)
