import numpy as np
import pytest
from sklearn.metrics import r2_score, roc_auc_score, roc_curve

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


def test_auc_needs_bins_of_both_kinds(scored):
    score, spikes = scored
    with pytest.raises(ValueError, match="0 of 4800 bins"):
        metrics.count_pairs(score, np.zeros_like(spikes))


def test_hit_rate_is_the_roc_curve_at_the_false_positive_rate():
    rng = np.random.default_rng(1)
    spikes = rng.random((10, 5000)) < 0.01
    score = rng.normal(size=spikes.shape) + 2 * spikes
    false_positive, true_positive, _ = roc_curve(spikes.ravel(), score.ravel(), drop_intermediate=False)
    expected = true_positive[false_positive <= 0.002].max()
    assert metrics.hit_rate(score, spikes) == pytest.approx(expected, abs=0.01)  # one spike is 0.002


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


def test_resampled_trials_keep_their_number():
    weights = metrics.resampled_trials(9, 50, np.random.default_rng(0))
    assert weights.shape == (50, 9)
    assert (weights.sum(axis=1) == 9).all()
