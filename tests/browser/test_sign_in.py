"""People of three roles sign in at an identity provider, and work at once."""

import re

import pytest
from accessibility import findings
from browsing import served, wait_until_drawn_up
from catalogues import write_catalogue
from identity import ADA, BOB, EVE, ROLES, STRANGER, identity_provider, sign_in, sign_out, write_secrets
from playwright.sync_api import expect

from remap_core.access.person import Person
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.trials.commands import Enqueue, Pause


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sign-in")
    write_catalogue(folder / "home", waiting=1)
    with identity_provider() as provider, pytest.MonkeyPatch.context() as environment:
        port = write_secrets(folder / "user", provider)
        environment.setenv("HOME", str(folder / "user"))
        with served(folder / "home", port=port, autostart=False, **ROLES) as server:
            yield server.url, DataFolder(folder / "home")


@pytest.fixture
def person(chromium, site):
    """Opens a link as somebody, in a browser of their own."""
    contexts = []

    def opened(name, link="overview"):
        contexts.append(chromium.new_context(viewport={"width": 1440, "height": 1000}, reduced_motion="reduce"))
        page = contexts[-1].new_page()
        page.goto(f"{site[0]}/{link}")
        sign_in(page, name)
        return page

    yield opened
    for context in contexts:
        context.close()


def test_nothing_is_shown_before_the_sign_in_and_the_link_that_was_opened_after_it(person, page, site):
    page.goto(f"{site[0]}/inspect?model=2")
    expect(page.get_by_text("Sign in to see the models of your team.")).to_be_visible()
    expect(page.locator(".js-plotly-plot, [data-testid=stDataFrame], [data-testid=stSidebar]")).to_have_count(0)
    sign_in(page, EVE)
    expect(page.get_by_text(EVE)).to_be_visible()
    expect(page).to_have_url(re.compile(r"/inspect\?.*model=2"))
    sign_out(page)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_axe_finds_nothing_serious_on_the_sign_in_page(page, site):
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(f"{site[0]}/overview")
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        expect(page.locator(".js-plotly-plot")).to_have_count(0)
        assert findings(page) == []
    page.emulate_media(color_scheme=None)


def test_three_roles_at_once_and_every_command_says_whose_it_is(person, site):
    viewer, builder, admin = (person(name, "queue") for name in (EVE, BOB, ADA))
    for page, name in ((viewer, EVE), (builder, BOB), (admin, ADA)):
        expect(page.get_by_text(name)).to_be_visible()
        wait_until_drawn_up(page)
    admin.get_by_role("button", name="Pause").click()
    expect(admin.get_by_text("Sent. Waiting for a trainer.")).to_be_visible()
    builder.goto(f"{site[0]}/generate?model=1")
    train = builder.locator(".st-key-generate-train button")
    expect(train).to_be_enabled()
    wait_until_drawn_up(builder)
    train.click()
    expect(builder.get_by_text("Sent. Waiting for a trainer.")).to_be_visible()
    sent = [(type(command), sender) for _, command, sender in Inbox(site[1]).pending()]
    assert sent == [(Pause, Person(ADA)), (Enqueue, Person(BOB, ("ml",)))]


def test_who_has_no_role_is_told_so_and_may_sign_in_as_somebody_else(person):
    page = person(STRANGER)
    expect(page.get_by_text(f"{STRANGER} is signed in, but has no role here")).to_be_visible()
    sign_out(page)
    sign_in(page, EVE)
    expect(page.get_by_text(EVE)).to_be_visible()


def test_a_forged_cookie_is_no_sign_in(page, site):
    page.context.add_cookies([{"name": "_streamlit_user", "value": "eyJlbWFpbCI6ICJhZGEifQ", "url": site[0]}])
    page.goto(f"{site[0]}/overview")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_two_people_in_two_tabs_of_one_browser_are_each_the_one_who_signed_in_there(person, site):
    first = person(EVE)
    expect(first.get_by_text(EVE)).to_be_visible()
    first.context.clear_cookies()
    second = first.context.new_page()
    second.goto(f"{site[0]}/overview")
    sign_in(second, ADA)
    expect(second.get_by_text(ADA)).to_be_visible()
    expect(first.get_by_text(EVE)).to_be_visible()
    first.reload()
    expect(first.get_by_text(ADA)).to_be_visible()
