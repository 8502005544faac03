"""What the URL of every page says: a reload or a link shows what was seen."""

import pytest
from apps import address, go, linked, map_spec, opened, said
from catalogues import write_catalogue
from hypothesis import given
from hypothesis import strategies as st

from remap_core.ui import url
from remap_core.ui.session import SESSION
from remap_core.ui.url import MAX_MODELS, drawer_text, parse_drawer

ids = st.lists(st.integers(1, 10**15 - 1), unique=True, max_size=30)


@given(ids)
def test_a_drawer_is_read_as_it_was_written(models):
    assert parse_drawer(drawer_text(models)) == (models, "")


@given(st.text(max_size=80))
def test_whatever_an_address_says_is_models_and_one_sentence(text):
    models, complaint = parse_drawer(text)
    assert len(models) == len(set(models))
    assert "\n" not in complaint


@pytest.mark.parametrize(
    ("text", "models", "complaint"),
    [
        ("", [], ""),
        ("3,,7,", [3, 7], ""),
        ("٣,3", [3], "but got '٣', which is ignored."),
        ("-1,a,2", [2], "but got '-1' and 1 more, which are ignored."),
        ("9" * 16, [], "but got '9999999999999999', which is ignored."),
    ],
)
def test_what_is_no_number_is_said_and_the_rest_is_kept(text, models, complaint):
    found, said = parse_drawer(text)
    assert found == models
    assert said.endswith(complaint)


def test_an_address_names_so_many_models_and_no_more():
    models, complaint = parse_drawer(",".join(map(str, range(1, 1001))))
    assert models == list(range(1, MAX_MODELS + 1))
    assert complaint == "The URL names 1,000 models; only the first 500 are used."


PAGES = ("overview", "drawer", "inspect", "generate", "queue", "data")
SEEN = {
    "model": "3",
    "drawer": "3,1",
    "dock": "open",
    "classes": "2x2-3",
    "cap": "100000",
    "with": "conv2d",
    "x": "latency-1",
}
"""A selection, a drawer, the map opened, an objective with a cap, a filter, an axis."""


def state(app) -> tuple:
    session = app.session_state[SESSION]
    return session.selected, session.drawer, session.dock, session.views, map_spec(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_link_to_any_page_shows_selection_drawer_objective_filter_axes_and_map_as_they_were(home, page):
    write_catalogue(home)
    app = linked(page, **SEEN)
    assert address(app) == SEEN
    assert state(app) == state(linked("overview", **SEEN))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_that_the_navigation_opens_has_a_url_that_says_what_is_seen(home, page):
    write_catalogue(home)
    app = linked("drawer" if page == "overview" else "overview", **SEEN)
    seen = state(app)
    assert address(go(app, page)) == SEEN
    assert state(app) == seen


@pytest.mark.parametrize("relation", ["structure", "prediction"])
def test_the_projection_is_in_the_url_of_every_page(home, relation):
    write_catalogue(home)
    app = opened("overview", map=relation)
    assert address(go(app, "inspect")) == {"map": relation}
    assert app.button_group(key="projection").value == relation


@pytest.mark.parametrize("page", PAGES)
def test_another_choice_replaces_the_one_that_the_url_named(home, page):
    write_catalogue(home)
    app = linked(page, model="3", drawer="3")
    app.session_state[SESSION].selected = 5
    app.run()
    assert address(app) == {"model": "5", "drawer": "3"}


@pytest.mark.parametrize("page", PAGES)
def test_what_the_url_says_that_is_not_so_is_said_on_every_page_and_dropped(home, page):
    write_catalogue(home)
    app = linked(page, model="99", drawer="1,x", dock="sideways", classes="77")
    warnings = "\n".join(warning.value for warning in app.main.warning)
    assert "99" in warnings
    assert "got 'x', which is ignored" in warnings
    assert "classes are numbered from 0 to 9" in warnings
    assert address(app) == {"drawer": "1"}


def test_parts_of_the_url_that_are_not_the_apps_are_left_alone(home):
    write_catalogue(home)
    app = opened("overview", embed_options="light_theme", utm="letter", cap="1000")
    assert address(app)["utm"] == "letter"
    assert address(app)["cap"] == "1000"


def test_a_page_without_a_selected_model_still_has_the_url_of_what_it_shows(home):
    write_catalogue(home)
    app = linked("inspect", drawer="2", cap="100000")
    assert "Start here" in said(app)
    assert address(app) == {"drawer": "2", "cap": "100000"}


def test_a_press_that_comes_before_the_browser_has_heard_of_the_url_before_it_is_not_undone(home):
    write_catalogue(home)
    app = opened("overview")
    app.button(key="class-2").click().run()
    app.query_params.clear()  # what a slow browser still says
    app.button(key="class-3").click().run()
    assert address(app) == {"classes": "2-3"}


def test_back_and_forward_show_what_was_seen_then(home, monkeypatch):
    write_catalogue(home)
    app = opened("overview", selected=3)
    app.session_state[SESSION].selected = 5
    go(app, "inspect")
    monkeypatch.setattr(url, "_is_history_navigation", lambda: True)
    app.query_params["model"] = "3"
    assert "##### #3 " in said(app.run())
    app.query_params.clear()
    assert "Start here" in said(app.run())
    assert app.session_state[SESSION].selected is None
