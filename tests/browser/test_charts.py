import itertools

import pytest
from playwright.sync_api import expect

from tests.browser.report_page import DEPTH, LEARNED, NEURON, draw, lines_of, pixels
from tests.unit import report_files


def test_highlighting_a_neuron_fades_the_others(open_page):
    page = open_page()
    draw(page)
    page.locator("#comparison [data-control=highlight]").select_option("lif (default)")
    page.wait_for_function(
        "() => document.querySelector('[data-chart=comparison]').data.some((line) => line.opacity < 1)"
    )
    faded = page.locator("[data-chart=comparison]").evaluate("(one) => one.data.map((line) => line.opacity)")
    assert [opacity < 1 for opacity in faded] == [True, False]


def test_the_data_of_all_neurons_show_the_measure_chosen(open_page):
    page = open_page()
    draw(page)
    page.locator("#comparison-data [data-control=measure]").select_option("soma voltage")
    page.wait_for_function(
        "() => document.querySelector('[data-chart=data]').layout.xaxis.title.text === 'Soma voltage (mV)'"
    )
    (drawn,) = page.locator("[data-chart=data]").evaluate("(one) => one.data.map((line) => Array.from(line.median))")
    cells = page.locator("#comparison-data tbody td[data-label^=Soma]").all()
    assert drawn == pytest.approx([float(one.get_attribute("data-value")) for one in cells], abs=1e-4)


def test_a_column_heading_sorts_the_table(open_page):
    page = open_page()
    table = page.locator("#comparison-table table")
    heading = table.locator("thead button", has_text="Depth required")
    first = table.locator("tbody tr").first
    expect(first).to_contain_text("l5pc")
    heading.click()
    expect(first).to_contain_text("lif")
    expect(table.locator("th[aria-sort=ascending]")).to_contain_text("Depth required")
    table.locator("thead button", has_text="Neuron").click()
    expect(first).to_contain_text("l5pc")


# What each heading of each table that sorts gives: its name, and the values after one click and after two.
SORT_ALL = """() => [...document.querySelectorAll('.page:not([hidden]) table.sortable')].flatMap((table) =>
  [...table.querySelectorAll('thead button')].map((button, column) => [button.textContent, ...[1, 2].map(() => {
    button.click();
    return [...table.tBodies[0].rows].map(({ cells }) => cells[column].dataset.value ?? cells[column].textContent.trim());
  })]))"""


@pytest.mark.parametrize(("hash_", "n_headings"), [("", 9 + 6), (NEURON, 9)])
def test_every_column_of_every_table_sorts_both_ways(open_page, hash_, n_headings):
    found = open_page(hash_).evaluate(SORT_ALL)
    assert len(found) >= n_headings
    for heading, *both in found:
        rising, falling = (_numbers([one for one in values if one]) for values in both)
        assert rising == sorted(rising), heading
        assert falling == sorted(rising, reverse=True), heading
        assert all(values == sorted(values, key=lambda one: not one) for values in both), "what has no value comes last"


def _numbers(values: list[str]) -> list[float] | list[str]:
    try:
        return list(map(float, values))
    except ValueError:
        return [one.casefold() for one in values]


def test_cost_can_be_counted_in_weights_and_in_multiply_adds(open_page):
    page = open_page(DEPTH)
    draw(page, DEPTH)
    assert lines_of(page, "accuracy_vs_cost", "x")[1:3] == [[5000], [15000]]
    page.locator(f"{DEPTH} [data-control=cost]").select_option("multiply-adds per ms")
    page.wait_for_function(
        f"() => document.querySelector('{NEURON} [data-chart=accuracy_vs_cost]').data[1].x[0] < 1000"
    )
    assert lines_of(page, "accuracy_vs_cost", "x")[1:3] == [[700.5], [2101.5]]


def test_training_shows_the_measure_chosen(open_page):
    page = open_page(DEPTH)
    draw(page, DEPTH)
    page.locator(f"{DEPTH} [data-control=measure]").select_option("training loss")
    page.wait_for_function(f"() => document.querySelector('{NEURON} [data-chart=training]').data[0].y[0] === 1")
    assert lines_of(page, "training", "y")[0] == pytest.approx([1, 0.5, 0.333333])


def test_depth_shows_seeds_fit_and_criterion(open_page):
    page = open_page(DEPTH)
    draw(page, DEPTH)
    assert "seeds" in lines_of(page, "accuracy_vs_depth", "name")
    assert "dot" in lines_of(page, "accuracy_vs_data", "line.dash")
    shapes = page.locator(f"{NEURON} [data-chart=accuracy_vs_depth]").evaluate("(one) => one.layout.shapes")
    assert shapes[0]["y0"] == pytest.approx(1 - report_files.CRITERION["auc"])


def test_templates_on_the_tree_change_with_filter_synapses_and_time(open_page):
    page = open_page(LEARNED)
    draw(page, LEARNED)
    page.wait_for_function(f"() => document.querySelector('{LEARNED} .readout').textContent !== ''")
    canvas, figure = f"{LEARNED} canvas", f"{LEARNED} .learned-tree"
    expect(page.locator(f"{figure} .readout")).to_have_text("3 ms before the output")
    seen = [pixels(page, canvas)]
    page.locator(f"{figure} [data-control=synapses]").select_option("inhibitory")
    seen.append(pixels(page, canvas))
    page.locator(f"{figure} [data-control=template]").select_option("filter 2")
    seen.append(pixels(page, canvas))
    page.locator(f"{figure} [data-control=lag]").fill("0")
    expect(page.locator(f"{figure} .readout")).to_have_text("11 ms before the output")
    seen.append(pixels(page, canvas))
    assert all(one != other for one, other in itertools.pairwise(seen))


@pytest.mark.parametrize(
    ("chart", "control", "option", "axis"),
    [
        ("templates", "template", "filter 2", "y"),
        ("sparsity", "sparsity", "lifetime sparseness", "y"),
        ("ablation", "ablation", "variance explained", "x"),
    ],
)
def test_what_was_learned_is_shown_by_choice(open_page, chart, control, option, axis):
    page = open_page(LEARNED)
    draw(page, LEARNED)
    before = lines_of(page, chart, axis)
    page.locator(f"{LEARNED} figure:has([data-chart={chart}]) [data-control={control}]").select_option(option)
    page.wait_for_function(
        "([chart, before, axis]) => JSON.stringify(document.querySelector(chart).data.map((line) => Array.from(line[axis]))) !== JSON.stringify(before)",
        arg=[f"{NEURON} [data-chart={chart}]", before, axis],
    )


def test_names_of_neurons_fit_beside_their_lines(open_page):
    page = open_page(viewport={"width": 360, "height": 900})
    draw(page)
    chart = page.locator("[data-chart=comparison]").bounding_box()
    for label in page.locator("[data-chart=comparison] .annotation-text").all():
        box = label.bounding_box()
        assert box["x"] + box["width"] <= chart["x"] + chart["width"]
