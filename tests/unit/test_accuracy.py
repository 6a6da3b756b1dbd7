import numpy as np
import pytest

from neurodepth import metrics

DURATION_MS = 1500


@pytest.fixture
def scores(project, monkeypatch):
    monkeypatch.syspath_prepend(project / "benchmarks")
    import accuracy_scores

    return accuracy_scores


def matched(scores, found_ms, true_ms):
    found, true = scores.match_spikes(np.array(found_ms, float), np.array(true_ms, float), window_ms=5)
    return list(zip(found.tolist(), true.tolist(), strict=True))


def test_a_spike_has_one_partner(scores):
    assert matched(scores, [100, 101], [100.2]) == [(0, 0)]


def test_as_many_spikes_are_matched_as_can_be(scores):
    # The nearest pair alone, 103 with 104, would leave two spikes without a partner.
    assert matched(scores, [100, 103], [104, 107.5]) == [(0, 0), (1, 1)]


def test_a_spike_outside_the_window_is_missed(scores):
    assert matched(scores, [100, 200], [105.01, 204.99]) == [(1, 1)]


@pytest.mark.parametrize(("found_ms", "true_ms"), [([], []), ([], [1]), ([1], [])])
def test_nothing_matches_nothing(scores, found_ms, true_ms):
    assert matched(scores, found_ms, true_ms) == []


def runs(scores, *spike_time_ms):
    trials = {("nmda", number): np.array(times_ms, float) for number, times_ms in enumerate(spike_time_ms)}
    rng = np.random.default_rng(1)
    return scores.Runs(trials, {trial: rng.normal(-65, 3, DURATION_MS) for trial in trials}, 1.0)


def test_missed_extra_and_shift_are_counted(scores):
    truth = runs(scores, [700, 900.5], [1200.1, 1300])
    found = runs(scores, [700.2, 990], [1300.4])
    scored = scores.score(found, truth)
    assert (scored["spikes"], scored["missed"], scored["extra"]) == (4, 2, 1)
    assert scored["shift_ms"] == pytest.approx(0.3)


def test_a_neighbouring_bin_costs_the_exact_score_and_not_the_spread_one(scores):
    scored = scores.score(runs(scores, [701.1, 900.5]), runs(scores, [700.9, 900.5]))
    n_empty = DURATION_MS - metrics.WARM_UP_MS - 2
    # One spike is predicted and ties with the wrong prediction; the other one ties with all empty bins but that one.
    assert scored["auc_exact"] == pytest.approx((n_empty - 0.5 + (n_empty - 1) / 2) / (2 * n_empty))
    assert scored["auc_spread"] > 0.99
