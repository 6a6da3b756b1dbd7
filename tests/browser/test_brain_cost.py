"""What a brain would cost, in a real browser: the page computes what the library does."""

import pytest

from neurodepth import brain_cost
from neurodepth.brain_cost import ASSUMPTIONS


def test_a_changed_assumption_changes_the_estimates_as_in_the_library(open_page):
    page = open_page("#l5pc_nmda-brain")
    part = page.locator("#l5pc_nmda-brain")
    part.scroll_into_view_if_needed()
    page.wait_for_function("() => typeof startBrain === 'function'")
    page.wait_for_timeout(1000)  # parts are started when they come near
    part.locator('[data-assumption="neurons"]').fill("1e10")
    part.locator('[data-assumption="multiply_adds_per_ms"]').fill("5000")
    part.locator('[data-assumption="other_multiply_adds_per_ms"]').fill("700")  # the page has the study's point neuron
    changed = {"neurons": 1e10, "other_multiply_adds_per_ms": 700}
    expected = brain_cost.estimate(
        5000, ASSUMPTIONS | {name: ASSUMPTIONS[name].changed(x) for name, x in changed.items()}
    )
    found = [float(one) for one in part.locator("[data-estimate]").all_inner_texts()]
    assert found == pytest.approx(expected.value.tolist(), rel=0.06)  # two digits are shown
