"""A network with fewer, coarser or noisier weights."""

from dataclasses import replace

import numpy as np
import pytest

from neurodepth import compression, networks, training
from neurodepth.compression import energy, weights
from neurodepth.streaming import Weights
from neurodepth.training import Scaling
from tests.unit.small_tree import poisson_trials

ARCHITECTURE = {
    **{"type": "tcn", "width": 6, "receptive_field_ms": 20, "factorised": True, "synapse_mixtures": 5},
    **{"synapse_dropout": 0.0, "channel_dropout": 0.0, "weight_decay": 0.0},
}


@pytest.fixture
def plain():
    rng = np.random.default_rng(1)
    draw = lambda *shape: rng.standard_normal(shape).astype(np.float32)  # noqa: E731
    return Weights(draw(30, 5), [draw(8, 5, 6), draw(4, 6, 6)], [draw(6), draw(6)], draw(6, 2), draw(2))


def matrices(found):
    return [one.reshape(-1, one.shape[-1]) for one in (found.mixing, *found.kernels, found.head)]


@pytest.mark.parametrize("n_levels", [2, 8, 26])
def test_a_unit_has_no_more_levels_than_asked_for(plain, n_levels):
    for matrix in matrices(weights.quantise(plain, n_levels)):
        assert max(len(np.unique(column.round(5))) for column in matrix.T) <= n_levels


def test_the_signs_of_normal_weights_get_their_mean_size(plain):
    many = Weights(
        None, [np.random.default_rng(2).standard_normal((1, 20_000, 1)).astype(np.float32)], [], plain.head, []
    )
    size = np.abs(weights.quantise(many, 2).kernels[0]).ravel()
    np.testing.assert_allclose(
        size, np.sqrt(2 / np.pi), rtol=0.1
    )  # clips are tried in steps of a fortieth of the largest


def test_many_levels_lose_little(plain):
    coarse, fine = (
        np.mean(
            [
                np.square(a - b).mean()
                for a, b in zip(matrices(weights.quantise(plain, n)), matrices(plain), strict=True)
            ]
        )
        for n in (16, 256)
    )
    assert fine < coarse / 50


def test_pruning_takes_the_smallest_weights(plain):
    pruned = weights.prune(plain, 0.5)
    # The outputs of the head, which comes last, are pruned one by one.
    pairs = [*zip(matrices(plain), matrices(pruned), strict=True)][:-1]
    for before, after in [*pairs, *zip(plain.head.T, pruned.head.T, strict=True)]:
        gone = after == 0
        assert gone.mean() == pytest.approx(0.5, abs=0.05)
        assert np.abs(before[gone]).max() < np.abs(before[~gone]).min()
        np.testing.assert_array_equal(before[~gone], after[~gone])


def test_the_unit_of_the_voltage_prunes_no_weight_of_the_spikes(plain):
    louder = replace(plain, head=plain.head * np.float32([1, 1000]))
    pruned = weights.prune(louder, 0.5).head
    assert np.count_nonzero(pruned, axis=0) == pytest.approx(len(pruned) / 2, abs=1)
    np.testing.assert_array_equal(pruned[:, 0], weights.prune(plain, 0.5).head[:, 0])


def test_devices_miss_by_a_fraction_of_their_range(plain):
    rng = np.random.default_rng(3)
    missed = weights.disturb(plain, 0.1, rng)
    error = (missed.mixing - plain.mixing) / np.abs(plain.mixing).max(axis=0)
    assert error.std() == pytest.approx(0.1, rel=0.2)  # 150 weights


def test_shifts_and_biases_stay(plain):
    for changed in (weights.quantise(plain, 2), weights.prune(plain, 0.9)):
        assert all(np.array_equal(a, b) for a, b in zip(changed.shifts, plain.shifts, strict=True))
        np.testing.assert_array_equal(changed.head_bias, plain.head_bias)


def test_weights_are_counted_without_those_pruned(plain):
    assert weights.n_weights(plain) == 30 * 5 + 8 * 5 * 6 + 4 * 6 * 6 + 6 * 2
    assert weights.n_weights(weights.prune(plain, 0.5)) == pytest.approx(weights.n_weights(plain) / 2, abs=4)


def test_a_neuron_needs_a_quarter_of_a_millionth_uj_a_millisecond():
    assert energy.of_neuron_uj() == pytest.approx(20 / 86e9 * 1e-3 * 1e6)
    assert energy.of_network_uj(1e6, "float32") == pytest.approx(4.6)


def test_a_table_compares_all_forms_and_256_levels_lose_nothing(tmp_path):
    trials = poisson_trials(3, 20, seed=1)
    trials.spike_time_ms[:] = [np.array([600.0, 700.0, 900.0])] * 3
    trials.soma_voltage_mv[:] += np.random.default_rng(1).standard_normal(trials.soma_voltage_mv.shape)
    model = networks.build(ARCHITECTURE, 2, trials.n_synapses)
    description = {"network": "small", "architecture": ARCHITECTURE, "depth": 2, "training_trials": 3, "seed": 1}
    training.save(model, Scaling(-70.0, 1.0, []), description, tmp_path / "net.keras")
    table = compression.compare(tmp_path / "net.keras", trials, seed=1).set_index("form")
    assert len(table) == 1 + 7 + 2 + 4 + 3
    assert table.auc["256 levels"] == pytest.approx(table.auc["as trained"], abs=0.02)
    assert table.energy_uj_per_ms["256 levels"] == pytest.approx(table.energy_uj_per_ms["as trained"] / 20, rel=0.01)
    assert table.weights["90% pruned"] < 0.15 * table.weights["as trained"]


def test_a_response_is_rectified_and_rounded_to_the_nearest_power_of_two():
    responses = np.array([-3, 0, 1e-30, 0.3, 1, 2.8, 2.9, 3, 6, 1000], np.float32)
    expected = [
        0,
        0,
        2.0**-100,
        0.25,
        1,
        2,
        4,
        4,
        8,
        1024,
    ]  # nearest in the exponent: up from sqrt(2) times the lower one
    np.testing.assert_allclose(np.asarray(compression._shift_only(responses)), expected)
