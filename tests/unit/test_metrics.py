import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, brier_score_loss, r2_score, roc_auc_score, roc_curve

from neurodepth import metrics


@pytest.fixture
def scored():
    rng = np.random.default_rng(0)
    spikes = rng.random((12, 400)) < 0.02
    score = np.round(rng.normal(size=spikes.shape) + 1.5 * spikes, 1)  # rounded: with ties
    return score, spikes


def test_auc_equals_scikit_learn_with_ties(scored):
    score, spikes = scored
    assert metrics.count_pairs(score, spikes).auc() == pytest.approx(
        roc_auc_score(spikes.ravel(), score.ravel()), abs=1e-12
    )


def test_weighted_auc_equals_auc_of_repeated_trials(scored):
    score, spikes = scored
    weights = np.array([0, 2, 1, 0, 1, 3, 1, 1, 0, 1, 1, 1])
    repeated = np.repeat(np.arange(12), weights)
    expected = roc_auc_score(spikes[repeated].ravel(), score[repeated].ravel())
    assert metrics.count_pairs(score, spikes).auc(weights) == pytest.approx(expected, abs=1e-12)


def test_predictions_that_are_not_numbers_have_no_auc(scored):
    score, spikes = scored
    score[spikes] = np.nan
    with pytest.raises(ValueError, match=f"found NaN in {spikes.sum()} of 4800 bins"):
        metrics.count_pairs(score, spikes)


def test_auc_needs_bins_without_a_spike(scored):
    score, spikes = scored
    with pytest.raises(ValueError, match="all 4800 bins hold a spike"):
        metrics.count_pairs(score, np.ones_like(spikes))


@pytest.mark.parametrize(
    "measure", [lambda *one: metrics.count_pairs(*one).auc(), metrics.hit_rate, metrics.average_precision]
)
def test_without_a_spike_its_prediction_has_no_score(scored, measure):
    score, spikes = scored
    assert np.isnan(measure(score, np.zeros_like(spikes)))


def test_hit_rate_is_the_roc_curve_at_the_false_positive_rate():
    rng = np.random.default_rng(1)
    spikes = np.zeros((10, 5000), bool)
    spikes[:, ::100] = True
    empty = spikes.size - spikes.sum()
    for rate in (0.002, 0.003, 1.5 / empty):  # of 49 500 bins 99, 148.5 and 1.5
        score = np.round(rng.normal(size=spikes.shape) + 2 * spikes, 2)  # with ties
        false_positive, true_positive, _ = roc_curve(spikes.ravel(), score.ravel(), drop_intermediate=False)
        assert metrics.hit_rate(score, spikes, rate) == true_positive[false_positive <= rate].max()


def test_variance_explained_equals_scikit_learn_below_the_clip():
    rng = np.random.default_rng(0)
    true = rng.normal(-70, 3, (4, 300))
    predicted = true + rng.normal(0, 1, true.shape)
    rmse_mv, explained = metrics.voltage_errors(predicted, true)
    assert explained == pytest.approx(r2_score(np.minimum(true, -55).ravel(), np.minimum(predicted, -55).ravel()))
    assert rmse_mv == pytest.approx(1, rel=0.1)  # 1200 samples


def test_spikes_do_not_count_as_voltage():
    true = np.array([[-70.0, -60.0, 20.0]])
    assert metrics.voltage_errors(np.array([[-70.0, -60.0, -55.0]]), true) == (0.0, 1.0)


def voltage_sums(n_trials):
    rng = np.random.default_rng(3)
    true_mv = rng.normal(-65, 3, (n_trials, 50)) + rng.normal(0, 1, (n_trials, 1))
    return metrics.sum_voltage(true_mv + rng.normal(0, 1, true_mv.shape), true_mv)


@pytest.mark.parametrize("weights", [np.ones(12), np.array([0, 2, 1, 0, 1, 3, 1, 1, 0, 1, 1, 1.0])])
@pytest.mark.parametrize("measure", ["auc", "variance_explained"])
def test_the_standard_error_is_that_of_the_slopes_by_finite_differences(scored, measure, weights):
    sums = metrics.count_pairs(*scored) if measure == "auc" else voltage_sums(12)
    score, step = getattr(sums, measure), 1e-5
    slopes = [(score(weights + step * one) - score(weights - step * one)) / (2 * step) for one in np.eye(12)]
    assert sums.standard_error(weights) == pytest.approx(np.sqrt(weights @ np.square(slopes)), rel=1e-6)


@pytest.mark.parametrize("measure", ["auc", "variance_explained"])
def test_the_standard_error_is_the_spread_of_a_bootstrap(measure):
    rng = np.random.default_rng(0)
    spikes = rng.random((200, 400)) < 0.02
    counts = metrics.count_pairs(rng.normal(size=spikes.shape) + 1.5 * spikes, spikes)
    sums = counts if measure == "auc" else voltage_sums(200)
    weights = metrics.resampled_trials(200, 4000, rng)
    assert sums.standard_error() == pytest.approx(getattr(sums, measure)(weights).std(), rel=0.06)
    assert sums.standard_error(weights[:3]).shape == (3,)


def test_resampled_trials_keep_their_number():
    weights = metrics.resampled_trials(9, 50, np.random.default_rng(0))
    assert weights.shape == (50, 9)
    assert (weights.sum(axis=1) == 9).all()


def test_average_precision_equals_scikit_learn_with_ties(scored):
    score, spikes = scored
    expected = average_precision_score(spikes.ravel(), score.ravel())
    assert metrics.average_precision(score, spikes) == pytest.approx(expected, abs=1e-12)


def test_correlogram_counts_predictions_at_each_lag_by_hand():
    spikes, predicted = np.zeros((2, 20), bool), np.zeros((2, 20), bool)
    spikes[0, 10] = spikes[1, 8] = spikes[1, 1] = True  # the last is too near the end to have all lags
    predicted[0, [10, 12]] = predicted[1, 9] = True
    assert metrics.correlogram(predicted, spikes, reach_ms=3).tolist() == [0, 0, 0, 0.5, 0.5, 0.5, 0]


def test_width_of_a_triangle_is_its_full_width_at_half_maximum():
    triangle = np.array([0, 0, 1, 2, 3, 4, 3, 2, 1, 0, 0]) / 4
    assert metrics.correlogram_width(triangle, chance=0) == (4.0, 0.0)
    assert metrics.correlogram_width(triangle, chance=0.5) == (2.0, 0.0)


def test_late_predictions_in_one_bin_are_one_millisecond_wide():
    spikes = np.random.default_rng(0).random((4, 2000)) < 0.001
    values = metrics.correlogram(np.roll(spikes, 2, axis=1), spikes)
    assert metrics.correlogram_width(values, chance=0) == (1.0, 2.0)


@pytest.mark.parametrize("values", [np.full(11, 0.1), np.full(11, np.nan)])
def test_a_correlogram_without_a_peak_has_no_width(values):
    assert np.isnan(metrics.correlogram_width(values, chance=0.1)).all()


def test_a_peak_that_does_not_fall_within_reach_has_no_width():
    width_ms, lag_ms = metrics.correlogram_width(np.array([1.0, 1, 1, 0.9, 0.2]), chance=0)
    assert np.isnan(width_ms)
    assert lag_ms == -2


def test_the_operating_point_lets_through_no_more_than_its_rate_of_empty_bins(scored):
    score, spikes = scored
    above = score[~spikes] > metrics.operating_threshold(score, spikes, 0.1)
    assert 0.05 < above.mean() <= 0.1
    assert (np.arange(1000) > metrics.operating_threshold(np.arange(1000), np.zeros(1000), 0.002)).sum() == 2


def test_reliability_and_its_error_equal_scikit_learn():
    rng = np.random.default_rng(0)
    probability = rng.random((5, 400)) ** 3
    spikes = (rng.random(probability.shape) < probability**1.2).astype(int)
    predicted, observed, count = metrics.reliability(probability, spikes)
    expected = calibration_curve(spikes.ravel(), probability.ravel(), n_bins=15)
    np.testing.assert_allclose((observed, predicted), expected)
    assert count.sum() == 2000
    error = np.sum(count * np.abs(expected[0] - expected[1])) / 2000
    assert metrics.calibration_error(probability, spikes) == pytest.approx(error, abs=1e-12)


def test_expected_calibration_error_by_hand():
    probability, spikes = np.array([[0.95, 0.95, 0.01, 0.01]]), np.array([[1, 0, 0, 0]])
    assert metrics.calibration_error(probability, spikes) == pytest.approx(0.5 * 0.45 + 0.5 * 0.01)


def test_brier_score_equals_scikit_learn():
    rng = np.random.default_rng(0)
    probability, spikes = rng.random((3, 100)), rng.random((3, 100)) < 0.3
    expected = brier_score_loss(spikes.ravel(), probability.ravel())
    assert metrics.brier_score(probability, spikes) == pytest.approx(expected)


def test_weighted_variance_explained_equals_that_of_repeated_trials():
    rng = np.random.default_rng(0)
    true = rng.normal(-65, 3, (4, 300))
    predicted = true + rng.normal(0, 1, true.shape)
    repeated = [0, 0, 0, 2, 3]
    expected = metrics.voltage_errors(predicted[repeated], true[repeated])[1]
    sums = metrics.sum_voltage(predicted, true)
    assert sums.variance_explained(np.array([3.0, 0, 1, 1])) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("auc", "index"), [(0.9, 1.0), (0.99, 0.5), (0.999, 0.0)])
def test_complexity_index_is_the_published_function_of_the_auc(auc, index):
    n_spikes, n_empty = np.array([1, 3, 5]), np.array([1999, 1997, 1995])  # 0.5, 1.5 and 2.5 Hz
    counts = metrics.PairCounts(auc * np.outer(n_spikes, n_empty), n_spikes, n_empty)
    assert metrics.functional_complexity_index(counts, np.random.default_rng(0)) == pytest.approx((index, index, index))


def test_complexity_index_is_that_of_trials_at_one_spike_a_second():
    """Trials of 0.5 and 2 Hz: two slow ones for each fast one come to 1 Hz, however many of each there are."""
    n_spikes, n_empty = np.repeat([1, 4], [300, 900]), np.repeat([1999, 1996], [300, 900])
    pair_auc = np.where(n_spikes[:, None] == 1, 0.9, 0.98)
    counts = metrics.PairCounts(pair_auc * np.outer(n_spikes, n_empty), n_spikes, n_empty)
    expected = (2 * 1 * 0.9 + 1 * 4 * 0.98) / (2 * 1 + 1 * 4)
    found, low, high = metrics.functional_complexity_index(counts, np.random.default_rng(0))
    assert low < found < high
    assert 1 - 10 ** (2 * found - 3) == pytest.approx(expected, abs=5e-4)  # 200 draws of 1200 trials
    assert abs(float(counts.auc()) - expected) > 0.015


def test_complexity_index_needs_trials_on_both_sides_of_one_spike_a_second():
    counts = metrics.PairCounts(np.ones((2, 2)), np.array([5, 6]), np.array([995, 994]))
    assert np.isnan(metrics.functional_complexity_index(counts, np.random.default_rng(0))).all()


@pytest.mark.parametrize("voltage_mv", [-70.0, -65.1, -60.3])
def test_a_constant_voltage_has_no_variance_to_explain(voltage_mv):
    true = np.full((3, 1000), voltage_mv)
    sums = metrics.sum_voltage(true + 0.1, true)
    assert np.isnan([float(sums.variance_explained()), float(sums.standard_error())]).all()
    assert sums.rmse_mv() == pytest.approx(0.1)
