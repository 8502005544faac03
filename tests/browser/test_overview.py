"""What only a browser can tell of the overview: boxes, what is sent again, thumbs, and where the mode bar stands."""

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


def test_the_ring_comes_back_where_the_page_draws_the_chart_anew_without_it(page: Page, url):
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


def test_weights_typed_on_the_page_stand_in_the_address_and_a_reload_keeps_them(page: Page, url):
    page.goto(url)
    for name in ("2", "3"):
        weight = page.get_by_role("spinbutton", name=f"Weight of {name}")
        expect(weight).to_be_visible()
        wait_until_drawn_up(page)  # what is typed faster than a hand types may meet a field that is redrawn
        weight.fill("2")
        page.keyboard.press("Enter")
        expect(weight).to_have_value("2")
        page.wait_for_function("(name) => location.search.includes(`${name}x2`)", arg=name)
    wait_until_drawn_up(page)
    page.get_by_role("spinbutton", name="Parameter cap").fill("100000")
    page.keyboard.press("Enter")
    said = page.get_by_text("Objective: 2 x2, 3 x2; at most 100,000 parameters")
    expect(said).to_be_visible()
    page.reload()
    expect(said).to_be_visible()
    assert "classes=2x2-3x2" in page.url


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
