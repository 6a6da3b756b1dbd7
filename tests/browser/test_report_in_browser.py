import itertools
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from neurodepth.report import neuron
from tests.browser.conftest import PATIENCE_MS
from tests.unit import report_files

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


@pytest.fixture
def player(open_page) -> Page:
    page = open_page(TRIAL)
    page.wait_for_selector(f"{TRIAL} [data-plot][data-drawn]")
    page.wait_for_function(f"() => document.querySelector('{TRIAL} .readout').textContent !== ''")
    return page


def time_ms(page: Page) -> int:
    return int(page.locator(f"{TRIAL} [data-control=time]").input_value())


def window_ms(page: Page) -> list[float]:
    return page.locator(f"{TRIAL} [data-plot]").evaluate("(one) => one.layout.xaxis.range")


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


def test_without_scripts_all_pages_show_their_figures_for_print(open_page):
    page = open_page(java_script_enabled=False)
    for part in (NEURON, DEPTH, LEARNED):
        expect(page.locator(part)).to_be_visible()
    expect(page.locator(f"{DEPTH} svg").first).to_be_visible()
    expect(page.locator(f"{TRIAL} button").first).to_be_hidden()


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


def test_the_tree_is_coloured_by_choice(open_page):
    page = open_page(CELL)
    colour = page.locator(f"{CELL} [data-control=colour]")
    page.wait_for_function(f"() => document.querySelector('{CELL} select').options.length > 3")
    expect(page.locator(f"{CELL} .colour-bar")).to_contain_text("tuft")
    seen = {pixels(page, f"{CELL} canvas")}
    options = colour.locator("option").all_text_contents()
    for option, unit in (
        ("distance from the soma", "µm"),
        ("density of Ih", "Ih (S/cm²); grey: none"),
        ("excitatory input rate", "Hz"),
        ("mean voltage", "(mV)≤"),
    ):
        colour.select_option(option)
        expect(page.locator(f"{CELL} .colour-bar")).to_contain_text(unit)
        seen.add(pixels(page, f"{CELL} canvas"))
    assert len(seen) == 5
    assert "weight of the first layer, inhibitory" in options


def test_the_tree_turns_by_buttons_keys_and_dragging(open_page):
    page = open_page(CELL)
    canvas = page.locator(f"{CELL} canvas")
    expect(canvas).to_have_attribute("data-turn", "0.000")
    page.locator(f"{CELL} button[aria-label='Turn right']").click()
    expect(canvas).to_have_attribute("data-turn", "0.262")
    page.locator(f"{CELL} button[aria-label='Zoom in']").click()
    expect(canvas).to_have_attribute("data-zoom", "1.250")
    canvas.focus()
    page.keyboard.press("ArrowLeft")
    expect(canvas).to_have_attribute("data-turn", "0.000")
    page.keyboard.press("ArrowDown")
    expect(canvas).to_have_attribute("data-tilt", "0.262")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 220, box["y"] + 200, steps=4)
    page.mouse.up()
    expect(canvas).to_have_attribute("data-turn", "1.000")
    page.locator(f"{CELL} button[aria-label='Reset the view']").click()
    expect(canvas).to_have_attribute("data-turn", "0.000")
    expect(canvas).to_have_attribute("data-zoom", "1.000")


@pytest.mark.parametrize("part", [CELL, TRIAL, LEARNED])
def test_every_key_and_button_moves_each_tree_and_nothing_else(open_page, part):
    page = open_page(part)
    canvas = page.locator(f"{part} canvas")
    expect(canvas).to_have_attribute("data-turn", "0.000")
    ranges, readout = page.locator(f"{part} input[type=range]"), page.locator(f"{part} .readout")
    if part != CELL:  # where there is more to move than the tree
        expect(readout).not_to_have_text("")
    before = [one.input_value() for one in ranges.all()]
    canvas.scroll_into_view_if_needed()
    for button, key, attribute, value in (
        ("Turn left", "ArrowLeft", "data-turn", "-0.262"),
        ("Turn right", "ArrowRight", "data-turn", "0.262"),
        ("Zoom in", "+", "data-zoom", "1.250"),
        ("Zoom out", "-", "data-zoom", "0.800"),
        (None, "ArrowUp", "data-tilt", "-0.262"),
        (None, "ArrowDown", "data-tilt", "0.262"),
    ):
        start = "1.000" if attribute == "data-zoom" else "0.000"
        if button:
            page.locator(f"{part} .tree-buttons [aria-label='{button}']").click()
            expect(canvas).to_have_attribute(attribute, value)
            page.locator(f"{part} .tree-buttons [aria-label='Reset the view']").click()
            expect(canvas).to_have_attribute(attribute, start)
        canvas.press(key)
        expect(canvas).to_have_attribute(attribute, value)
        canvas.press("Home")
        expect(canvas).to_have_attribute(attribute, start)
    assert [one.input_value() for one in ranges.all()] == before


def test_the_tree_tells_the_segment_under_the_pointer(open_page):
    page = open_page(CELL)
    canvas = page.locator(f"{CELL} canvas")
    expect(canvas).to_have_attribute("data-turn", "0.000")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    hovered = page.locator(f"{CELL} .hovered")
    for x in range(0, int(box["width"]), 6):  # across the upper part, where there is tuft alone
        page.mouse.move(box["x"] + x, box["y"] + 0.2 * box["height"])
        if hovered.text_content():
            break
    expect(hovered).to_contain_text("tuft")
    expect(hovered).to_contain_text("µm from the soma")


def test_the_trial_steps_by_a_millisecond(player):
    start = time_ms(player)
    player.locator(f"{TRIAL} [data-step='1']").click()
    assert time_ms(player) == start + 1
    player.locator(f"{TRIAL} [data-step='-1']").click()
    assert time_ms(player) == start
    player.locator(f"{TRIAL} .player").focus()
    player.keyboard.press("ArrowRight")
    player.keyboard.press("ArrowRight")
    player.keyboard.press("ArrowLeft")
    assert time_ms(player) == start + 1
    player.keyboard.press("Shift+ArrowRight")
    assert time_ms(player) == start + 11
    expect(player.locator(f"{TRIAL} .readout")).to_contain_text(f"{start + 11} ms: soma \N{MINUS SIGN}")
    expect(player.locator(f"{TRIAL} .cursor")).to_have_attribute("data-time", str(start + 11))


def test_the_trees_colours_follow_the_time(player):
    before = pixels(player, f"{TRIAL} canvas")
    player.locator(f"{TRIAL} [data-control=time]").fill("1500")
    assert time_ms(player) == 1500
    assert pixels(player, f"{TRIAL} canvas") != before


def test_the_trial_plays_and_pauses(player):
    start = time_ms(player)
    play = player.locator(f"{TRIAL} [data-play]")
    player.locator(f"{TRIAL} [data-control=speed]").select_option("100")
    play.click()
    expect(play).to_have_text("Pause")
    player.wait_for_function(f"() => Number(document.querySelector('{TRIAL} [data-control=time]').value) > {start + 5}")
    play.click()
    expect(play).to_have_text("Play")
    stopped = time_ms(player)
    player.wait_for_timeout(300)
    assert time_ms(player) == stopped


def test_the_space_bar_plays_and_pauses(player):
    figure, play = player.locator(f"{TRIAL} .player"), player.locator(f"{TRIAL} [data-play]")
    for label in ("Pause", "Play"):
        figure.press("Space")
        expect(play).to_have_text(label)


def test_playing_goes_faster_at_a_higher_speed(player):
    player.locator(f"{TRIAL} [data-control=speed]").select_option("1000")
    player.locator(f"{TRIAL} [data-control=time]").fill("0")
    player.locator(f"{TRIAL} [data-play]").click()
    began = time.monotonic()
    player.wait_for_function(f"() => Number(document.querySelector('{TRIAL} [data-control=time]').value) > 1500")
    assert time.monotonic() - began < 15, "at 100 ms per s it would take 15 s"


def test_the_time_axis_zooms_for_all_panels(player):
    start, end = window_ms(player)
    player.locator(f"{TRIAL} [data-scale='0.5']").click()
    player.wait_for_function(
        f"(length) => {{ const r = document.querySelector('{TRIAL} [data-plot]').layout.xaxis.range; return Math.abs(r[1] - r[0] - length) < 1; }}",
        arg=(end - start) / 2,
    )
    player.locator(f"{TRIAL} [data-scale='2']").click()
    player.wait_for_function(
        f"(length) => {{ const r = document.querySelector('{TRIAL} [data-plot]').layout.xaxis.range; return Math.abs(r[1] - r[0] - length) < 1; }}",
        arg=end - start,
    )
    player.locator(f"{TRIAL} [data-scale='all']").click()
    player.wait_for_function(
        f"() => document.querySelector('{TRIAL} [data-plot]').layout.xaxis.range[1] === {report_files.DURATION_MS}"
    )
    axes = player.locator(f"{TRIAL} [data-plot]").evaluate("(one) => one.data.map((line) => line.xaxis ?? 'x')")
    assert set(axes) == {"x"}


def test_choosing_a_trial_shows_its_spikes(player):
    spikes = f"document.querySelector('{TRIAL} [data-plot]').data[2].x.filter((x) => x !== null)"
    assert player.evaluate(spikes) == pytest.approx([700.4, 700.4, 1600, 1600], abs=0.01)
    player.locator(f"{TRIAL} [data-control=trial]").select_option("7")
    player.wait_for_function(f"() => {spikes}.length === 2")
    assert player.evaluate(spikes) == [900, 900]
    assert time_ms(player) == 900


def test_choosing_a_network_shows_its_prediction(player):
    line = f"document.querySelector('{TRIAL} [data-plot]').data[5].line.color"
    deep = player.evaluate(line)
    player.locator(f"{TRIAL} [data-control=depth]").select_option("1 layer")
    player.wait_for_function(f"(deep) => {line} !== deep", arg=deep)
    assert player.evaluate(f"document.querySelector('{TRIAL} [data-plot]').data[3].x.filter((x) => x !== null)") == [
        702,
        702,
    ]


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


def test_names_of_neurons_fit_beside_their_lines(open_page):
    page = open_page(viewport={"width": 360, "height": 900})
    draw(page)
    chart = page.locator("[data-chart=comparison]").bounding_box()
    for label in page.locator("[data-chart=comparison] .annotation-text").all():
        box = label.bounding_box()
        assert box["x"] + box["width"] <= chart["x"] + chart["width"]


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
