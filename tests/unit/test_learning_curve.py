import numpy as np
import pytest
from scipy import optimize

from neurodepth import learning_curve
from neurodepth.coverage import Sampling

SIZES = [100, 200, 400, 800]
SAMPLING = Sampling(batch_size=8, window_ms=500, history_ms=150, duration_ms=6000)


def power_law(trials, floor, scale, exponent):
    return floor + scale * (np.asarray(trials) / SIZES[-1]) ** -exponent


@pytest.mark.parametrize(("floor", "scale", "exponent"), [(0.01, 0.02, 0.5), (0.0, 0.03, 0.3), (0.005, 0.001, 1.0)])
def test_a_power_law_is_found_again(floor, scale, exponent):
    curve = learning_curve.fit(SIZES, power_law(SIZES, floor, scale, exponent)[:, None])
    assert curve.error_after(3)[0] == pytest.approx(power_law(8 * SIZES[-1], floor, scale, exponent), rel=0.01)
    assert curve.asymptote[0] == pytest.approx(floor, abs=5e-4)


def test_a_noisy_fit_is_as_good_as_that_of_scipy():
    rng = np.random.default_rng(0)
    errors = power_law(SIZES, 0.01, 0.02, 0.5)[:, None] * np.exp(rng.normal(0, 0.02, (4, 20)))
    found = learning_curve.fit(SIZES, errors)
    ours = power_law(np.array(SIZES)[:, None], found.floor, found.scale, found.exponent)
    for one, fitted in zip(errors.T, ours.T, strict=True):
        bounds = ([0, 0, 0.1], [1, 1, 2])
        expected, _ = optimize.curve_fit(power_law, SIZES, one, (0.01, 0.02, 0.5), sigma=one, bounds=bounds)
        theirs = np.sum((power_law(SIZES, *expected) / one - 1) ** 2)
        assert np.sum((fitted / one - 1) ** 2) < theirs * 1.02 + 1e-5  # the grid of exponents has steps of 1.5 %


@pytest.mark.parametrize("passes", [0.5, 1.0, 1.8, 100.0])
def test_passes_that_differ_are_taken_out_of_the_curve(passes):
    """An error that falls with what was seen, and equal updates for all amounts; then eight times the data and updates."""
    updates = round(passes * SIZES[-1] * SAMPLING.duration_ms / SAMPLING.update_ms)
    seen = [SAMPLING.seen(updates, size) for size in SIZES]
    errors = power_law(np.multiply(SIZES, seen), 0.004, 0.01, 0.5)[:, None]
    comparable = learning_curve.at_equal_passes(SIZES, seen)
    found = learning_curve.fit(comparable, errors).error_after(3)[0]
    later = 8 * SIZES[-1] * SAMPLING.seen(8 * updates, 8 * SIZES[-1])
    assert found == pytest.approx(power_law(later, 0.004, 0.01, 0.5), rel=0.01)
    assert comparable[-1] == pytest.approx(SIZES[-1])
    if passes <= 1:  # else the curve seems to have come to rest
        assert learning_curve.fit(SIZES, errors).error_after(3)[0] > 1.2 * found


def test_amounts_of_which_less_was_seen_than_of_a_smaller_one_stay_what_they_are():
    """The larger training ended early: its depth is unfinished, and the curve must not turn back."""
    assert learning_curve.at_equal_passes([100, 200], [0.9, 0.4]).tolist() == [100, 200]
    assert learning_curve.at_equal_passes([100, 200], [0.9, 0.6]).tolist() == pytest.approx([150, 200])


def test_the_data_needed_is_where_the_curve_meets_the_error():
    curve = learning_curve.fit(SIZES, power_law(SIZES, 0.01, 0.02, 0.5)[:, None])
    assert curve.trials_to_reach(0.02)[0] == pytest.approx(4 * 800, rel=0.02)


def test_an_error_below_the_floor_is_never_reached():
    curve = learning_curve.fit(SIZES, power_law(SIZES, 0.01, 0.02, 0.5)[:, None])
    assert np.isinf(curve.trials_to_reach(0.009)[0])


def test_a_million_times_the_data_is_never():
    curve = learning_curve.LearningCurve(100, 800, np.array([0.0]), np.array([0.02]), np.array([0.2]))
    assert np.isfinite(curve.trials_to_reach(0.02 * 2**-3.9)[0])
    assert np.isinf(curve.trials_to_reach(0.02 * 2**-4.1)[0])


def test_an_error_that_does_not_fall_stays():
    curve = learning_curve.fit(SIZES, np.array([[0.02], [0.02], [0.02], [0.02]]))
    assert curve.error_after(5)[0] == pytest.approx(0.02)
    assert np.isinf(curve.trials_to_reach(0.019)[0])
    assert curve.trials_to_reach(0.021)[0] == 100  # the least data is enough


def test_an_error_that_rises_with_data_stays_where_it_came_to():
    curve = learning_curve.fit(SIZES, np.array([[0.02], [0.021], [0.022], [0.023]]))
    assert curve.error_after(5)[0] == curve.asymptote[0] == 0.023
    assert np.isinf(curve.trials_to_reach(0.0222)[0])  # what the smaller amounts reached is not what more would


def test_an_error_that_falls_faster_in_the_last_step_goes_on_as_a_line():
    """No power law falls faster with more data; one would say that little is left to gain."""
    curve = learning_curve.fit(SIZES, np.array([[0.030], [0.0298], [0.028], [0.022]]))
    assert curve.error_after(2)[0] == pytest.approx(0.010)
    assert np.isnan(curve.asymptote[0])


def test_two_sizes_make_a_line_in_the_doublings():
    curve = learning_curve.fit([100, 400], np.array([[0.05], [0.03]]))
    assert curve.error_after(1)[0] == pytest.approx(0.02)
    assert curve.trials_to_reach(0.01)[0] == pytest.approx(1600)
    assert np.isnan(curve.asymptote[0])


@pytest.mark.parametrize("sizes", [SIZES[:2], SIZES])
def test_what_is_not_known_stays_unknown(sizes):
    errors = np.full((len(sizes), 2), 0.02)
    errors[-1, 1] = np.nan
    curve = learning_curve.fit(sizes, errors)
    assert np.isnan(curve.error_after(1)).tolist() == [False, True]
    assert np.isnan(curve.trials_to_reach(0.01)).tolist() == [False, True]
