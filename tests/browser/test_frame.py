"""What stays while the page changes: the map, the selection, and one step in the history for each press."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from browsing import click_circle, drawn_models, go_to, open_map, served, wait_for_circles, wait_until_drawn_up
from catalogues import architecture, changed, evaluation, write_catalogue
from playwright.sync_api import Browser, Page, expect
from trainings import epoch

from remap_core.catalogue.store import CatalogueStore
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Proposal

PAGES = ("Drawer", "Inspect", "Generate", "Queue", "Data", "Overview")
CHART = "document.querySelector('.st-key-overview-chart .js-plotly-plot')"
TRACE = f"(name) => JSON.stringify({CHART}.data.find((trace) => trace.name === name).y)"
MODELS = f"{CHART}.data.find((trace) => trace.name === 'models')"
SEEN = "model=3&drawer=3%2C1&dock=open&classes=2x2-3&cap=100000&with=conv2d&x=latency-1"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server on six finished models, without a trainer."""
    home = tmp_path_factory.mktemp("frame") / "home"
    write_catalogue(home)
    with served(home, autostart=False) as server:
        yield server


@pytest.fixture
def growing(tmp_path):
    """A server on a data folder of its own, to which models are added; the folder too."""
    write_catalogue(tmp_path / "home")
    with served(tmp_path / "home", autostart=False) as server:
        yield server, tmp_path / "home"


def opened(page: Page, url: str) -> None:
    page.goto(url)
    wait_for_circles(page, 6)
    wait_until_drawn_up(page)


def test_the_map_is_the_same_element_on_all_pages_and_after_folding_and_opening_it(page: Page, site):
    opened(page, f"{site.url}/overview?model=3")
    page.evaluate(f"{CHART}.kept = 1")
    for name in PAGES:
        go_to(page, name)
        assert page.evaluate(f"{CHART}.kept") == 1, name
    page.locator(".st-key-dock-folded button").click()
    expect(page.locator(".st-key-dock-open button")).to_be_visible()
    expect(page.locator(".st-key-map-toolbar")).not_to_be_visible()
    open_map(page)
    assert page.evaluate(f"{CHART}.kept") == 1
    assert sorted(drawn_models(page)) == [1, 2, 3, 4, 5, 6]


def test_a_click_on_the_map_selects_on_every_page(page: Page, site):
    opened(page, f"{site.url}/overview")
    for model, name in enumerate(PAGES, start=1):
        go_to(page, name)
        if page.locator(".st-key-dock-open button").is_visible():
            open_map(page)
        click_circle(page, model)
        page.wait_for_url(f"**/{name.lower()}?model={model}&**")
        expect(page.locator(f".st-key-open-{model} button").first).to_be_visible()


def enqueue(store: CatalogueStore, text: str) -> None:
    store.enqueue([Proposal(architecture(text), "digits", TrainingConfig(epochs=2))], 200.0)


def finish(store: CatalogueStore) -> None:
    """A model of 90 % accuracy waits, runs and finishes."""
    enqueue(store, "Dense 8, Tanh")
    model = store.claim(201.0).id
    store.record_epoch(model, epoch(1))
    store.complete(model, evaluation(18), 202.0)


@pytest.mark.parametrize("name", ["overview", "generate"])
def test_a_model_that_finishes_while_the_page_is_open_appears_in_the_map_that_stays(page: Page, growing, name):
    server, home = growing
    opened(page, f"{server.url}/{name}?model=3")
    page.evaluate(f"{CHART}.kept = 1; window.models = {MODELS}; window.places = JSON.stringify({MODELS}.y)")
    changed(home, finish)
    wait_for_circles(page, 7)
    expect(page.get_by_text("7 models, best 90.0 %")).to_be_visible()
    assert page.evaluate(TRACE, "arrived") == "[0.9]"
    assert page.evaluate(f"{CHART}.kept") == 1
    assert page.evaluate(f"window.models === {MODELS} && window.places === JSON.stringify({MODELS}.y)")
    click_circle(page, 7)
    page.wait_for_url("**model=7**")
    assert page.evaluate(f"{CHART}.kept") == 1


def test_axes_reach_out_for_a_new_model_also_after_another_objective_and_never_out_of_a_visitors_zoom(
    page: Page, growing
):
    server, home = growing
    opened(page, f"{server.url}/overview?model=3")
    page.locator(".st-key-class-7 button").click()  # half of the images of this class are right, for every model
    page.wait_for_function(f"Array.from({CHART}?._fullData?.[3]?.y ?? [0]).every((accuracy) => accuracy === 0.5)")
    wait_until_drawn_up(page)
    changed(home, finish)
    page.wait_for_function(f"({TRACE})('arrived') === '[1]'")
    page.mouse.move(5, 500)  # what is under the pointer does not move
    page.wait_for_function(f"{CHART}.layout.yaxis.range[1] > 1")
    page.evaluate(f"window.Plotly.relayout({CHART}, {{'yaxis.range': [0.3, 0.7]}})")
    changed(home, lambda store: enqueue(store, "Dense 9, Tanh"))
    page.wait_for_function(f"({TRACE})('waiting') !== '[]'")
    assert page.evaluate(f"Array.from({CHART}.layout.yaxis.range)") == [0.3, 0.7]


def test_a_training_waits_as_a_dashed_ring_runs_as_a_hollow_circle_and_fills_when_it_is_finished(page: Page, growing):
    server, home = growing
    opened(page, f"{server.url}/overview?model=3")
    changed(home, lambda store: enqueue(store, "Dense 8, Tanh"))
    rings = (
        f"() => ({CHART}.layout.shapes ?? []).filter(({{ name, line }}) => name === 'waiting' && line.dash === 'dot')"
    )
    page.wait_for_function(f"{rings}.length === 1".replace("() => ", "() => ", 1))
    changed(home, lambda store: (store.claim(201.0), store.record_epoch(7, epoch(1))))
    page.wait_for_function(f"({TRACE})('running') === '[0.51]'")
    page.wait_for_function(f"{rings}.length === 0")
    changed(home, lambda store: store.record_epoch(7, epoch(2)))
    page.wait_for_function(f"({TRACE})('running') === '[0.52]'")
    changed(home, lambda store: store.complete(7, evaluation(18), 203.0))
    page.wait_for_function(f"({TRACE})('running') === '[]' && ({TRACE})('arrived') === '[0.9]'")


@pytest.fixture
def new_tab(chromium: Browser) -> Iterator[Page]:
    """A tab without a history: chromium counts up to 50 steps."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000}, reduced_motion="reduce")
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def test_back_after_a_change_of_the_page_needs_one_press(new_tab: Page, site):
    page = new_tab
    opened(page, f"{site.url}/overview?model=3")
    seen = [page.url]
    before = page.evaluate("history.length")
    for name in PAGES[:4]:
        go_to(page, name)
        page.wait_for_url("**model=3**")
        seen.append(page.url)
    assert page.evaluate("history.length") == before + 4
    for url in reversed(seen[:-1]):
        page.go_back()
        wait_until_drawn_up(page)
        expect(page).to_have_url(url)
    expect(page.get_by_text("#3 is selected")).to_be_visible()


def test_a_button_that_selects_and_goes_to_another_page_is_one_step_too(new_tab: Page, site):
    page = new_tab
    opened(page, f"{site.url}/overview")
    before = page.evaluate("history.length")
    page.locator(".st-key-start-ablate-6 button").click()
    page.wait_for_url("**/generate?model=6&drawer=6")
    wait_until_drawn_up(page)
    assert page.evaluate("history.length") == before + 1
    page.go_back()
    page.wait_for_url("**/overview*")
    expect(page.get_by_text("Start here")).to_be_visible()


def test_two_selections_are_two_steps(page: Page, site):
    opened(page, f"{site.url}/overview")
    for model in (3, 4):
        click_circle(page, model)
        expect(page.get_by_text(f"#{model} is selected")).to_be_visible()
        wait_until_drawn_up(page)
    page.go_back()
    expect(page.get_by_text("#3 is selected")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Start here")).to_be_visible()


def test_back_leaves_the_app_that_was_opened_by_its_bare_url(page: Page, site):
    page.goto("about:blank")
    opened(page, f"{site.url}/")
    page.go_back()
    wait_until_drawn_up(page)
    page.go_back()
    page.wait_for_url("about:blank")


def state(page: Page) -> dict:
    """What a visitor sees of the selection, the drawer, the objective, the filter, the projection and the dock."""
    expect(page.get_by_role("spinbutton", name="Parameters ≤")).not_to_have_value("")  # a field shows its default first
    return {
        "selected": page.evaluate(f"JSON.stringify({CHART}.layout.shapes)"),
        "circles": drawn_models(page),
        "colours": page.evaluate(f"JSON.stringify(Array.from({MODELS}.marker.color))"),
        "drawer": page.locator("[data-testid=stSidebar] [class*=st-key-open-]").all_inner_texts(),
        "objective": page.locator("[data-testid=stSidebar] .st-key-chips").inner_text(),
        "cap": page.get_by_role("spinbutton", name="Parameters ≤").input_value(),
        "axis": page.get_by_role("combobox", name="X axis").input_value(),
        "open": page.locator(".st-key-map-toolbar").is_visible(),
    }


@pytest.mark.parametrize("name", PAGES)
def test_a_reload_and_a_copied_url_show_what_was_seen(page: Page, site, name):
    page.goto(f"{site.url}/overview?{SEEN}")
    wait_for_circles(page, 3)
    wait_until_drawn_up(page)
    if name != "Overview":
        go_to(page, name)
    page.wait_for_url("**cap=100000**")
    page.wait_for_function(f"{CHART}.layout.shapes?.length >= 1")
    seen, url = state(page), page.url
    assert [seen["open"], seen["cap"], len(seen["drawer"])] == [True, "100000", 2]
    page.reload()
    wait_for_circles(page, 3)
    wait_until_drawn_up(page)
    page.wait_for_function(f"{CHART}.layout.shapes?.length >= 1")
    assert state(page) == seen
    with closing(page.context.browser.new_context(viewport=page.viewport_size)) as context:
        other = context.new_page()
        other.goto(url)
        wait_for_circles(other, 3)
        wait_until_drawn_up(other)
        other.wait_for_function(f"{CHART}.layout.shapes?.length >= 1")
        assert state(other) == seen
        assert other.url == url
