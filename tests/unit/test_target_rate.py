"""The search for the input rates at which a cell fires as wanted."""

from itertools import pairwise

import numpy as np
import pytest
import yaml

from neurodepth import simulation
from neurodepth.cells import definition
from neurodepth.simulation import target_rate
from neurodepth.simulation.target_rate import Tried
from neurodepth.validation import InvalidFileError


def at(output_rate_hz):
    """A cell of which the rate at a factor is known for sure."""
    return lambda factor: Tried(factor, output_rate_hz(factor), 0.0, 8)


@pytest.mark.parametrize("exponent", [1, 2, 5])
@pytest.mark.parametrize("target_hz", [0.2, 1, 30])
def test_a_rate_that_rises_with_its_input_is_met(exponent, target_hz):
    tried = target_rate.search(at(lambda factor: 3 * factor**exponent), target_hz, "cell")
    assert tried[-1].output_rate_hz == pytest.approx(target_hz, rel=target_rate.TOLERANCE)
    assert len(tried) <= 9


def test_a_rate_that_jumps_over_the_target_gives_the_nearest_one():
    tried = target_rate.search(at(lambda factor: 4.0 if factor > 1.7 else 0.5), 1, "cell")
    assert tried[-1].output_rate_hz == 0.5
    assert 1.6 < max(one.factor for one in tried if one.output_rate_hz == 0.5) <= 1.7


@pytest.mark.parametrize(("rate_hz", "factor"), [(0.0, "16"), (50.0, "0.0625")])
def test_a_rate_that_cannot_be_met_is_explained(rate_hz, factor):
    with pytest.raises(
        InvalidFileError, match=rf"cell: expected .* 1 Hz, found {rate_hz:g} Hz at .* times {factor}: change"
    ):
        target_rate.search(at(lambda _: rate_hz), 1, "cell")


def bursty(mean_hz, seed=1):
    """Trials that differ as those of a pyramidal cell do: a third is silent, the standard deviation exceeds the mean."""
    rng = np.random.default_rng(seed)
    rates_hz = rng.exponential(1.5 * mean_hz, 1000) * (rng.random(1000) > 1 / 3)
    return lambda indices: rates_hz[indices.start : indices.stop].tolist()


@pytest.mark.parametrize(("mean_hz", "expected"), [(0.0, 16), (5.0, 16), (1.0, 44)])
def test_trials_are_simulated_until_the_rate_can_be_held_against_the_target(mean_hz, expected):
    found = target_rate.measure(1, bursty(mean_hz), 1, n_least=8, n_most=44)
    assert found.trials == expected
    rates_hz = bursty(mean_hz)(range(expected))
    assert found.output_rate_hz == np.mean(rates_hz)
    assert found.standard_error_hz >= np.std(rates_hz, ddof=1) / np.sqrt(expected)


def test_few_silent_trials_do_not_prove_that_a_rate_is_too_low():
    """The first trials of l5pc at 1.15 Hz were such: seven silent, one with a burst."""
    rates_hz = [0.0] * 7 + [1.8] + [1.5] * 36
    found = target_rate.measure(1, lambda indices: rates_hz[indices.start : indices.stop], 1, n_least=8, n_most=44)
    assert found.output_rate_hz == pytest.approx(np.mean(rates_hz[: found.trials]))
    assert found.output_rate_hz > 1


def test_a_rate_that_trials_share_needs_few_of_them():
    assert target_rate.measure(1, lambda indices: [1.0 + 0.1 * (i % 2) for i in indices], 1, 8, 44).trials == 8


def test_the_rate_of_bursty_trials_is_near_the_target_in_other_trials():
    def found_hz(seed):
        at_first_hz = 2 * 2 ** (seed / 100)  # no factor that is tried happens to be the right one

        def try_factor(factor):
            return target_rate.measure(factor, bursty(at_first_hz * factor**2, seed), 1, 8, 44)

        return at_first_hz * target_rate.search(try_factor, 1, "cell")[-1].factor ** 2

    means_hz = [found_hz(seed) for seed in range(100)]
    assert 0.75 < np.median(means_hz) < 1.25
    assert np.mean(np.abs(np.log2(means_hz)) < 1) > 0.95  # within a factor of two


@pytest.fixture
def protocol(project):
    return simulation.Protocol(str(project / "models" / "cells" / "l5pc"), "nmda", 1, 2000)


def test_the_cell_is_defined_with_the_factor_that_was_found(protocol, tmp_path):
    path = target_rate.write_scaled(protocol, ["nmda", "high_rate"], 0.5, tmp_path)
    own, unusual = (definition.read(path.parent, variant) for variant in ("nmda", "high_rate"))
    assert own.name == "l5pc"
    assert own.values["input"]["rate_factor"] == {"excitatory": 0.5, "inhibitory": 0.5}
    assert unusual.values["input"]["rate_factor"] == {
        "excitatory": 0.75,
        "inhibitory": 0.5,
    }  # 1.5 times as much excitation
    assert own.mechanisms_path == definition.read(protocol.cell_path).mechanisms_path


def test_the_output_of_a_cell_reaches_its_target_and_the_same_one_again(project, tmp_path):
    protocol = simulation.Protocol(str(project / "models" / "cells" / "lif"), "default", 1, 4500)
    once, again = (target_rate.find_factor(protocol, 2, 100, tmp_path / name, 1) for name in ("once", "again"))
    assert once[-1].output_rate_hz == pytest.approx(2, rel=target_rate.TOLERANCE)
    assert once == again
    rates_hz = [one.output_rate_hz for one in sorted(once, key=lambda one: one.factor)]
    assert all(low <= high for low, high in pairwise(rates_hz))


def test_what_was_written_names_what_it_extends_wherever_it_lies(protocol, tmp_path):
    path = target_rate.write_scaled(protocol, ["nmda"], 0.5, tmp_path)
    assert not yaml.safe_load(path.read_text())["extends"].startswith("/")
