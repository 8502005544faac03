"""The main path as its users walk it: ablate, vary and handcraft one model with real clicks, and watch all finish."""

import re
from contextlib import suppress

from browsing import DRAWN, served
from catalogues import write_catalogue
from generating import choose, click_mark, click_until, switch_off, train, train_button
from playwright.sync_api import Error, Page, expect

from remap_core.access.person import NOBODY
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.datasets.dataset import load_dataset
from remap_core.drawing.snac.svg import TABLE_ROW
from remap_core.space.text import layers_text
from remap_core.trials.commands import Pause, Resume
from remap_core.trials.trial import Origin, TrialState


def test_a_model_is_ablated_varied_and_handcrafted_by_clicks_and_all_children_finish(page, tmp_path):
    home = tmp_path / "home"
    write_catalogue(home, card=load_dataset("digits").card())
    with served(home, population=0, workers=1) as server:
        page.goto(f"{server.url}/generate?model=1")
        one = train_button(page, "Train 1 ablation")
        click_until(page, ("generate-snac-1", "layers", 3), one.is_visible)
        one.click()
        expect(page.get_by_text("Model 7 queued.")).to_be_visible()

        choose(page, "Vary")
        for kind in ("prepend", "replace", "reparameterize"):
            switch_off(page, "generate-permissions-1", kind)
        click_mark(page, "generate-permissions-1", "switches", ["switch", "remove", 3])
        train(page, "Train 2 variations")
        expect(page.get_by_text("2 models queued: 8 to 9.")).to_be_visible()

        choose(page, "Edit")
        place = page.locator(".st-key-handcraft-place input").first
        click_until(page, ("handcraft-snac", "handles", ["insert", 4]), lambda: place.input_value() == "the head")
        page.get_by_role("button", name="Insert", exact=True).click()
        misfit = page.get_by_test_id("stAlert").get_by_text("does not fit: it needs an image")  # a table says so, too
        expect(misfit).to_be_visible()
        page.get_by_role("button", name="Undo").click()
        expect(misfit).to_have_count(0)
        layer = page.locator(".st-key-handcraft-layer input").first
        click_until(page, ("handcraft-snac", "layers", 0), lambda: layer.input_value() == "1 Conv 16x3")
        page.get_by_role("button", name="Right", exact=True).click()
        train(page, "Train 1 handcrafted model")
        expect(page.get_by_text("Model 10 queued.")).to_be_visible()

        for _ in range(300):
            if open_snapshot(DataFolder(home)).counts()[TrialState.COMPLETE] == 10:
                break
            page.wait_for_timeout(200)
        expect(page.get_by_text("What each layer of #1 contributes")).to_be_visible()
    catalogue = open_snapshot(DataFolder(home))
    children = catalogue.trials([7, 8, 9, 10])
    assert [child.proposal.origin for child in children] == [
        Origin.ABLATION,
        Origin.VARIATION,
        Origin.VARIATION,
        Origin.HANDCRAFTED,
    ]
    assert {child.proposal.parent for child in children} == {1}
    assert {child.state for child in children} == {TrialState.COMPLETE}
    assert {edit.kind for child in children[:3] for edit in child.proposal.edits} == {"remove"}
    assert [layer.kind for layer in children[3].architecture.layers][:2] == ["activation", "conv2d"]


def tick_row(page: Page, newest: int, row: int) -> None:
    """Select a row of the table of children, which is drawn on a canvas."""
    table = page.locator(f"[class*=st-key-generate-children-{newest}-]")
    with suppress(Error):  # a timer has drawn it again: then it was in view
        table.scroll_into_view_if_needed()
    box = table.bounding_box()
    page.mouse.click(box["x"] + 16, box["y"] + TABLE_ROW * (row + 1.5))


def test_children_are_put_into_the_drawer_and_cancelled_by_their_rows_and_a_word_says_when_all_are_done(page, tmp_path):
    home = tmp_path / "home"
    folder = write_catalogue(home, card=load_dataset("digits").card())
    Inbox(folder).send(Pause(), 1.0, NOBODY)
    with served(home, population=0, workers=1) as server:
        page.goto(f"{server.url}/generate?model=1")
        train(page, "Train 3 ablations")
        expect(page.get_by_text("3 models queued: 7 to 9.")).to_be_visible()
        tick_row(page, newest=9, row=0)
        page.get_by_role("button", name="Add #9 to drawer").click()
        expect(page.locator(".st-key-open-9")).to_be_visible()
        page.get_by_role("button", name="Cancel 1 training").click()
        expect(page.get_by_text("Model 9 cancelled.")).to_be_visible()
        expect(page.get_by_role("button", name="Cancel 0 trainings")).to_be_disabled()
        Inbox(folder).send(Resume(), 2.0, NOBODY)
        expect(page.get_by_text("finished: 2 complete, 1 cancelled.")).to_be_visible(timeout=150_000)
    assert [trial.state for trial in open_snapshot(folder).trials([7, 8, 9])] == [
        TrialState.COMPLETE,
        TrialState.COMPLETE,
        TrialState.CANCELLED,
    ]


def pick(page: Page, key: str, option: str) -> None:
    """Choose an option of a list."""
    page.locator(f".st-key-{key} input").click()
    page.get_by_role("option", name=option, exact=True).click()


def fill(page: Page, key: str, number: int) -> None:
    """Type a number, and leave the field with the next click."""
    page.locator(f".st-key-handcraft-{key} input").fill(str(number))


def test_a_chain_of_residual_blocks_is_built_and_trained_and_appears_on_the_map(page, tmp_path):
    home = tmp_path / "home"
    write_catalogue(home, card=load_dataset("digits").card())
    with served(home, population=0, workers=1) as server:
        page.goto(f"{server.url}/generate?model=2&way=edit")
        pick(page, "handcraft-kind", "Residual")
        page.get_by_role("button", name="Insert", exact=True).click()
        layer = page.locator(".st-key-handcraft-layer input").first
        click_until(page, ("handcraft-snac", "layers", 0), lambda: layer.input_value() == "1 Residual 16")
        fill(page, "filters-2-0-1", 8)
        page.get_by_role("button", name="Change", exact=True).click()
        expect(layer).to_have_value("1 Residual 8")
        place = page.locator(".st-key-handcraft-place input").first
        click_until(page, ("handcraft-snac", "handles", ["insert", 1]), lambda: place.input_value() == "2 Dense 16")
        fill(page, "filters-new-residual", 16)
        fill(page, "stride-new-residual", 2)
        page.get_by_role("button", name="Insert", exact=True).click()
        page.wait_for_url(re.compile(r"draft=Residual.8.*Residual.16.stride.2"))
        train(page, "Train 1 handcrafted model")
        expect(page.get_by_text("Model 7 queued.")).to_be_visible()
        page.wait_for_function(f"() => ({DRAWN})('overview-chart').includes(7)", timeout=150_000)
    child = open_snapshot(DataFolder(home)).trial(7)
    assert child.state is TrialState.COMPLETE
    assert layers_text(child.architecture.layers) == "Residual 8, Residual 16 stride 2, Dense 16, Tanh"
