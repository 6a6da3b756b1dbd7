import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.report_page import DEPTH, LEARNED, NEURON, TRIAL, draw


def test_without_scripts_all_pages_show_their_figures_for_print(open_page):
    page = open_page(java_script_enabled=False)
    for part in (NEURON, DEPTH, LEARNED):
        expect(page.locator(part)).to_be_visible()
    expect(page.locator(f"{DEPTH} svg").first).to_be_visible()
    expect(page.locator(f"{TRIAL} button").first).to_be_hidden()


NEVER_SEEN = "window.IntersectionObserver = class { observe() {} disconnect() {} }"  # so that nothing is ever drawn


@pytest.fixture(params=["seen", "unseen"])
def paper(request, open_page) -> Page:
    """The first neuron's page on A4, after its tree was drawn and before anything was."""
    size = {"viewport": {"width": 794, "height": 1123}}
    if request.param == "seen":
        page = open_page(NEURON, **size)
        expect(page.locator(f"{NEURON} [data-part=cell] .tree[data-drawn]")).to_be_visible()
    else:
        page = open_page(NEURON, at_start=NEVER_SEEN, **size)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    return page


def test_paper_gets_the_figures_for_print(paper):
    expect(paper.locator(f"{DEPTH} .printed svg").first).to_be_visible()
    expect(paper.locator(f"{DEPTH} .plot").first).to_be_hidden()
    expect(paper.locator("nav.top")).to_be_hidden()


def test_paper_has_no_empty_figure_and_nothing_wider_than_itself(paper):
    for figure in paper.locator(f"{NEURON} figure:visible").all():
        assert figure.locator("svg:visible, img:visible, canvas:visible, table:visible").count() > 0, (
            figure.inner_text()
        )
        assert figure.evaluate("(one) => one.scrollWidth <= one.clientWidth"), figure.inner_text()
    assert paper.evaluate("document.documentElement.scrollWidth") <= 794


def test_paper_shows_all_numbers_and_the_screen_closes_them_again(paper):
    expect(paper.locator(f"{NEURON}-brain [data-assumption]").first).to_be_visible()
    numbers = paper.locator(f"{DEPTH} details")
    expect(numbers).to_have_attribute("open", "")
    paper.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(numbers).not_to_have_attribute("open", "")


@pytest.mark.parametrize("neuron", [NEURON, "#lif_default"])
def test_a_pages_paper_is_a_few_sheets(open_page, neuron):
    page = open_page(neuron)
    draw(page, f"{neuron}-depth")
    sheets = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))
    assert 3 <= sheets <= 20
