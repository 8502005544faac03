"""What only a browser can tell of drawer and inspect: real clicks on charts, reloads, and that nothing typed runs."""

import json
import re
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import pytest
from browsing import served, wait_for_circles, wait_until_drawn_up
from catalogues import write_catalogue
from generating import choose
from playwright.sync_api import Browser, WebSocketRoute, expect
from weights import leave_weights

from remap_core.catalogue.snapshot import Publisher
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.validation_images import write_validation_images
from remap_core.space.architecture import Architecture
from remap_core.trials.annotations import Annotation

IMAGES = np.arange(20 * 64, dtype=np.int64).reshape(20, 8, 8, 1).astype(np.uint8)
EVIL = "<img src=x onerror='window.ran = true'><script>window.ran = true</script> ![x](http://example.invalid/x.png)"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A server on a finished catalogue with images and a nasty note, without a trainer."""
    home = tmp_path_factory.mktemp("kept") / "home"
    write_validation_images(write_catalogue(home), "digits", IMAGES)
    folder = DataFolder(home)
    store = CatalogueStore.open(folder)
    store.annotate(2, Annotation(EVIL + "\n" + EVIL, (EVIL[:20],)))
    Publisher(store, folder).publish()
    store.close()
    leave_weights(folder, 2)
    with served(home, autostart=False) as server:
        yield server


def test_a_drawer_survives_a_reload_and_a_link_to_it_opens_it(page, finished):
    page.goto(f"{finished.url}/drawer?drawer=3,1")
    expect(page.locator("[class*=st-key-open-]")).to_have_count(2)
    page.get_by_role("link", name="Queue").click()
    page.wait_for_url("**/queue?drawer=3*1")
    page.reload()
    expect(page.locator("[class*=st-key-open-]")).to_have_count(2)
    page.locator(".st-key-open-1 button").first.click()
    expect(page.get_by_role("heading", name="#1 ")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="#1 ")).to_be_visible()
    expect(page.locator("[class*=st-key-open-]")).to_have_count(2)


class SlowLine:
    """What a server sends to a page arrives only when it is let through; what the page sends arrives at once."""

    def __init__(self, page):
        self._held = None
        page.route_web_socket(re.compile("_stcore/stream"), self._connect)

    def _connect(self, line: WebSocketRoute):
        self._line = line
        line.connect_to_server().on_message(self._arrive)

    def _arrive(self, message):
        if self._held is None:
            self._line.send(message)
        else:
            self._held.append(message)

    def hold(self):
        self._held = []

    def let_through(self):
        held, self._held = self._held, None
        for message in held:
            self._line.send(message)


def test_a_page_that_is_long_on_its_way_is_not_emptied_by_an_update_of_the_page_before(chromium: Browser, finished):
    page = chromium.new_context().new_page()
    line = SlowLine(page)
    page.goto(f"{finished.url}/overview?drawer=1,3")
    wait_for_circles(page, 6)
    wait_until_drawn_up(page)
    line.hold()
    page.locator(".st-key-open-3 button").first.click()
    page.wait_for_timeout(3_000)  # the overview asks for updates, every second or two
    line.let_through()
    expect(page.get_by_role("heading", name="#3 ")).to_be_visible()
    page.wait_for_timeout(3_000)  # what it asked for has been answered
    expect(page.get_by_role("heading", name="#3 ")).to_be_visible()
    expect(page.get_by_text("No trainer running")).to_be_visible()
    page.context.close()


def test_nothing_of_a_note_runs_or_is_fetched(page, finished):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{finished.url}/drawer?drawer=1,2")
    expect(page.get_by_text("Note on #2")).to_be_visible()
    page.get_by_text("Note on #2").click()
    expect(page.get_by_text("onerror").first).to_be_visible()
    page.goto(f"{finished.url}/inspect?model=2&tab=notes&drawer=%3Cimg%20src=x%20onerror=window.ran=true%3E,2")
    expect(page.get_by_text("but got '<img src=x onerror=window.ran=true>'")).to_be_visible()
    expect(page.get_by_role("textbox", name="Note on #2")).to_have_value(EVIL + "\n" + EVIL)
    assert page.evaluate("window.ran") is None
    assert not [url for url in asked if "example.invalid" in url]


WIDTHS = """
() => {
  const box = document.querySelector('.st-key-handcraft-snac')
  return [box.clientWidth, box.scrollWidth, document.documentElement.scrollWidth]
}
"""


def test_a_row_of_chips_that_a_phone_is_too_narrow_for_scrolls_and_does_not_shrink(page, finished):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{finished.url}/generate?model=1")
    choose(page, "Edit")
    page.get_by_text("As text, import", exact=True).click()
    page.get_by_role("textbox", name="Paste layers as text").fill(", ".join(["ReLU"] * 20))
    page.get_by_role("button", name="Apply").click()
    page.wait_for_function(f"() => ({WIDTHS})()[1] > 900")  # 21 blocks of 44 pixels
    box, _, whole = page.evaluate(WIDTHS)
    assert box < 390
    assert whole == 390


def test_every_form_of_a_model_is_downloaded_with_one_click_and_what_takes_time_after_another(page, finished):
    page.goto(f"{finished.url}/inspect?model=2")
    page.get_by_role("tab", name="Export").click()
    ready = ("ONNX", "ONNX and classify.py", "PyTorch source", "PyTorch and classify.py", "Weights", "Report")
    files = {name: downloaded(page, name) for name in (*ready, "Architecture (JSON)")}
    assert onnx.load(files["ONNX"]).graph.output[0].name == "logits"
    assert Architecture.from_json(json.loads(files["Architecture (JSON)"].read_text())).classes == 10
    made_on_request = ["ONNX, int8", "Model card", "Model card (Markdown)"]
    if find_spec("emx_onnx_cgen"):
        made_on_request.append("C header, int8")
    for name in made_on_request:
        page.get_by_role("button", name=f"Make {name.replace('Model', 'model')}", exact=True).click()
        made = re.compile(rf"^{re.escape(name)} \([0-9.]+ KB\)$")
        expect(page.get_by_role("button", name=made)).to_be_visible(timeout=60_000)
        files[name] = downloaded(page, made)
    assert len({node.op_type for node in onnx.load(files["ONNX, int8"]).graph.node} & {"QuantizeLinear"}) == 1
    assert "<svg" in files["Model card"].read_text()
    assert "```javascript" in files["Model card (Markdown)"].read_text()
    if "C header, int8" in files:
        assert "remap_model(" in files["C header, int8"].read_text()
    expect(page.get_by_text("This file loses accuracy").first).to_be_visible()  # untrained weights


def test_models_leave_the_drawer_in_one_zip_file(page, finished):
    page.goto(f"{finished.url}/drawer?drawer=2,3")
    page.locator(".st-key-export-models button").first.click()
    for form in ("ONNX, int8", "PyTorch source", "Model card", "README.md"):
        page.get_by_role("button", name=form, exact=True).click()  # leaves it out
    page.get_by_role("button", name="Make .zip file").click()
    made = re.compile(r"^Download 2 models \([0-9.]+ KB\)$")
    expect(page.get_by_role("button", name=made)).to_be_visible(timeout=60_000)
    with zipfile.ZipFile(downloaded(page, made)) as archive:
        assert "model-2/model-2.onnx" in archive.namelist()
    expect(page.get_by_text("Model 3 has no weights")).to_be_visible()


def test_what_is_written_when_it_is_asked_for_is_downloaded_with_one_click(page, finished):
    page.goto(f"{finished.url}/drawer?drawer=2,3")
    assert downloaded(page, "Report on 2 models").read_text().count("<section>") == 2
    assert len(json.loads(downloaded(page, "Export 2 models as JSON").read_text())) == 2


def downloaded(page, name) -> Path:
    with page.expect_download() as told:
        page.get_by_role("button", name=name, exact=True).click()
    return Path(told.value.path())


def test_one_click_saves_what_is_being_typed_and_it_survives_other_pages(page, finished):
    page.goto(f"{finished.url}/inspect?model=3&tab=notes")
    note = page.get_by_role("textbox", name="Note on #3")
    note.click()
    page.keyboard.type("overfits")
    page.get_by_role("button", name="Save note and tags").click()
    expect(page.get_by_text("Sent. Waiting for a trainer.")).to_be_visible()
    note.click()
    page.keyboard.type(" badly")
    page.get_by_role("link", name="Queue").click(delay=100)  # as a hand does
    page.wait_for_url("**/queue?*")
    page.get_by_role("link", name="Inspect").click()
    expect(note).to_have_value("overfits badly")
