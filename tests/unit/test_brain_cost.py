"""What a brain would cost by its surrogates."""

import pytest

from neurodepth import brain_cost
from neurodepth.brain_cost import ASSUMPTIONS


def estimate(**changed):
    assumptions = ASSUMPTIONS | {name: ASSUMPTIONS[name].changed(value) for name, value in changed.items()}
    return brain_cost.estimate(1e6, assumptions).set_index("estimate").value


def test_a_brain_of_surrogates_alone_costs_neurons_times_surrogate():
    assert estimate(pyramidal_share=1.0)["all neurons by surrogate"] == pytest.approx(86e9 * 1e6 * 1000 * 2)


def test_what_a_reader_changes_changes_the_estimate():
    assert estimate(neurons=43e9)["all neurons by surrogate"] == pytest.approx(
        estimate()["all neurons by surrogate"] / 2
    )
    assert estimate(rate=10.0)["synapses times rate"] == pytest.approx(10 * estimate()["synapses times rate"])


def test_an_image_network_is_worth_few_neurons():
    assert estimate()["neurons for the arithmetic of the image network"] == pytest.approx(3.8e9 * 30 / 1e9)


def test_every_assumption_names_its_source():
    assert all(one.source and one.title for one in ASSUMPTIONS.values())
