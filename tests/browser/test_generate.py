"""The main path as its users walk it: ablate, vary and handcraft one model with real clicks, and watch all finish."""

from browsing import served
from catalogues import write_catalogue
from generating import choose, click_mark, click_until, switch_off, train
from playwright.sync_api import expect

from remap_core.catalogue.folder import DataFolder
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.training.datasets import load_dataset
from remap_core.trials import Origin, TrialState


def test_a_model_is_ablated_varied_and_handcrafted_by_clicks_and_all_children_finish(page, tmp_path):
    home = tmp_path / "home"
    write_catalogue(home, card=load_dataset("digits").card())
    with served(home, population=0) as server:
        page.goto(f"{server.url}/generate?model=1")
        click_mark(page, "generate-snac-1", "layers", 3)
        train(page, "Train 1 ablation")
        expect(page.get_by_text("Model 7 enqueued.")).to_be_visible()

        choose(page, "Variations")
        for kind in ("prepend", "replace", "reparameterize"):
            switch_off(page, "generate-permissions-1", kind)
        click_mark(page, "generate-permissions-1", "switches", ["switch", "remove", 3])
        train(page, "Train 2 variations")
        expect(page.get_by_text("2 models enqueued: 8 to 9.")).to_be_visible()

        choose(page, "Handcrafted")
        place = page.locator(".st-key-handcraft-place input")
        click_until(page, ("handcraft-snac", "handles", ["insert", 4]), lambda: place.input_value() == "the head")
        page.get_by_role("button", name="Insert", exact=True).click()
        expect(page.get_by_text("does not fit: it needs an image")).to_be_visible()
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_text("does not fit: it needs an image")).to_have_count(0)
        layer = page.locator(".st-key-handcraft-layer input")
        click_until(page, ("handcraft-snac", "layers", 0), lambda: layer.input_value() == "1 Conv 16x3")
        page.get_by_role("button", name="Right", exact=True).click()
        train(page, "Train 1 handcrafted model")
        expect(page.get_by_text("Model 10 enqueued.")).to_be_visible()

        for _ in range(300):
            if open_snapshot(DataFolder(home)).counts()[TrialState.COMPLETE] == 10:
                break
            page.wait_for_timeout(200)
        expect(page.get_by_text("What each layer of #1 earns")).to_be_visible()
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
