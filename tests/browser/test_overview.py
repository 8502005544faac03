"""What only a browser can tell of the map: boxes, keys, what is sent again, thumbs, and where the mode bar stands."""

import re

import pytest
from browsing import PIXEL_OF, click_circle, drawn_models, served, wait_for_circles, wait_until_drawn_up
from catalogues import write_catalogue
from playwright.sync_api import Browser, Page, expect

CHART = "document.querySelector('.st-key-overview-chart .js-plotly-plot')"
MARKED = f"([name, n]) => ({CHART}?.layout?.shapes ?? []).filter((s) => s.name === name).length === n"
RING = f"""
() => {{
  const ring = [...{CHART}.querySelectorAll('.shapelayer path')].find((path) => path.style.strokeWidth === '3px')
  const b = ring?.getBoundingClientRect()
  return b && {{ x: b.x, y: b.y, width: b.width, height: b.height }}
}}
"""
BOXES = f"""
() => {{
  const box = (found) => {{ const b = found.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom] }}
  return [box({CHART}.querySelector('.modebar')), box({CHART}.querySelector('.colorbar'))]
}}
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    home = tmp_path_factory.mktemp("overview") / "home"
    write_catalogue(home)
    with served(home, autostart=False) as server:
        yield f"{server.url}/overview"


def test_a_box_keeps_all_models_in_it_and_the_chart_is_not_sent_again(page: Page, url):
    page.goto(url)
    wait_for_circles(page, 6)
    wait_until_drawn_up(page)
    page.evaluate(f"window.kept = {CHART}.data")
    plot = page.locator(".st-key-overview-chart .nsewdrag").bounding_box()
    page.mouse.move(plot["x"] + 3, plot["y"] + 3)
    page.mouse.down()
    page.mouse.move(plot["x"] + plot["width"] - 3, plot["y"] + plot["height"] - 3, steps=5)
    page.mouse.up()
    expect(page.locator("[class*=st-key-open-]")).to_have_count(6)
    assert page.evaluate(f"window.kept === {CHART}.data")


def test_a_click_rings_the_model_and_joins_it_to_its_child_and_keeps_the_zoom(page: Page, url):
    page.goto(url)
    wait_for_circles(page, 6)
    wait_until_drawn_up(page)
    page.evaluate(f"window.Plotly.relayout({CHART}, {{'yaxis.range': [0.5, 0.9]}})")
    click_circle(page, 1)
    page.wait_for_function(MARKED, arg=["selected", 1])
    assert page.evaluate(MARKED, ["children", 1])
    assert page.evaluate(f"Array.from({CHART}._fullLayout.yaxis.range)") == [0.5, 0.9]


@pytest.mark.parametrize("across", ["parameters", "class-3"])  # a logarithmic axis, and one that is none
def test_the_ring_is_round_and_round_its_circle(page: Page, url, across):
    page.goto(f"{url}?x={across}&model=1")
    page.wait_for_function(MARKED, arg=["selected", 1])
    wait_until_drawn_up(page)
    page.wait_for_function(RING)
    place, ring = page.evaluate(PIXEL_OF, ["overview-chart", 1]), page.evaluate(RING)
    assert ring["width"] == pytest.approx(20, abs=0.5)
    assert ring["height"] == pytest.approx(20, abs=0.5)
    assert ring["x"] + ring["width"] / 2 == pytest.approx(place["x"], abs=1)
    assert ring["y"] + ring["height"] / 2 == pytest.approx(place["y"], abs=1)


def test_the_ring_comes_back_where_the_page_redraws_the_chart_without_it(page: Page, url):
    page.goto(url)
    wait_for_circles(page, 6)
    click_circle(page, 1)
    page.wait_for_function(MARKED, arg=["selected", 1])
    page.evaluate(f"window.Plotly.react({CHART}, {CHART}.data, {{...{CHART}.layout, shapes: []}})")
    page.wait_for_function(MARKED, arg=["selected", 1])


def test_the_mode_bar_covers_no_colour_bar(page: Page, url):
    page.goto(url)
    wait_for_circles(page, 6)
    page.locator(".st-key-overview-chart").hover()
    bar, colours = page.evaluate(BOXES)
    assert bar[3] <= colours[1] or bar[2] <= colours[0]


def test_weights_clicked_on_the_page_stand_in_the_url_and_a_reload_keeps_them(page: Page, url):
    page.goto(url)
    wait_for_circles(page, 6)
    for label, weight in ((2, 1), (2, 2), (3, 1)):
        page.locator(f".st-key-class-{label} button").click()
        expect(page.locator(f".st-key-class-{label}")).to_contain_text(f"×{weight}")
    page.get_by_role("spinbutton", name="Parameters ≤").fill("100000")
    page.keyboard.press("Enter")
    caption = page.get_by_text(re.compile("for 2 x2, 3 with .* on the Pareto front; at most 100,000 parameters$"))
    expect(caption).to_be_visible()
    page.reload()
    expect(caption).to_be_visible()
    expect(page.locator(".st-key-class-2")).to_contain_text("×2")
    assert "classes=2x2-3" in page.url


def test_a_links_target_and_cap_are_in_force_and_shown(page: Page, url):
    page.goto(f"{url}?target=browser&cap=8300")
    wait_for_circles(page, 6)
    expect(page.locator(".st-key-target input")).to_have_value("Browser")
    expect(page.get_by_label("Parameters ≤")).to_have_value("8300")
    expect(page.get_by_text("for Browser")).to_be_visible()


def test_a_device_of_ones_own_is_typed_into_the_list_of_targets(page: Page, url):
    page.goto(url)
    wait_for_circles(page, 6)
    page.locator(".st-key-target input").fill("128/512")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Room for 64 KB of RAM and 320 KB of flash in int8")).to_be_visible()
    expect(page.locator(".st-key-target input")).to_have_value("128 KB RAM, 512 KB flash")
    page.reload()
    expect(page.locator(".st-key-target input")).to_have_value("128 KB RAM, 512 KB flash")


def test_a_chip_is_weighed_by_keyboard(page: Page, url):
    page.goto(url)
    wait_for_circles(page, 6)
    chip = page.locator(".st-key-class-7 button")
    for weight in ("×1", "×2"):
        chip.focus()
        page.keyboard.press("Enter")
        expect(page.locator(".st-key-class-7")).to_contain_text(weight)


def test_a_filter_that_shows_nothing_is_cleared_below_the_map_and_the_circles_come_back(page: Page, url):
    page.goto(f"{url}?parameters=-1")
    page.locator(".st-key-filter-clear-empty button").click()
    wait_for_circles(page, 6)
    assert "parameters" not in page.url


FOCUS = f"() => {CHART}.focus()"


def spoken(page: Page, text: str) -> None:
    """Until screen readers are told of it; the bridge's elements stand in shadow roots."""
    page.locator("[aria-live=polite]").filter(has_text=text).first.wait_for(state="attached")


def test_arrows_move_along_the_front_and_enter_selects(page: Page, url):
    page.goto(url)
    wait_for_circles(page, 6)
    wait_until_drawn_up(page)
    page.wait_for_function(f"{CHART}.tabIndex === 0")
    page.evaluate(FOCUS)
    for key, model in (("Right", 2), ("Right", 3), ("Right", 5), ("Left", 3), ("Right", 5), ("Right", 6), ("Right", 6)):
        page.keyboard.press(f"Arrow{key}")
        spoken(page, f"#{model} ")
    page.wait_for_function(MARKED, arg=["focused", 1])
    page.keyboard.press("Enter")
    expect(page.get_by_text("#6 is selected")).to_be_visible()
    page.wait_for_function(MARKED, arg=["selected", 1])


def test_arrows_up_and_down_reach_every_model(page: Page, url):
    page.goto(url)
    wait_for_circles(page, 6)
    wait_until_drawn_up(page)
    page.wait_for_function(f"{CHART}.tabIndex === 0")
    page.evaluate(FOCUS)
    for model in (1, 2, 3, 4, 5, 6):  # from the least accurate one up
        page.keyboard.press("ArrowUp")
        spoken(page, f"#{model} ")
    page.keyboard.press("ArrowDown")
    spoken(page, "#5 ")
    page.keyboard.press("ArrowDown")
    spoken(page, "#4 ")
    page.keyboard.press("Enter")
    expect(page.get_by_text("#4 is selected")).to_be_visible()  # not on the front


def test_the_map_has_a_name_for_screen_readers_that_tells_the_keys(page: Page, url):
    page.goto(url)
    wait_for_circles(page, 6)
    expect(page.get_by_role("application", name="Map of models. Left and right arrows move")).to_be_visible()


def test_a_thumb_on_the_chart_scrolls_the_page_and_a_tap_selects(chromium: Browser, url):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = context.new_page()
    page.goto(url)
    wait_for_circles(page, 6)
    page.wait_for_function(f"{CHART}._fullLayout.dragmode === false")
    pixel = page.wait_for_function(PIXEL_OF, arg=["overview-chart", 4]).json_value()
    page.touchscreen.tap(pixel["x"], pixel["y"])
    page.wait_for_function(MARKED, arg=["selected", 1])
    expect(page.get_by_text("#4 is selected")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert sorted(drawn_models(page)) == [1, 2, 3, 4, 5, 6]
    context.close()
