import numpy as np
import pytest

from neurodepth import metrics
from neurodepth.depth import Criterion, Evaluation, decide, tabulate

CRITERION = Criterion(auc=0.95, confidence=0.95, resamples=500, further_doublings=3)
# Separations of two unit Gaussians whose AUC is about 0.90, 0.93 and 0.97.
LOW, MIDDLE, HIGH = 1.81, 2.09, 2.66


def evaluate(separations, n_trials=40, n_bins=2000, seeds=(1,)):
    """Networks whose scores separate spikes by a given number of deviations, for each (depth, training trials)."""
    spikes = np.random.default_rng(0).random((n_trials, n_bins)) < 0.01
    found = []
    for (depth, size), separation in separations.items():
        for seed in seeds:
            noise = np.random.default_rng(seed).normal(size=spikes.shape)  # shared noise: networks err alike
            found.append(Evaluation(depth, size, seed, metrics.count_pairs(noise + separation * spikes, spikes)))
    return found


def test_the_smallest_depth_that_meets_the_criterion_is_required():
    flat = {1: LOW, 3: HIGH, 7: HIGH}
    verdict = decide(evaluate({(d, n): s for d, s in flat.items() for n in (10, 20)}), CRITERION)
    assert (verdict.required_depth, verdict.interval, verdict.status) == (3, (3, 3), "reached")


def test_accuracy_that_rises_with_data_gives_no_depth():
    evaluations = evaluate({(1, 10): LOW, (1, 20): MIDDLE, (3, 10): LOW, (3, 20): MIDDLE})
    verdict = decide(evaluations, CRITERION)
    assert verdict.required_depth is None
    assert verdict.status == "limited by data"
    assert verdict.interval == (1, None)
    assert "more data may change the answer" in verdict.reason


def test_a_shallower_depth_that_still_gains_from_data_forbids_a_depth():
    evaluations = evaluate({(1, 10): LOW, (1, 20): MIDDLE, (3, 10): HIGH, (3, 20): HIGH})
    verdict = decide(evaluations, CRITERION)
    assert (verdict.required_depth, verdict.interval, verdict.status) == (None, (1, 3), "limited by data")


def test_the_shallowest_depth_needs_no_other_to_compare_with():
    verdict = decide(evaluate({(1, 10): MIDDLE, (1, 20): HIGH, (3, 10): HIGH, (3, 20): HIGH}), CRITERION)
    assert (verdict.required_depth, verdict.interval) == (1, (1, 1))


def test_a_gap_that_data_cannot_close_is_not_reached():
    verdict = decide(evaluate({(d, n): LOW for d in (1, 3) for n in (10, 20)}), CRITERION)
    assert (verdict.required_depth, verdict.status) == (None, "not reached")


def test_too_few_test_trials_leave_it_undecided():
    near = 2.33  # AUC 0.95
    verdict = decide(evaluate({(1, n): near for n in (10, 20)}, n_trials=4), CRITERION)
    assert (verdict.required_depth, verdict.status) == (None, "undecided")


def test_a_single_data_size_is_refused():
    with pytest.raises(ValueError, match="two data sizes"):
        decide(evaluate({(1, 20): HIGH}), CRITERION)


def test_intervals_hold_the_estimate_and_shrink_with_trials():
    few = tabulate(evaluate({(1, 20): MIDDLE}, n_trials=10), CRITERION).iloc[0]
    many = tabulate(evaluate({(1, 20): MIDDLE}, n_trials=160), CRITERION).iloc[0]
    assert few["auc_low"] < few["auc"] < few["auc_high"]
    assert many["auc_high"] - many["auc_low"] < few["auc_high"] - few["auc_low"]


def test_seeds_that_disagree_widen_the_interval():
    one = tabulate(evaluate({(1, 20): MIDDLE}), CRITERION).iloc[0]
    evaluations = [*evaluate({(1, 20): MIDDLE}), Evaluation(1, 20, 2, evaluate({(1, 20): HIGH})[0].counts)]
    two = tabulate(evaluations, CRITERION).iloc[0]
    assert two["seeds"] == 2
    assert two["auc_high"] - two["auc_low"] > one["auc_high"] - one["auc_low"]
