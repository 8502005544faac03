"""The two maps of distances, as a visitor sees them."""

import pytest
from browsing import click_circle, go_to, served, wait_for_circles
from catalogues import write_catalogue
from playwright.sync_api import expect

WATCH_PLACES = """
() => {
  [window.seen, window.astray] = [0, 0]
  const look = () => {
    const points = [...document.querySelectorAll('.st-key-overview-chart path.point')]
    window.seen += points.length > 0
    window.astray += points.filter((point) => !point.getAttribute('transform')).length
    requestAnimationFrame(look)
  }
  look()
}
"""


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    """A server on six finished models, with a trainer that has nothing to train: it draws the maps."""
    home = tmp_path_factory.mktemp("mapped") / "home"
    write_catalogue(home)
    with served(home, population=0) as server:
        yield server


def test_the_selected_model_is_marked_in_all_three_projections(page, mapped):
    page.goto(f"{mapped.url}/overview?map=structure")
    wait_for_circles(page, at_least=6)
    click_circle(page, 3)
    expect(page.get_by_text("#3 is selected")).to_be_visible()
    for title in ("Predictions", "Metrics", "Structure"):
        page.get_by_role("radio", name=title).click()
        page.wait_for_function(
            "() => document.querySelector('.st-key-overview-chart .js-plotly-plot')"
            "?.layout?.shapes?.filter((s) => s.name === 'selected').length === 1"
        )
        wait_for_circles(page, at_least=6)
    expect(page.get_by_text("distances on the map are off by about")).to_be_visible()


def test_a_map_is_laid_out_again_on_request(page, mapped):
    page.goto(f"{mapped.url}/overview?map=prediction")
    wait_for_circles(page, at_least=6)
    page.evaluate(WATCH_PLACES)
    page.get_by_role("button", name="Recompute layout").click()
    expect(page.get_by_text("Layout of the prediction map: recomputing.")).to_be_visible(timeout=30_000)
    wait_for_circles(page, at_least=6)
    page.get_by_role("radio", name="Structure").click()
    page.wait_for_function("() => window.seen > 60")  # frames, as the circles move
    assert page.evaluate("window.astray") == 0, "no mark stands in the corner while circles move"


def test_the_projection_stays_on_every_page_and_after_a_reload(page, mapped):
    page.goto(f"{mapped.url}/overview")
    wait_for_circles(page, at_least=6)
    page.get_by_role("radio", name="Structure").click()
    page.wait_for_url("**map=structure**")
    go_to(page, "Inspect")
    expect(page.get_by_role("radio", name="Structure")).to_be_checked()
    page.wait_for_url("**/inspect?map=structure")
    page.reload()
    wait_for_circles(page, at_least=6)
    expect(page.get_by_role("radio", name="Structure")).to_be_checked()
    expect(page.get_by_text("distances on the map are off by about")).to_be_visible()
