import numpy as np
import pandas as pd
import pytest
from scipy import signal

from neurodepth import stimulus, validation


@pytest.fixture(scope="module")
def statistics(project):
    return validation.read_yaml(project / "models" / "cells" / "l5pc" / "cell.yaml")["input"]


@pytest.fixture(scope="module")
def synapses():
    rng = np.random.default_rng(0)
    one = pd.DataFrame({"tree": ["basal"] * 30 + ["apical"] * 50, "length_um": rng.uniform(5, 40, 80)})
    return pd.concat([one.assign(kind="excitatory"), one.assign(kind="inhibitory")], ignore_index=True)


def test_a_trial_depends_on_seed_split_and_index_alone(synapses, statistics):
    def draw(*key):
        return stimulus.draw_events(synapses, statistics, 1000, stimulus.trial_rng(*key))

    first, again = draw(1, "train", 3), draw(1, "train", 3)
    np.testing.assert_array_equal(first.time_ms, again.time_ms)
    np.testing.assert_array_equal(first.synapse, again.synapse)
    for other in [(2, "train", 3), (1, "test", 3), (1, "train", 4)]:
        assert len(draw(*other).time_ms) != len(first.time_ms)


def test_events_are_sorted_and_inside_the_trial(synapses, statistics):
    events = stimulus.draw_events(synapses, statistics, 1000, stimulus.trial_rng(1, "train", 0))
    assert (np.diff(events.time_ms.astype(int)) >= 0).all()
    assert events.time_ms.max() < 1000
    assert events.synapse.max() < len(synapses)


@pytest.mark.parametrize(
    ("keep_ms", "sigma_ms", "duration_ms"), [(30, 13, 500), (57, 40, 700), (450, 600, 2000), (7, 3, 100)]
)
def test_smoothing_steps_equals_convolving_them_with_the_published_filter(keep_ms, sigma_ms, duration_ms):
    n_windows = -(-duration_ms // keep_ms)
    steps = np.random.default_rng(0).random(n_windows)
    fast = steps @ stimulus._smoothing(duration_ms, keep_ms, n_windows, sigma_ms)
    n_taps = int(1 + 7 * sigma_ms)
    taps = signal.windows.gaussian(n_taps, sigma_ms)
    slow = signal.convolve(np.repeat(steps, keep_ms)[:duration_ms], taps / taps.sum(), mode="full")
    start = (n_taps - 1) // 2  # the middle, as mode "same" takes it for a signal longer than the filter
    np.testing.assert_allclose(fast, slow[start : start + duration_ms], atol=1e-6)  # float32 weights


def test_one_comparison_fires_as_often_as_the_published_two_draws():
    # Published: a spike where U(0, 1) is below Exponential(mean = rate).
    rng = np.random.default_rng(0)
    for rate in (0.01, 0.1, 0.8):
        n = 2_000_000
        published = np.mean(rng.random(n) < rng.exponential(rate, n))
        ours = -rate * np.expm1(-1 / rate)
        assert abs(published - ours) < 4 * np.sqrt(ours / n)  # four standard errors


def test_mean_rates_are_those_of_the_statistics(synapses, statistics):
    # Excitation is uniform up to 800 spikes per tree and 100 ms: 4 per ms on average, less at the trial's ends,
    # where the filter sees zeros; the middle of a long trial is free of that.
    total = np.zeros(2)
    for index in range(60):
        rng = stimulus.trial_rng(0, "train", index)
        probability = stimulus.spike_probability(synapses, statistics, 6000, rng)[:, 2500:3500]
        total += [probability[:30].sum() / 1000, probability[30:80].sum() / 1000]
    # Bernoulli spikes saturate a little below the drawn rate on this small tree; the mean over 60 trials varies by 7 %.
    np.testing.assert_allclose(total / 60, 4, rtol=0.2)


def test_a_tree_without_statistics_is_named(synapses, statistics):
    with pytest.raises(ValueError, match="no entry for tuft"):
        stimulus.spike_probability(synapses.assign(tree="tuft"), statistics, 1000, stimulus.trial_rng(1, "train", 0))


def test_a_trial_too_long_for_the_event_format_is_refused(synapses, statistics):
    with pytest.raises(ValueError, match="65535"):
        stimulus.draw_events(synapses, statistics, 70_000, stimulus.trial_rng(1, "train", 0))
