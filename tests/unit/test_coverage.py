import numpy as np
import pytest

from neurodepth.coverage import Sampling


def drawn(sampling, updates, trials, seed=0):
    """Which milliseconds are scored, shape (trials, time), by windows drawn as `training.windows.Windows` draws them."""
    rng = np.random.default_rng(seed)
    seen = np.zeros((trials, sampling.duration_ms), bool)
    for _ in range(updates * sampling.batch_size):
        trial, start = rng.integers(trials), rng.integers(sampling.duration_ms - sampling.window_ms + 1)
        seen[trial, start + sampling.history_ms : start + sampling.window_ms] = True
    return seen


@pytest.mark.parametrize("lengths_ms", [(1000, 150, 6000), (500, 150, 6000), (400, 100, 2000), (900, 100, 1000)])
@pytest.mark.parametrize("passes", [0.3, 1.0, 3.0])
def test_the_fraction_seen_is_that_of_random_windows(lengths_ms, passes):
    sampling = Sampling(1, *lengths_ms)
    updates = round(passes * 400 * sampling.duration_ms / sampling.update_ms)
    assert sampling.passes(updates, 400) == pytest.approx(passes, rel=0.01)
    assert sampling.seen(updates, 400) == pytest.approx(drawn(sampling, updates, 400).mean(), abs=0.02)


def test_short_windows_without_history_show_63_percent_in_one_pass():
    assert Sampling(1, 10, 0, 10_000).seen(1000, 1) == pytest.approx(1 - np.exp(-1), abs=0.001)


def test_of_windows_as_long_as_a_trial_all_but_the_history_is_seen():
    assert Sampling(8, 1000, 100, 1000).seen(100, 2) == pytest.approx(0.9)
