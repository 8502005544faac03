"""The main path as its users walk it: ablate, vary and handcraft one model with real clicks, and watch all finish."""

import json
from collections.abc import Callable

from browsing import served
from catalogues import write_catalogue
from playwright.sync_api import Page, expect

from remap_core.catalogue.folder import DataFolder
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.training.datasets import load_dataset
from remap_core.trials import Origin, TrialState

PIXEL = """
([key, trace, said]) => {
  const gd = document.querySelector(`.st-key-${key} .js-plotly-plot`)
  const drawn = gd?._fullLayout && gd._fullData.find((t) => t.name === trace)
  const points = drawn ? Array.from(drawn.customdata ?? []) : []
  const i = points.findIndex((point) => JSON.stringify(point) === said)
  if (i < 0) return null
  gd.scrollIntoView({ block: 'center' })
  const { xaxis, yaxis } = gd._fullLayout
  const box = gd.getBoundingClientRect()
  const y = drawn.type === 'bar' ? drawn.base[i] + drawn.y[i] / 2 : drawn.y[i]
  return { x: box.left + xaxis._offset + xaxis.d2p(drawn.x[i]), y: box.top + yaxis._offset + yaxis.d2p(y) }
}
"""


def click_mark(page: Page, key: str, trace: str, said) -> None:
    """Click the point of a chart that carries this customdata, once it is there."""
    wanted = [key, trace, json.dumps(said, separators=(",", ":"))]
    pixel = page.wait_for_function(PIXEL, arg=wanted).json_value()
    page.mouse.click(pixel["x"], pixel["y"])


SWITCHED_ON = """
(key) => {
  const gd = document.querySelector(`.st-key-${key} .js-plotly-plot`)
  const drawn = gd?._fullLayout && gd._fullData.find((t) => t.name === 'switches')
  return drawn ? Array.from(drawn.customdata).filter((_, i) => drawn.marker.symbol[i] === 'square').map(String) : null
}
"""


def click_until(page: Page, mark: tuple, done: Callable[[], bool]) -> None:
    """Click, and again where nothing came of it: a chart that was just drawn may not listen yet."""
    for _ in range(5):
        click_mark(page, *mark)
        for _ in range(30):
            if done():
                return
            page.wait_for_timeout(200)
    raise AssertionError(f"clicking {mark} changes nothing")


def switch_off(page: Page, key: str, kind: str) -> None:
    """Click a row's "none"."""

    def is_off() -> bool:
        return not any(f",{kind}," in switch for switch in page.evaluate(SWITCHED_ON, key) or [f",{kind},"])

    click_until(page, (key, "rows", ["row", kind, "none"]), is_off)


def choose(page: Page, way: str) -> None:
    page.get_by_role("radio", name=way).or_(page.get_by_role("button", name=way, exact=True)).first.click()


def train(page: Page, label: str) -> None:
    page.get_by_role("button", name=label, exact=True).click()


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
