import numpy as np
import pytest

from neurodepth import networks
from neurodepth.networks import convolution, few_levels
from neurodepth.networks.backend import keras

ARCHITECTURE = {
    "type": "tcn",
    "width": 4,
    "receptive_field_ms": 20,
    "factorised": True,
    "synapse_dropout": 0.2,
    "channel_dropout": 0.1,
    "weight_decay": 0.0,
}
ROUNDING = 1e-5  # of float32, through the transforms of a few layers


@pytest.mark.parametrize("depth", range(1, 9))
def test_every_depth_sees_the_same_receptive_field(depth):
    kernels = networks.kernel_sizes(100, depth)
    assert len(kernels) == depth
    assert 1 + sum(kernel - 1 for kernel in kernels) == 100


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_an_output_depends_on_its_receptive_field_and_on_nothing_else(depth):
    model = networks.build(ARCHITECTURE, depth, n_synapses=3, n_regions=2, seed=1)
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, 2, (1, 80, 3)).astype(np.uint8)
    moved = inputs.copy()
    moved[0, 40] ^= 1
    before, after = model.predict_on_batch(inputs), model.predict_on_batch(moved)
    difference = np.abs(after["soma_voltage"] - before["soma_voltage"])[0, :, 0]
    changed = np.flatnonzero(difference > ROUNDING * difference.max())
    assert changed.min() >= 40  # causal
    assert changed.max() <= 40 + 19
    if depth == 1:
        assert set(changed) <= set(range(40, 60))


def test_the_receptive_field_is_used_to_its_end():
    model = networks.build(ARCHITECTURE, 1, n_synapses=3, seed=1)
    inputs = np.zeros((1, 60, 3), np.uint8)
    moved = inputs.copy()
    moved[0, 30] = 1
    difference = model.predict_on_batch(moved)["soma_voltage"] - model.predict_on_batch(inputs)["soma_voltage"]
    assert abs(difference[0, 49, 0]) > 1e-3 * np.abs(difference).max()
    assert abs(difference[0, 50, 0]) < ROUNDING * np.abs(difference).max()


def test_the_spike_head_starts_at_the_mean_spike_probability():
    model = networks.build(ARCHITECTURE, 2, n_synapses=3, spike_probability=0.01, seed=1)
    silent = model.predict_on_batch(np.zeros((1, 50, 3), np.uint8))
    assert 1 / (1 + np.exp(-silent["spike_logit"][0, -1, 0])) == pytest.approx(0.01, rel=1e-3)


def test_the_same_seed_gives_the_same_weights():
    first, again, other = (networks.build(ARCHITECTURE, 2, 3, seed=seed).get_weights()[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_bfloat16_and_float32_agree_to_the_precision_of_bfloat16():
    inputs = np.random.default_rng(0).integers(0, 2, (1, 60, 3)).astype(np.uint8)
    full, half = (
        networks.build(ARCHITECTURE, 2, 3, seed=1, precision=precision).predict_on_batch(inputs)["soma_voltage"]
        for precision in ("float32", "bfloat16")
    )
    np.testing.assert_allclose(half, full, atol=0.05 * np.abs(full).max())  # 8 bits of mantissa, a few layers


def test_a_depth_that_does_not_fit_the_receptive_field_is_refused():
    with pytest.raises(ValueError, match=r"depth 8 does not fit a receptive field of 5 ms: expected .* 9 ms"):
        networks.kernel_sizes(5, 8)


def test_the_published_kernels_follow_from_their_first_one():
    assert networks.kernel_sizes(120, 7, first_kernel_ms=54) == [54] + [12] * 6  # Beniaguev et al. 2021


def test_a_single_kernel_is_the_receptive_field_whatever_the_first_one_is():
    assert networks.kernel_sizes(120, 1, first_kernel_ms=54) == [120]


def test_a_first_kernel_that_leaves_too_little_is_refused():
    with pytest.raises(
        ValueError, match=r"depth 4 with a first kernel of 54 ms does not fit .* 56 ms: expected .* 57 ms"
    ):
        networks.kernel_sizes(56, 4, first_kernel_ms=54)


def test_a_network_is_built_with_the_first_kernel_that_it_names():
    model = networks.build(ARCHITECTURE | {"first_kernel_ms": 12}, 3, n_synapses=3)
    assert [model.get_layer(f"convolution_{layer}").kernel_ms for layer in (1, 2, 3)] == [12, 5, 5]


GROUPS = [0, 1, 0, 1, 2, 2]


@pytest.fixture
def grouped():
    """A network of six synapses in three groups, after a few updates on random targets."""
    architecture = ARCHITECTURE | {"input_groups": "branch", "channel_dropout": 0.0}
    model = networks.build(architecture, 2, n_synapses=6, seed=1, synapse_group=GROUPS)
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, 2, (4, 80, 6)).astype(np.uint8)
    targets = {name: rng.random((4, 80, 1)).astype(np.float32) for name in model.output}
    model.compile(keras.optimizers.Adam(0.01), loss=dict.fromkeys(targets, "mse"))
    for _ in range(3):
        model.train_on_batch(inputs, targets)
    return model


def test_synapses_of_a_group_cannot_be_told_apart(grouped):
    rng = np.random.default_rng(1)
    inputs = rng.integers(0, 2, (1, 80, 6)).astype(np.uint8)
    swapped, other = inputs[:, :, [2, 1, 0, 3, 5, 4]], inputs[:, :, [1, 0, 2, 3, 4, 5]]
    expected = grouped.predict_on_batch(inputs)["soma_voltage"]
    np.testing.assert_allclose(grouped.predict_on_batch(swapped)["soma_voltage"], expected, atol=1e-5)
    assert np.abs(grouped.predict_on_batch(other)["soma_voltage"] - expected).max() > 1e-3


def test_a_group_learns_as_one_channel_of_its_counts_does():
    counting = ARCHITECTURE | {"synapse_dropout": 0.0, "channel_dropout": 0.0}
    shared = networks.build(counting | {"input_groups": "branch"}, 2, n_synapses=6, seed=1, synapse_group=GROUPS)
    counted = networks.build(counting, 2, n_synapses=3, seed=2)
    counted.set_weights(shared.get_weights())
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, 2, (4, 80, 6)).astype(np.uint8)
    counts = inputs @ np.eye(3, dtype=np.uint8)[GROUPS]
    targets = {name: rng.random((4, 80, 1)).astype(np.float32) for name in shared.output}
    for model, spikes in ((shared, inputs), (counted, counts)):
        model.compile(keras.optimizers.SGD(0.05), loss=dict.fromkeys(targets, "mse"))
        for _ in range(5):
            model.train_on_batch(spikes, targets)
    for one, other in zip(shared.get_weights(), counted.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_a_network_of_groups_is_an_ordinary_one_with_shared_weights(grouped):
    used = networks.build(networks.in_use(ARCHITECTURE | {"input_groups": "branch"}), 2, n_synapses=6, seed=2)
    used.set_weights(networks.weights_in_use(grouped))
    inputs = np.random.default_rng(1).integers(0, 2, (1, 80, 6)).astype(np.uint8)
    expected = grouped.predict_on_batch(inputs)["soma_voltage"]
    np.testing.assert_allclose(used.predict_on_batch(inputs)["soma_voltage"], expected, atol=1e-5)


def test_groups_that_are_not_given_are_refused():
    with pytest.raises(ValueError, match="network of type tcn: expected synapse_group for 6 synapses, found none"):
        networks.build(ARCHITECTURE | {"input_groups": "tree"}, 2, n_synapses=6)


@pytest.mark.parametrize(("n_levels", "end"), [(2, 0.798), (4, 1.494), (8, 2.051), (16, 2.513)])  # Max 1960, Table II
def test_levels_end_where_a_normal_number_loses_least(n_levels, end):
    assert few_levels.end_of_levels(n_levels) == pytest.approx(end, abs=0.02)


@pytest.mark.parametrize("n_levels", [2, 5, 26])
def test_weights_onto_a_unit_have_few_levels_around_zero(n_levels):
    weights = np.random.default_rng(1).normal(0, [0.1, 3], (50_000, 2))
    found = np.asarray(few_levels.rounded(weights, n_levels))
    for unit in (0, 1):
        levels = np.unique(found[:, unit])
        assert len(levels) == n_levels
        np.testing.assert_allclose(levels, -levels[::-1], atol=1e-6)
        np.testing.assert_allclose(np.diff(levels), np.diff(levels)[0], rtol=1e-3)
        assert np.corrcoef(found[:, unit], weights[:, unit])[0, 1] > 0.75


@pytest.mark.parametrize("levels", [None, 4])
def test_a_network_of_smooth_kernels_is_an_ordinary_one_with_a_weight_a_lag(levels):
    plain = ARCHITECTURE | {"receptive_field_ms": 40}  # two kernels of 20 and 21 ms
    smooth = networks.build(
        plain | {"kernel_cosines": 8} | ({"weight_levels": levels} if levels else {}), 2, n_synapses=6, seed=1
    )
    assert [smooth.get_layer(f"convolution_{one}").kernel.shape[0] for one in (1, 2)] == [8, 8]
    used = networks.build(plain, 2, n_synapses=6, seed=2)
    used.set_weights(networks.weights_in_use(smooth))
    inputs = np.random.default_rng(0).integers(0, 2, (1, 80, 6)).astype(np.uint8)
    expected = smooth.predict_on_batch(inputs)["soma_voltage"]
    np.testing.assert_allclose(used.predict_on_batch(inputs)["soma_voltage"], expected, atol=1e-5)


@pytest.mark.parametrize(
    "changed", [{"type": "perceptron"}, {"type": "fully_connected", "width": 4, "factorised": True}]
)
def test_baselines_of_smooth_kernels_are_ordinary_ones_with_a_weight_a_lag(changed):
    plain = {"receptive_field_ms": 40, "synapse_dropout": 0.0, "weight_decay": 0.0} | changed
    depth = 2 if changed["type"] in networks.STACKS else 0
    smooth = networks.build(plain | {"kernel_cosines": 8}, depth, n_synapses=6, seed=1)
    rng = np.random.default_rng(0)
    smooth.set_weights([rng.random(one.shape) for one in smooth.get_weights()])
    used = networks.build(plain, depth, n_synapses=6, seed=2)
    used.set_weights(networks.weights_in_use(smooth))
    assert used.count_params() > 1.5 * smooth.count_params()
    inputs = rng.integers(0, 2, (1, 80, 6)).astype(np.uint8)
    expected = smooth.predict_on_batch(inputs)["soma_voltage"]
    np.testing.assert_allclose(used.predict_on_batch(inputs)["soma_voltage"], expected, rtol=1e-5, atol=1e-4)


def test_short_kernels_have_a_weight_a_lag_besides_cosines():
    model = networks.build(ARCHITECTURE | {"receptive_field_ms": 31, "kernel_cosines": 16}, 1, n_synapses=6)
    assert model.get_layer("convolution_1").kernel.shape[0] == 31


def test_raised_cosines_are_narrow_at_short_lags_and_come_near_any_smooth_kernel():
    shapes = convolution.raised_cosines(150, 16)
    assert shapes.shape == (150, 16)
    np.testing.assert_allclose(np.linalg.norm(shapes, axis=0), 1, rtol=1e-5)
    widths = (shapes > shapes.max(axis=0) / 2).sum(axis=0)
    assert (np.diff(widths[:-1]) >= 0).all()
    assert shapes[:, 0].argmax() == 149
    lag_ms = np.arange(150)[::-1]
    for kernel in (np.exp(-lag_ms / 4), np.exp(-lag_ms / 30) - np.exp(-lag_ms / 3)):
        fitted = shapes @ np.linalg.lstsq(shapes, kernel, rcond=None)[0]
        assert np.abs(fitted - kernel).max() < 0.03 * kernel.max()


@pytest.mark.parametrize("is_factorised", [True, False])
def test_a_network_of_few_levels_is_an_ordinary_one_with_rounded_weights(is_factorised):
    plain = ARCHITECTURE | {"factorised": is_factorised}
    coarse = networks.build(plain | {"weight_levels": 4}, 2, n_synapses=6, seed=1)
    used = networks.build(plain, 2, n_synapses=6, seed=2)
    used.set_weights(networks.weights_in_use(coarse))
    inputs = np.random.default_rng(0).integers(0, 2, (1, 80, 6)).astype(np.uint8)
    expected = coarse.predict_on_batch(inputs)["soma_voltage"]
    np.testing.assert_allclose(used.predict_on_batch(inputs)["soma_voltage"], expected, atol=1e-5)
    assert len(np.unique(used.get_layer("convolution_2").kernel[:, :, 0])) <= 4


def test_small_steps_of_weights_of_few_levels_add_up():
    model = networks.build(ARCHITECTURE | {"weight_levels": 2, "synapse_dropout": 0.0}, 1, n_synapses=6, seed=1)
    before = networks.weights_in_use(model)[0]
    inputs = np.random.default_rng(0).integers(0, 2, (4, 80, 6)).astype(np.uint8)
    targets = {name: inputs[:, :, :1].astype(np.float32) for name in model.output}
    model.compile(keras.optimizers.Adam(0.003), loss=dict.fromkeys(targets, "mse"))
    losses = [model.train_on_batch(inputs, targets) for _ in range(100)]
    assert np.min(losses[-1]) < 0.8 * np.min(losses[0])
    assert (np.sign(networks.weights_in_use(model)[0]) != np.sign(before)).any()
