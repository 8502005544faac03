"""What people do to a page that is not meant: two clicks at once, a reload in the middle, a server that comes back."""

import re

import pytest
from browsing import served, wait_until_drawn_up
from catalogues import write_catalogue
from generating import click_mark, train
from playwright.sync_api import expect

from remap_core.access.person import NOBODY
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.datasets.dataset import load_dataset
from remap_core.trials.commands import Enqueue, Pause


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    home = tmp_path_factory.mktemp("robust") / "home"
    write_catalogue(home, waiting=1)
    with served(home, autostart=False) as server:
        yield server.url, home


def sent(home):
    return [command for _, command, _ in Inbox(DataFolder(home)).pending()]


def test_two_presses_of_train_within_a_quarter_of_a_second_train_once(page, site):
    url, home = site
    before = len(sent(home))
    page.goto(f"{url}/generate?model=1")
    train = page.locator(".st-key-generate-train button")
    expect(train).to_be_enabled()
    wait_until_drawn_up(page)
    train.click()
    page.wait_for_timeout(220)
    train.click(force=True)
    expect(page.get_by_text("Sent. Waiting for a trainer.")).to_be_visible()
    wait_until_drawn_up(page)
    assert [type(command) for command in sent(home)[before:]] == [Enqueue]


def test_blocks_that_are_clicked_faster_than_the_page_answers_are_all_chosen(page, site):
    url, _ = site
    page.goto(f"{url}/generate?model=1")
    wait_until_drawn_up(page)
    for layer in (0, 2, 3):
        click_mark(page, "generate-snac-1", "layers", layer)
    expect(page.get_by_text(re.compile("Layers of #1 to remove: 1 .*, 3 .*, 4 "))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Train [23] ablations"))).to_be_visible()


def test_a_reload_in_the_middle_of_a_draft_keeps_it(page, site):
    url, _ = site
    page.goto(f"{url}/generate?model=1&way=edit")
    wait_until_drawn_up(page)
    click_mark(page, "handcraft-snac", "layers", 1)
    page.get_by_role("button", name="Remove", exact=True).click()
    fits = page.get_by_text(re.compile(r"^Fits: "))
    page.wait_for_function("() => location.search.includes('draft=')")
    wait_until_drawn_up(page)
    words = fits.inner_text()
    page.reload()
    expect(fits).to_have_text(words)


def test_undo_after_a_reload_takes_all_changes_of_a_draft_back_at_once_and_redo_brings_them_again(page, site):
    url, _ = site
    page.goto(f"{url}/generate?model=1&way=edit")
    fits = page.get_by_text(re.compile(r"^Fits: "))
    expect(fits).to_be_visible()
    as_parent = fits.inner_text()
    for _ in range(2):
        before = fits.inner_text()
        page.get_by_role("button", name="Insert", exact=True).click()
        expect(fits).not_to_have_text(before)
    wait_until_drawn_up(page)
    as_changed = fits.inner_text()
    page.reload()
    expect(fits).to_have_text(as_changed)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(fits).to_have_text(as_parent)
    expect(page.get_by_role("button", name="Undo", exact=True)).to_be_disabled()
    page.get_by_role("button", name="Redo", exact=True).click()
    expect(fits).to_have_text(as_changed)


def test_what_is_selected_in_one_tab_leaves_the_other_as_it_was(page, site):
    url, _ = site
    other = page.context.new_page()
    other.goto(f"{url}/inspect?model=3&drawer=3,5")
    page.goto(f"{url}/overview?model=1&drawer=1,2")
    expect(page.locator(".st-key-open-2")).to_be_visible()
    expect(other.locator(".st-key-open-5")).to_be_visible()
    page.locator(".st-key-open-2 button").first.click()
    page.wait_for_function("() => location.search.includes('model=2')")
    wait_until_drawn_up(page)
    expect(other.locator(".st-key-open-3")).to_be_visible()
    other.locator(".st-key-open-5 button").first.click()
    other.wait_for_function("() => location.search.includes('model=5&drawer=3%2C5')")
    expect(other.locator("[class*=st-key-open-]")).to_have_count(2)
    assert "model=2&drawer=1%2C2" in page.url


def test_what_is_trained_from_one_tab_appears_in_the_other(page, tmp_path):
    home = tmp_path / "home"
    write_catalogue(home, card=load_dataset("digits").card())
    Inbox(DataFolder(home)).send(Pause(), 1.0, NOBODY)
    with served(home, population=0, workers=1) as server:
        other = page.context.new_page()
        other.goto(f"{server.url}/queue")
        expect(other.get_by_text("The queue is empty.")).to_be_visible()
        page.goto(f"{server.url}/generate?model=1")
        train(page, "Train 3 ablations")
        expect(other.get_by_text("Waiting: 3")).to_be_visible()
        expect(other.get_by_text(re.compile("^#7 "))).to_be_visible()


def test_a_number_is_kept_where_its_field_is_left_by_a_click_without_a_pause_on_another_page(page, site):
    url, _ = site
    page.goto(f"{url}/generate?model=1")
    wait_until_drawn_up(page)
    field = page.get_by_label(re.compile("^Parameters")).first
    for name, number in (("Inspect", 20_000), ("Generate", 30_000), ("Overview", 40_000)):
        field.fill(str(number))
        box = page.get_by_role("link", name=name).first.bounding_box()
        page.mouse.move(box["x"] + 10, box["y"] + 10)
        page.mouse.down()
        page.mouse.up()
        page.wait_for_function("(title) => document.title === title", arg=f"{name} - REMAP")
        page.wait_for_function("(text) => location.search.includes(text)", arg=str(number))
        assert "model=1" in page.url
        wait_until_drawn_up(page)


def test_a_model_that_waits_can_be_selected_and_everything_says_so(page, site):
    url, _ = site
    for name in ("overview", "inspect", "generate", "drawer", "queue"):
        page.goto(f"{url}/{name}?model=7&drawer=7")
        expect(page.locator(".st-key-open-7")).to_contain_text("waiting")
        wait_until_drawn_up(page)
        assert page.locator(".stException").count() == 0


def test_a_page_that_was_open_while_the_server_was_away_goes_on_with_what_it_showed(page, tmp_path):
    home = tmp_path / "home"
    write_catalogue(home)
    with served(home, autostart=False) as server:
        page.goto(f"{server.url}/inspect?model=3&drawer=3,5")
        expect(page.locator(".st-key-open-5")).to_be_visible()
        port = int(server.url.rsplit(":", 1)[1])
    with served(home, autostart=False, port=port):
        page.wait_for_selector('[data-testid="stApp"][data-test-connection-state="CONNECTED"]')
        wait_until_drawn_up(page)
        page.locator(".st-key-open-5 button").first.click()
        page.wait_for_function("() => location.search.includes('model=5')")
        assert "drawer=3%2C5" in page.url


SLOW_CLICK = """
import time

import streamlit as st

from remap_core.ui.server.script_runs import finish_callbacks


def slow():
    for _ in range(2):
        time.sleep(0.3)
        st.session_state["slow"] += 1


def fast():
    st.session_state["fast"] += 1


finish_callbacks()
for name, click in {"slow": slow, "fast": fast}.items():
    st.session_state.setdefault(name, 0)
    st.button(name, on_click=click)
st.text(f"{st.session_state['slow']} steps of slow, {st.session_state['fast']} of fast")
"""


def test_what_a_click_does_comes_to_its_end_though_another_click_follows_at_once(page, tmp_path):
    script = tmp_path / "slow_click.py"
    script.write_text(SLOW_CLICK, encoding="utf-8")
    with served(tmp_path / "home", script=script) as server:
        page.goto(server.url)
        for times in (1, 2, 3):
            page.get_by_role("button", name="slow").click()
            page.wait_for_timeout(100)
            page.get_by_role("button", name="fast").click()
            expect(page.get_by_text(f"{2 * times} steps of slow, {times} of fast")).to_be_visible()
