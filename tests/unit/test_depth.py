import re
from dataclasses import replace

import numpy as np
import pytest

from neurodepth import criterion, depth, scores
from tests.unit.synthetic import CRITERION, SIZES, TRIAL_H, evaluate, falling, flat, resample

LOW, MIDDLE, HIGH = 0.90, 0.93, 0.97


def decide(*arguments, asked=CRITERION, **settings):
    return depth.decide(resample(*arguments, **settings), asked, TRIAL_H)


def test_a_cell_that_one_layer_imitates_requires_one():
    verdict = decide(flat(d1=HIGH, d3=HIGH, d7=HIGH))
    assert (verdict.required_depth, verdict.interval, verdict.status) == (1, (1, 1), "reached")
    assert "it is the shallowest tried" in verdict.reason


def test_a_cell_that_five_layers_imitate_requires_five():
    verdict = decide(flat(d1=LOW, d2=0.91, d3=0.92, d4=MIDDLE, d5=HIGH, d6=HIGH, d7=HIGH))
    assert (verdict.required_depth, verdict.interval, verdict.status) == (5, (5, 5), "reached")
    assert "depth 4 has AUC 0.9" in verdict.reason
    assert "is ruled out" in verdict.reason


def test_a_learning_curve_that_heads_for_the_criterion_is_limited_by_data():
    """The true curve of depth 3 reaches the criterion with (0.04 / 0.03)^2 times 40 trials, 0.071 h."""
    verdict = decide(falling(1, 0.09, 0.01, 0.5) | falling(3, 0.02, 0.04, 0.5), n_trials=200)
    assert (verdict.required_depth, verdict.interval, verdict.status) == (None, (3, None), "limited by data")
    assert re.search(r"its learning curve reaches the criterion at 4\.\d min \(", verdict.reason)


def test_a_rising_curve_that_may_end_short_of_the_criterion_says_no_amount_of_data():
    """The true error of depth 3 ends at 0.051, where 0.05 is asked for."""
    verdict = decide(falling(1, 0.09, 0.01, 0.5) | falling(3, 0.051, 0.006, 1.0), n_trials=200)
    assert verdict.status == "limited by data"
    assert re.search(
        r"its learning curve stays short of the criterion, or reaches it at [\d.]+ (min|h) at", verdict.reason
    )


def test_a_rising_depth_whose_estimate_meets_is_not_said_to_need_an_amount_of_data_that_it_has():
    verdict = decide(falling(1, 0.02, 0.027, 0.7), seeds=(1, 2, 3), spread=0.02)
    assert (verdict.required_depth, verdict.interval, verdict.status) == (None, (1, None), "limited by data")
    assert "which meets the criterion, but not surely" in verdict.reason
    assert "learning curve" not in verdict.reason


def test_a_shallower_depth_whose_estimate_meets_is_named_beside_the_required_depth():
    verdict = decide(flat(d1=0.8, d2=0.954, d3=HIGH, d4=HIGH), seeds=(1, 2, 3), spread=0.05)
    assert (verdict.required_depth, verdict.interval, verdict.status) == (3, (2, 3), "reached")
    assert re.search(r"depth 2 has AUC 0\.95\d+, which meets it too, but not surely", verdict.reason)


def test_two_amounts_of_data_are_extrapolated_by_a_line():
    verdict = decide({(1, 10): LOW, (1, 20): MIDDLE, (3, 10): LOW, (3, 20): MIDDLE})
    assert (verdict.required_depth, verdict.interval, verdict.status) == (None, (1, None), "limited by data")


def test_a_shallower_depth_that_still_gains_from_data_forbids_a_depth():
    verdict = decide({(1, 10): LOW, (1, 20): MIDDLE, (3, 10): HIGH, (3, 20): HIGH})
    assert (verdict.required_depth, verdict.interval, verdict.status) == (None, (1, 3), "limited by data")


def test_a_rising_curve_whose_floor_misses_the_criterion_does_not_forbid_a_depth():
    verdict = decide(falling(1, 0.08, 0.01, 0.5) | flat(d3=HIGH))
    assert (verdict.required_depth, verdict.interval, verdict.status) == (3, (3, 3), "reached")


def test_the_shallowest_depth_needs_no_other_to_compare_with():
    verdict = decide({(1, 10): MIDDLE, (1, 20): HIGH, (3, 10): HIGH, (3, 20): HIGH})
    assert (verdict.required_depth, verdict.interval) == (1, (1, 1))


def test_a_gap_that_data_cannot_close_is_not_reached():
    verdict = decide(flat(d1=LOW, d3=MIDDLE))
    assert (verdict.required_depth, verdict.interval, verdict.status) == (None, (None, None), "not reached")
    gap, low, high = verdict.gap["auc"]
    assert low < gap < high
    assert gap == pytest.approx(0.02, abs=0.01)  # four standard errors of 800 spikes
    assert f"short of it by {gap:.4f} ({low:.4f} to {high:.4f})" in verdict.reason


def test_training_that_was_cut_short_forbids_a_depth_and_comes_before_data():
    auc = falling(1, 0.02, 0.04, 0.5) | flat(d3=HIGH)
    verdict = decide(auc, improvement={1: 0.05})
    assert (verdict.required_depth, verdict.interval, verdict.status) == (None, (1, 3), "limited by training")
    assert "the validation loss of depth 1 still fell by 5.0%" in verdict.reason


def test_training_that_was_cut_short_does_not_matter_where_the_criterion_is_met():
    verdict = decide(flat(d1=LOW, d3=HIGH, d7=LOW), improvement={3: 0.05, 7: 0.05})
    assert (verdict.required_depth, verdict.status) == (3, "reached")


def test_an_improvement_within_the_bound_counts_as_trained():
    assert decide(flat(d1=LOW, d3=HIGH), improvement={1: 0.005}).status == "reached"


def test_a_network_that_did_not_see_all_its_data_is_unfinished():
    verdict = decide(flat(d1=LOW), passes=0.4)
    assert (verdict.required_depth, verdict.status) == (None, "limited by training")
    assert "depth 1 was given updates for 0.4 passes through its data" in verdict.reason


def test_one_pass_that_rounding_makes_a_little_less_is_one():
    passes = 384 * (8 * 1000 / 3_600_000) / (512 * 6000 / 3_600_000)
    assert passes < 1
    assert decide(flat(d1=LOW), passes=passes).status == "not reached"


def test_a_network_of_too_few_epochs_is_unfinished():
    verdict = decide(flat(d1=LOW, d3=HIGH), improvement={1: np.nan})
    assert (verdict.required_depth, verdict.status) == (None, "limited by training")
    assert "depth 1 had fewer than 4 validations (lower updates_per_epoch), or ran out of patience" in verdict.reason


@pytest.mark.parametrize("auc", [flat(d1=0.6), flat(d1=0.9999), falling(1, 0.02, 0.04, 0.5)])
def test_too_few_test_spikes_decide_nothing(auc):
    """Neither more data nor more training would change that."""
    n_spikes = int(evaluate(auc, rate=0.001)[0].counts.positives.sum())
    assert 50 < n_spikes < 100
    verdict = decide(auc, rate=0.001, improvement={1: 0.05})
    assert (verdict.required_depth, verdict.status) == (None, "undecided")
    assert f"the 40 test trials hold {n_spikes} spikes, expected at least 5 trials and 100 spikes" in verdict.reason


def test_two_seeds_that_differ_do_not_hide_that_data_help():
    """Depth 1 is less than a doubling away and falls by a quarter from step to step; seeds differ by 5 %."""
    auc = {(1, 10): 0.89, (1, 20): 0.92, (1, 40): 0.942} | flat(d3=HIGH)
    found = [decide(auc, spread=0.05, draw=draw).status for draw in range(20)]
    assert found.count("limited by data") >= 16  # 2 of 20 where each amount's two seeds are drawn on their own


def test_seeds_that_differ_seldom_pass_for_a_gain():
    auc = {(1, size): LOW for size in SIZES[-2:]}
    found = [resample(auc, n_bins=500, seeds=(1, 2), spread=0.05, draw=draw) for draw in range(100)]
    rising = [criterion.rising_measures(one, CRITERION, 1) for one in found]
    assert sum(map(bool, rising)) <= 11  # 5, and two and a half standard errors


def test_few_test_trials_decide_nothing_however_many_spikes_they_hold():
    verdict = decide(flat(d1=HIGH), n_trials=4, n_bins=20_000)
    assert (verdict.required_depth, verdict.status) == (None, "undecided")
    assert "the 4 test trials hold 774 spikes, expected at least 5 trials" in verdict.reason


def test_too_few_test_trials_leave_it_undecided():
    verdict = decide(flat(d1=0.95), n_trials=6, draw=1)
    assert (verdict.required_depth, verdict.status) == (None, "undecided")


def test_a_test_set_without_a_spike_leaves_it_undecided_and_says_so():
    verdict = decide(flat(d1=0.95), rate=0)
    assert (verdict.required_depth, verdict.status) == (None, "undecided")
    assert "the test trials hold no spike" in verdict.reason


def test_a_voltage_criterion_is_to_be_met_as_well():
    asked = replace(CRITERION, variance_explained=0.95)
    assert decide(flat(d1=HIGH), asked=asked, explained=0.96).status == "reached"
    verdict = decide(flat(d1=HIGH), asked=asked, explained=0.94)
    assert verdict.status == "not reached"
    assert "variance explained 0.9400" in verdict.reason
    assert "variance explained short of it by 0.0100" in verdict.reason
    assert "AUC short of it" not in verdict.reason
    assert verdict.gap["variance_explained"] == pytest.approx((0.01, 0.01, 0.01))


def test_the_reason_names_the_measure_that_rises():
    """The AUC meets, and stays; the voltage rises with data and misses."""
    explained = {10: 0.70, 20: 0.80, 40: 0.88}
    evaluations = [
        one for size, value in explained.items() for one in evaluate({(1, size): HIGH}, seeds=(1, 2), explained=value)
    ]
    asked = replace(CRITERION, variance_explained=0.9)
    resampled = scores.resample(evaluations, asked.resamples, asked.confidence, seed=0)
    verdict = depth.decide(resampled, asked, TRIAL_H)
    assert verdict.status == "limited by data"
    assert "depth 1 went from variance explained 0.8000 to 0.8800" in verdict.reason


def test_a_single_seed_is_confessed():
    caveat = "With one training seed, no interval holds the variation of training."
    assert caveat in decide(flat(d1=HIGH), seeds=(1,)).reason
    assert caveat not in decide(flat(d1=HIGH), seeds=(1, 2)).reason
    evaluations = evaluate(flat(d1=LOW, d3=HIGH), seeds=(1, 2))
    some = [one for one in evaluations if one.depth == 1 or one.seed == 1]
    reason = depth.decide(scores.resample(some, 400, 0.95, 0), CRITERION, TRIAL_H).reason
    assert "With one training seed at depth 3, no interval" in reason


def test_one_training_that_misses_rules_no_depth_out_but_one_that_meets_shows_that_its_depth_can():
    verdict = decide(flat(d1=LOW), seeds=(1,))
    assert (verdict.required_depth, verdict.interval, verdict.status) == (None, (1, None), "undecided")
    assert "one training that misses rules no depth out: train several seeds" in verdict.reason
    verdict = decide(flat(d1=LOW, d3=HIGH), seeds=(1,))
    assert (verdict.required_depth, verdict.interval, verdict.status) == (3, (1, 3), "reached")
    assert "is not ruled out, which takes several training seeds" in verdict.reason


def test_a_single_data_size_is_refused():
    with pytest.raises(ValueError, match="at least two data sizes"):
        decide({(1, 20): HIGH})


def test_a_depth_without_one_of_the_sizes_is_refused():
    with pytest.raises(ValueError, match=r"without \(depth, trials\) \[\(3, 10\)\]"):
        decide({(1, 10): HIGH, (1, 20): HIGH, (3, 20): HIGH})


@pytest.mark.parametrize("n_trials", [10, 40])
def test_a_network_without_an_error_meets(n_trials):
    """Rounding is all the spread that its error has, and in many resamples not even that."""
    verdict = decide(flat(d1=1 - 1e-12), n_trials=n_trials, n_bins=2000)
    assert (verdict.status, verdict.required_depth) == ("reached", 1)
    assert verdict.gap["auc"] == pytest.approx((-0.05, -0.05, -0.05))
