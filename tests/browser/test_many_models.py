"""A map of thousands of models, whose circles are drawn by WebGL and sent beside the figure."""

import pytest
from browsing import click_circle, drawn_models, served, wait_for_circles, wait_until_drawn_up
from playwright.sync_api import Page

from benchmarks.populations import write_many
from remap_core.drawing.charts.overview_figure import PLAIN_UP_TO

MODELS = PLAIN_UP_TO + 100
DRAWN = "document.querySelector('.st-key-overview-chart .js-plotly-plot')"


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    home = tmp_path_factory.mktemp("many") / "home"
    write_many(home, MODELS)
    with served(home, autostart=False) as server:
        yield f"{server.url}/overview"


def test_a_click_selects_one_of_thousands_and_their_circles_stay_while_pages_change(page: Page, url):
    page.goto(url)
    wait_for_circles(page, MODELS)
    wait_until_drawn_up(page)
    page.evaluate(f"{DRAWN}.kept = true")
    height = page.evaluate(f"{DRAWN}.clientHeight")
    click_circle(page, 1)
    page.wait_for_function("() => location.search.includes('model=')")
    wait_until_drawn_up(page)
    assert page.evaluate(f"{DRAWN}.clientHeight") == height  # else all circles would be drawn again
    page.get_by_role("link", name="Inspect").first.click()
    page.wait_for_function("() => document.title === 'Inspect - REMAP'")
    wait_until_drawn_up(page)
    assert page.evaluate(f"{DRAWN}.kept")  # its node is still there
    assert len(drawn_models(page)) == MODELS


def test_another_objective_draws_thousands_of_circles_in_its_colours(page: Page, url):
    colours = f"() => {DRAWN}._fullData.find(({{ name }}) => name === 'models')?.marker?.color?.[0]"
    page.goto(url)
    wait_for_circles(page, MODELS)
    wait_until_drawn_up(page)
    before = page.evaluate(colours)
    page.locator(".st-key-class-3 button").click()
    page.wait_for_function(f"(before) => {DRAWN}?._fullData && ({colours})() !== before", arg=before)
    wait_for_circles(page, MODELS)


def test_a_reload_draws_thousands_of_circles_again(page: Page, url):
    page.goto(url)
    wait_for_circles(page, MODELS)
    page.reload()
    wait_for_circles(page, MODELS)
