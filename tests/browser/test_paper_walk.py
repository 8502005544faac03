"""The use case of the paper's section 7, walked with real clicks from the overview to the comparison of figure 7."""

import re

from browsing import click_circle, go_to, served, wait_for_circles, wait_until_drawn_up
from catalogues import write_catalogue
from generating import SWITCHED_ON, choose, click_until, train
from playwright.sync_api import Page, TimeoutError, expect

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.datasets.dataset import load_dataset
from remap_core.space.text import layers_text
from remap_core.trials.trial import Origin, Trial
from remap_core.ui.tables import ROW_HEIGHT

CHOSEN = (3, 5, 6)
"""Three models on the Pareto front of the small catalogue; the first is the smallest, and has a pool."""
SMALLEST, POOL = CHOSEN[0], 0


def choose_three_on_the_front(page: Page, url: str) -> None:
    page.goto(f"{url}/overview")
    wait_for_circles(page, 6)
    for model in CHOSEN:
        for _ in range(5):  # a chart that was just drawn may not listen yet
            click_circle(page, model)
            if page.locator(f".st-key-open-{model}").count():
                break
            page.wait_for_timeout(1500)
        expect(page.locator(f".st-key-open-{model}")).to_be_visible()
    page.locator(f".st-key-open-{SMALLEST} button").first.click()
    page.wait_for_url("**/inspect*")
    go_to(page, "Generate")
    expect(page.locator(f".st-key-generate-snac-{SMALLEST}")).to_be_visible()


def allow_only_the_pool(page: Page) -> None:
    chart = f"generate-permissions-{SMALLEST}"
    kinds = ("prepend", "remove", "replace", "reparameterize")
    only = {f"switch,{kind},{POOL}" for kind in kinds}
    click_until(page, (chart, "layers", POOL), lambda: set(page.evaluate(SWITCHED_ON, chart) or []) == only)


def insert_by_a_handle(page: Page) -> None:
    place = page.locator(".st-key-handcraft-place input")
    click_until(page, ("handcraft-snac", "handles", ["insert", 1]), lambda: place.input_value().startswith("2 "))
    page.get_by_role("button", name="Insert", exact=True).click()


def remove_by_a_block(page: Page) -> None:
    layer = page.locator(".st-key-handcraft-layer input")
    click_until(page, ("handcraft-snac", "layers", 2), lambda: layer.input_value().startswith("3 "))
    page.get_by_role("button", name="Remove", exact=True).click()


def paste(page: Page) -> None:
    page.get_by_text("As text, import", exact=True).click()
    page.get_by_label("Paste layers").fill("Conv 16x3, ReLU, MaxPool 2, Conv 32x3, ReLU")
    page.get_by_label("Paste layers").press("Control+Enter")
    page.get_by_role("button", name="Apply").click()


def handcraft_three(page: Page, newest: int) -> None:
    for change in (insert_by_a_handle, remove_by_a_block, paste):
        change(page)
        train(page, "Train 1 handcrafted model")
        newest += 1
        expect(page.get_by_text(f"Model {newest} queued.")).to_be_visible()


def _wait_for_one_row(page: Page, row: int) -> None:
    """The table may have been drawn while it was clicked: then it is clicked again."""
    chosen = page.get_by_role("button", name="Export 1 model", exact=True)
    try:
        chosen.wait_for(timeout=15_000)
    except TimeoutError:
        select_row(page, row)
        chosen.wait_for()


def select_row(page: Page, row: int) -> None:
    """Tick a row of the drawer's table, which is drawn on a canvas."""
    box = page.locator("[class*=st-key-drawer-table]").bounding_box()
    page.mouse.click(box["x"] + 16, box["y"] + ROW_HEIGHT * (row + 1.5))


def compare_in_the_drawer(page: Page, first: Trial, second: Trial) -> None:
    """Figure 7: the rows of both, aligned, with what was changed between them."""
    go_to(page, "Drawer")
    for row in (CHOSEN.index(first.id), len(CHOSEN)):  # what was added last is below
        select_row(page, row)
        wait_until_drawn_up(page)
        if row == CHOSEN.index(first.id):
            _wait_for_one_row(page, row)
    expect(page.get_by_role("heading", name=f"From #{first.id} to #{second.id}")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile(f"From #{first.id} to #{second.id}: "))).to_be_visible()
    expect(page.get_by_text("On the validation images:")).to_be_visible()


def test_from_three_models_on_the_front_to_the_comparison_with_what_was_made_of_the_smallest(page, tmp_path):
    home = tmp_path / "home"
    write_catalogue(home, card=load_dataset("digits").card())
    with served(home, population=0, workers=1) as server:
        choose_three_on_the_front(page, server.url)
        train(page, "Train 4 ablations")
        expect(page.get_by_text("4 models queued: 7 to 10.")).to_be_visible()
        choose(page, "Vary")
        page.get_by_label("Children per parent").fill("3")
        page.get_by_label("Children per parent").press("Enter")
        allow_only_the_pool(page)
        expect(page.get_by_text("1 already trained or queued")).to_be_visible()  # the pool is ablated already
        train(page, "Train 2 variations")
        expect(page.get_by_text("2 models queued: 11 to 12.")).to_be_visible()
        choose(page, "Edit")
        handcraft_three(page, 12)

        go_to(page, "Overview")
        wait_for_circles(page, 15)  # they come in as they finish, without a reload
        found = open_snapshot(DataFolder(home))
        children = found.trials(range(7, 16))
        best = max(children, key=lambda child: child.accuracy)
        page.reload()
        wait_for_circles(page, 15)
        click_circle(page, best.id)
        expect(page.locator(f".st-key-open-{best.id}")).to_be_visible()
        compare_in_the_drawer(page, found.trial(SMALLEST), best)

    assert [child.proposal.origin for child in children] == [
        *[Origin.ABLATION] * 4,
        *[Origin.VARIATION] * 2,
        *[Origin.HANDCRAFTED] * 3,
    ]
    assert {child.proposal.parent for child in children} == {SMALLEST}
    assert all(edit.index == POOL for child in children[4:6] for edit in child.proposal.edits)
    assert layers_text(children[8].architecture.layers) == "Conv 16x3, ReLU, MaxPool 2, Conv 32x3, ReLU"
    assert [found.trial(model).accuracy for model in CHOSEN] == [0.52] * 3
