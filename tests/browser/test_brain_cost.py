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
    expected = brain_cost.estimate(5000, ASSUMPTIONS | {"neurons": ASSUMPTIONS["neurons"].changed(1e10)})
    found = [float(one) for one in part.locator("[data-estimate]").all_inner_texts()]
    assert found == pytest.approx(expected.value.tolist(), rel=0.06)  # two digits are shown
