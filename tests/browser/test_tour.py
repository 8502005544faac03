"""The hints of the first visit: four, closed for good by mouse or keyboard, and back with `?`."""

import pytest
from browsing import served, wait_until_drawn_up
from catalogues import write_catalogue
from playwright.sync_api import Locator, Page, expect


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    home = tmp_path_factory.mktemp("tour") / "home"
    write_catalogue(home)
    with served(home, autostart=False) as server:
        yield server.url


def first_visit(page: Page, url: str) -> None:
    page.goto(f"{url}/overview")
    wait_until_drawn_up(page)
    expect(hints(page)).to_be_attached()


def hints(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Hints")


def test_hints_of_the_first_visit_are_read_one_by_one_and_closed_for_good(page, url):
    first_visit(page, url)
    for number in range(1, 4):
        expect(hints(page)).to_contain_text(f"{number} / 4")
        page.get_by_role("button", name="Next hint").click()
    expect(hints(page)).to_contain_text("Enter")
    page.get_by_role("button", name="Close hints").click()
    expect(hints(page)).to_have_count(0)
    page.goto(f"{url}/queue")
    expect(page.get_by_role("button", name="Help", exact=True).last).to_be_visible()
    expect(hints(page)).to_have_count(0)


def test_the_keyboard_opens_and_closes_the_hints_and_comes_back_to_where_it_was(page, url):
    first_visit(page, url)
    page.keyboard.press("Escape")
    expect(hints(page)).to_have_count(0)
    page.keyboard.press("?")
    expect(hints(page)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(hints(page)).to_contain_text("2 / 4")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Help", exact=True).last).to_be_focused()


def test_a_question_mark_that_is_typed_opens_nothing(page, url):
    first_visit(page, url)
    page.keyboard.press("Escape")
    page.get_by_label("Parameters ≤").focus()
    page.keyboard.press("?")
    page.wait_for_timeout(300)
    expect(hints(page)).to_have_count(0)


def test_the_hints_cover_nothing_and_stay_while_the_page_changes(page, url):
    first_visit(page, url)
    page.get_by_role("button", name="Next hint").click()
    page.get_by_role("link", name="Queue").click()
    wait_until_drawn_up(page)
    expect(hints(page)).to_contain_text("2 / 4")
    assert hints(page).evaluate("(e) => getComputedStyle(e).position") == "static"


def test_on_a_phone_help_brings_the_sidebar_and_the_hints(page, url):
    page.set_viewport_size({"width": 390, "height": 844})
    first_visit(page, url)
    page.keyboard.press("?")
    expect(hints(page)).to_be_in_viewport()
