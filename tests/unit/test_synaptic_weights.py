"""Sizes of synapses have the distribution that the definition names, and keep the mean."""

import numpy as np
import pytest

from neurodepth.cells.synaptic_weights import draw_weights, quantise

SIZES = {"distribution": "sizes", "seed": 1, "sizes": 26, "range": 60, "variability": 0.08}
OUTWARDS = {"distribution": "equal", "seed": 1, "doubling_distance_um": 100}
LOG_NORMAL = {"distribution": "log_normal", "seed": 1, "sigma": 0.9}
KINDS = np.repeat(["excitatory", "inhibitory"], 20_000)
DISTANCE_UM = np.linspace(0, 1000, 40_000)


def drawn(**settings):
    return draw_weights(KINDS, {"excitatory": {"weights": settings}}, DISTANCE_UM)[:20_000]


@pytest.mark.parametrize("settings", [SIZES, LOG_NORMAL, SIZES | {"bits": 3}, OUTWARDS])
def test_the_mean_is_kept(settings):
    assert drawn(**settings).mean() == pytest.approx(1)


def test_a_kind_without_weights_has_all_alike():
    assert (draw_weights(KINDS, {"excitatory": {"weights": SIZES}}, DISTANCE_UM)[20_000:] == 1).all()


def test_sizes_stand_evenly_in_the_logarithm_over_their_range():
    exact = np.unique(drawn(**SIZES | {"variability": 0}).round(12))
    assert len(exact) == 26
    np.testing.assert_allclose(np.diff(np.log(exact)), np.log(60) / 25, rtol=1e-6)


def test_synapses_of_one_size_vary_as_much_as_said():
    weights = drawn(**SIZES | {"sizes": 1})
    assert weights.std() == pytest.approx(0.08, rel=0.03)  # 20 000 draws: 0.5 %


def test_the_logarithm_of_log_normal_weights_has_the_given_spread():
    logarithm = np.log(drawn(**LOG_NORMAL))
    assert logarithm.std() == pytest.approx(0.9, rel=0.02)
    assert logarithm.mean() == pytest.approx(-(0.9**2) / 2, abs=0.03)  # for a mean of 1


@pytest.mark.parametrize(("bits", "levels"), [(0, 1), (1, 2), (2.6, 6), (4, 16)])
def test_bits_leave_that_many_weights(bits, levels):
    assert len(np.unique(drawn(**LOG_NORMAL | {"bits": bits}))) == levels


def test_no_weight_moves_further_than_half_a_level():
    weights = np.random.default_rng(0).lognormal(0, 1, 1000)
    level = np.ptp(np.log(weights)) / 2**4
    assert np.abs(np.log(quantise(weights, 4) / weights)).max() <= level / 2 * (1 + 1e-9)


def test_the_same_seed_draws_the_same_weights_and_another_one_others():
    np.testing.assert_array_equal(drawn(**SIZES), drawn(**SIZES))
    assert not np.array_equal(drawn(**SIZES), drawn(**SIZES | {"seed": 2}))


def test_neighbours_of_a_cluster_share_a_weight():
    weights = drawn(**LOG_NORMAL | {"cluster_synapses": 8})
    clusters = weights.reshape(-1, 8)
    assert (clusters == clusters[:, :1]).all()
    assert len(np.unique(clusters[:, 0])) == 2500


def test_weights_double_over_the_given_distance():
    weights = drawn(**OUTWARDS)
    ratio = np.interp(350, DISTANCE_UM[:20_000], weights) / np.interp(250, DISTANCE_UM[:20_000], weights)
    assert ratio == pytest.approx(2, rel=1e-3)
