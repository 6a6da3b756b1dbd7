"""The search for the input rates at which a cell fires as wanted."""

from itertools import pairwise

import pytest
import yaml

from neurodepth import simulation
from neurodepth.cells import definition
from neurodepth.simulation import target_rate
from neurodepth.validation import InvalidFileError


@pytest.mark.parametrize("exponent", [1, 2, 5])
@pytest.mark.parametrize("target_hz", [0.2, 1, 30])
def test_a_rate_that_rises_with_its_input_is_met(exponent, target_hz):
    tried = target_rate.search(lambda factor: 3 * factor**exponent, target_hz, "cell")
    assert tried[-1].output_rate_hz == pytest.approx(target_hz, rel=target_rate.TOLERANCE)
    assert len(tried) <= 9


def test_a_rate_that_jumps_over_the_target_gives_the_nearest_one():
    tried = target_rate.search(lambda factor: 4.0 if factor > 1.7 else 0.5, 1, "cell")
    assert tried[-1].output_rate_hz == 0.5
    assert 1.6 < max(one.factor for one in tried if one.output_rate_hz == 0.5) <= 1.7


@pytest.mark.parametrize(("rate_hz", "factor"), [(0.0, "16"), (50.0, "0.0625")])
def test_a_rate_that_cannot_be_met_is_explained(rate_hz, factor):
    with pytest.raises(
        InvalidFileError, match=rf"cell: expected .* 1 Hz, found {rate_hz:g} Hz at .* times {factor}: change"
    ):
        target_rate.search(lambda _: rate_hz, 1, "cell")


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
    once, again = (target_rate.find_factor(protocol, 2, tmp_path / name, 1) for name in ("once", "again"))
    assert once[-1].output_rate_hz == pytest.approx(2, rel=target_rate.TOLERANCE)
    assert once == again
    rates_hz = [one.output_rate_hz for one in sorted(once, key=lambda one: one.factor)]
    assert all(low <= high for low, high in pairwise(rates_hz))


def test_what_was_written_names_what_it_extends_wherever_it_lies(protocol, tmp_path):
    path = target_rate.write_scaled(protocol, ["nmda"], 0.5, tmp_path)
    assert not yaml.safe_load(path.read_text())["extends"].startswith("/")
