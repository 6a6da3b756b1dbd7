import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.report_page import TRIAL, pixels
from tests.unit import report_files


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
