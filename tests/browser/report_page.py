"""The page of the report as its tests see it: names of its parts, and what charts and canvases show."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE_MS

NEURON = "#l5pc_nmda"
CELL, TRIAL, DEPTH, LEARNED, DATA, MAKING = (
    f"{NEURON}-{part}" for part in ("cell", "trial", "depth", "learned", "data", "making")
)
expect.set_options(timeout=PATIENCE_MS)


def draw(page: Page, within: str = ".page:not([hidden])") -> None:
    """Scroll until every chart is drawn."""
    for plot in page.locator(f"{within} .plot").all():
        plot.scroll_into_view_if_needed()
        page.wait_for_function("(one) => one.dataset.drawn", arg=plot.element_handle())


def pixels(page: Page, canvas: str) -> str:
    return page.locator(canvas).evaluate("(one) => one.toDataURL()")


def lines_of(page: Page, chart: str, key: str) -> list:
    """What the lines of a chart hold, rounded by JSON."""
    return page.locator(f"{NEURON} [data-chart={chart}]").evaluate(
        "(one, key) => one.data.map((line) => key.split('.').reduce((value, name) => value?.[name], line)).map((value) => "
        "ArrayBuffer.isView(value) ? Array.from(value) : value)",
        key,
    )
