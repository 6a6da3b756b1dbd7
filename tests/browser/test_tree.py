import pytest
from playwright.sync_api import expect

from tests.browser.report_page import CELL, LEARNED, TRIAL, pixels


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
