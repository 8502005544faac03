"""Where people sign in, a drawer is a person's own: it stays, and a link to another one leaves it alone."""

import pytest
from apps import address, linked, opened, said, sign_in
from catalogues import write_catalogue

from remap_core.access.roles import Role
from remap_core.data_folder.own_drawers import read_drawers, write_drawers
from remap_core.errors import FolderUnusable
from remap_core.ui.session import SESSION

EVE, BOB = "eve@example.org", "bob@example.org"


@pytest.fixture
def folder(home, monkeypatch):
    sign_in(monkeypatch, EVE, Role.VIEWER)
    return write_catalogue(home)


def drawer(app):
    return app.session_state[SESSION].drawer


def test_a_drawer_is_there_again_at_the_next_sign_in(folder, monkeypatch):
    opened("inspect", selected=3).button(key="inspect-add-to-drawer").click().run()
    assert drawer(opened("overview")) == [3]
    sign_in(monkeypatch, BOB, Role.VIEWER)
    assert drawer(opened("overview")) == []


def test_a_link_to_a_drawer_is_shown_beside_ones_own(folder):
    write_drawers(folder, EVE, {"digits": [1]})
    app = linked("drawer", "3,4")
    assert "From a link: 2 models." in said(app)
    assert (drawer(app), address(app)["drawer"]) == ([3, 4], "3,4")
    assert read_drawers(folder, EVE) == {"digits": [1]}
    app.button(key="drawer-own").click().run()
    assert "From a link" not in said(app)
    assert (drawer(app), address(app)["drawer"]) == ([1], "1")


def test_what_a_link_has_is_added_to_ones_own_on_request(folder):
    write_drawers(folder, EVE, {"digits": [1]})
    app = linked("drawer", "3,4")
    app.button(key="drawer-add-link").click().run()
    assert drawer(app) == [1, 3, 4]
    assert read_drawers(folder, EVE) == {"digits": [1, 3, 4]}


def test_a_change_to_the_drawer_of_a_link_is_none_to_ones_own(folder):
    write_drawers(folder, EVE, {"digits": [1]})
    app = linked("drawer", "3,4")
    app.button(key="remove").click().run()
    assert drawer(app) == []
    assert read_drawers(folder, EVE) == {"digits": [1]}


def test_ones_own_address_is_no_link(folder):
    write_drawers(folder, EVE, {"digits": [1, 2]})
    assert "From a link" not in said(linked("drawer", "1,2"))


def test_two_tabs_of_one_person_keep_what_each_adds(folder):
    first, second = (opened("inspect", selected=model) for model in (3, 4))
    for app in (first, second):
        app.button(key="inspect-add-to-drawer").click().run()
    assert read_drawers(folder, EVE) == {"digits": [3, 4]}


def test_another_person_in_the_same_session_has_their_own_drawer(folder, monkeypatch):
    app = opened("inspect", selected=3)
    app.button(key="inspect-add-to-drawer").click().run()
    sign_in(monkeypatch, BOB, Role.VIEWER)
    app.query_params.clear()
    assert drawer(app.run()) == []
    assert read_drawers(folder, EVE) == {"digits": [3]}


def test_a_drawer_that_cannot_be_written_stays_for_the_session_and_the_reason_is_said(folder, monkeypatch):
    def fail(*_args):
        raise FolderUnusable("The data folder has no space left on its disk.")

    monkeypatch.setattr("remap_core.ui.people.own_drawer.write_drawers", fail)
    app = opened("inspect", selected=3)
    app.button(key="inspect-add-to-drawer").click().run()
    assert drawer(app) == [3]
    assert "The drawer is not remembered: The data folder has no space left on its disk." in said(app)


def test_in_an_open_app_a_link_adds_to_the_drawer_and_nothing_is_written(home):
    folder = write_catalogue(home)
    app = linked("drawer", "3,4")
    assert drawer(app) == [3, 4]
    assert "From a link" not in said(app)
    assert not folder.people.exists()
