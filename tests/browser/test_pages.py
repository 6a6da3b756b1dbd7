import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from neurodepth.report import neuron
from tests.browser.report_page import DATA, MAKING, NEURON, draw
from tests.unit import report_files


def test_first_view_is_the_comparison_and_draws_it(open_page):
    page = open_page()
    expect(page.locator("#comparison")).to_be_visible()
    expect(page.locator(NEURON)).to_be_hidden()
    draw(page)
    expect(page.locator("#comparison .card")).to_have_count(len(report_files.CELLS))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("neuron", [NEURON, "#lif_default"])
def test_every_chart_is_drawn_and_nothing_is_wider_than_the_screen(open_page, neuron, scheme, width):
    page = open_page(neuron, color_scheme=scheme, viewport={"width": width, "height": 900})
    draw(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_links_open_pages_and_back_returns(open_page):
    page = open_page()
    page.locator("nav.top a", has_text="l5pc").click()
    expect(page.locator(NEURON)).to_be_visible()
    expect(page.locator("#comparison")).to_be_hidden()
    expect(page).to_have_title(re.compile("^l5pc"))
    page.go_back()
    expect(page.locator("#comparison")).to_be_visible()
    page.go_forward()
    expect(page.locator(NEURON)).to_be_visible()


def test_a_link_to_a_part_opens_its_page_there(open_page):
    page = open_page(DATA)
    expect(page.locator(DATA)).to_be_in_viewport()


def test_the_switch_turns_the_theme_and_the_charts_with_it_and_back(open_page):
    page = open_page(color_scheme="light")
    draw(page)
    chart = page.locator("[data-chart=comparison]")
    before = chart.evaluate("(one) => one.layout.font.color")
    switch = page.locator("button.theme")
    expect(switch).to_have_attribute("aria-pressed", "false")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")
    page.wait_for_function(
        "(before) => document.querySelector('[data-chart=comparison]').layout.font.color !== before", arg=before
    )
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 28)"
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "false")
    page.wait_for_function(
        "(before) => document.querySelector('[data-chart=comparison]').layout.font.color === before", arg=before
    )


def test_the_command_is_copied(open_page):
    page = open_page(MAKING, permissions=["clipboard-read", "clipboard-write"])
    button = page.locator(f"{MAKING} [data-copy]").first
    button.click()
    expect(button).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "git checkout abc\nsnakemake --configfile study.yaml"
    expect(button).to_have_text("Copy")


def test_the_configuration_is_copied(open_page):
    page = open_page(MAKING, permissions=["clipboard-read", "clipboard-write"])
    page.locator(f"{MAKING} summary", has_text="Configuration").click()
    button = page.locator(f"{MAKING} details [data-copy]")
    button.click()
    expect(button).to_have_text("Copied")
    shown = page.locator(f"{MAKING} details pre").text_content()
    assert "training_seeds" in shown
    assert page.evaluate("navigator.clipboard.readText()") == shown


def test_the_keyboard_reaches_all_and_shows_where_it_is(open_page):
    page = open_page()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.hash") == NEURON
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator(NEURON)).to_be_visible()
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.dataset.control ?? document.activeElement.tagName"))
    assert {"CANVAS", "BUTTON", "FIGURE", "colour", "trial", "time"} <= reached


def test_a_report_of_24_neurons_is_small_and_opens(browser, tmp_path: Path, monkeypatch):
    """The time to open is a measurement, not a test: it depends on the machine. Figures for print are drawn once."""
    cells = [(f"cell{i:02d}", *report_files.CELLS[0][1:]) for i in range(24)]
    study = report_files.write_study(tmp_path, cells)
    monkeypatch.setattr(neuron, "_draw", _once(neuron._draw))
    path = report_files.write_report(study, tmp_path / "report.html", cells, tables=("comparison", "data_needed"))
    assert path.stat().st_size < 15e6
    page = browser.new_page()
    page.goto(path.as_uri())
    draw(page, "#comparison")
    assert page.locator("#comparison .card").count() == 24
    page.close()


def _once(draw: Callable[..., dict]) -> Callable[..., dict]:
    """Draw the figures of the first neuron, and give them to all others."""
    drawn: list[dict] = []

    def draw_once(*args: object) -> dict:
        if not drawn:
            drawn.append(draw(*args))
        return drawn[0]

    return draw_once
