"""Somebody's own photos in the browser: dropped, looked at, trained on, exported."""

import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from browsing import served, wait_for_circles
from catalogues import write_catalogue
from photos import write_photos
from PIL import Image
from playwright.sync_api import Page, expect

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.datasets.dataset import load_dataset
from remap_core.datasets.kept import Kept, kept_datasets
from remap_core.datasets.splits import Part
from remap_core.errors import NoCatalogue
from remap_core.trials.trial import TrialState

PHOTOS = 60
DAMAGED = 2
NO_SIDEWAYS = "document.querySelector('[data-testid=stMain]').scrollWidth <= window.innerWidth"


@pytest.fixture
def photos(tmp_path) -> Path:
    return write_photos(tmp_path / "trees.zip", per_class=PHOTOS // 3, damaged=DAMAGED)


def drop(page: Page, *files: Path) -> None:
    page.locator("input[type=file]").set_input_files(list(files))


def metric(page: Page, label: str):
    return page.get_by_test_id("stMetric").filter(has_text=label).get_by_test_id("stMetricValue")


@pytest.mark.timeout(600)
def test_from_dropped_photos_to_an_exported_model_that_says_what_the_app_says(page, tmp_path, photos):
    home = tmp_path / "home"
    with served(home, population=8, epochs=1) as server:
        page.goto(f"{server.url}/data")
        drop(page, photos)
        expect(metric(page, "Images")).to_have_text(str(PHOTOS - DAMAGED))
        expect(metric(page, "Skipped files")).to_have_text(str(DAMAGED))
        expect(page.get_by_text("A nearest-mean classifier gets")).to_be_visible()
        expect(page.get_by_alt_text("beech, original")).to_have_count(8)
        expect(page.get_by_alt_text("beech, as the network sees it")).to_have_count(8)
        page.get_by_text("10.0 % of the files of beech are damaged: go on without them?").click()
        page.get_by_role("button", name="Add and train 8 models").click()
        page.wait_for_url("**/overview*")
        while complete(home) < 2 * 8:  # those of digits come first
            page.wait_for_timeout(500)
        wait_for_circles(page, at_least=8)
        assert "dataset=trees" in page.url
        (kept,) = kept_datasets(home)
        best = open_snapshot(DataFolder(home)).best(kept.name)
        assert best is not None
        page.goto(f"{server.url}/inspect?model={best.id}")
        page.get_by_role("tab", name="Export").click()
        expect(page.get_by_text("original images: same classes")).to_be_visible()
        with page.expect_download() as told:
            page.get_by_role("button", name="ONNX and classify.py").click()
        export = told.value.path()
    assert_the_script_agrees(export, home, kept, best.id, photos)


def complete(home: Path) -> int:
    """How many models are complete; none before the first catalogue."""
    try:
        return open_snapshot(DataFolder(home)).counts()[TrialState.COMPLETE]
    except NoCatalogue:
        return 0


def assert_the_script_agrees(export: Path, home: Path, kept: Kept, model: int, photos: Path) -> None:
    """The exported script, with onnxruntime, says of the original photos what the app says of the validation images."""
    pytest.importorskip("onnxruntime")
    with zipfile.ZipFile(export) as files:
        files.extractall(home / "export")
    with zipfile.ZipFile(photos) as files:
        files.extractall(home / "photos")
    rows = np.flatnonzero(kept.parts() == Part.VALIDATION).tolist()
    names = json.loads((kept.folder / "names.json").read_text())
    originals = [home / "photos" / names[row] for row in rows]
    (script,) = (home / "export").rglob("classify.py")
    output = subprocess.run([sys.executable, script, *originals], capture_output=True, text=True, check=True).stdout
    said = [re.search(r": (\w+) \(", line)[1] for line in output.splitlines()]
    predictions = open_snapshot(DataFolder(home)).evaluation(model).predictions
    assert said == [kept.report.class_names[label] for label in predictions]


def test_a_preparation_is_cancelled_resumed_and_found_again_by_a_new_server(page, tmp_path):
    home = tmp_path / "home"
    source = many_photos(tmp_path / "many.zip")
    with served(home, autostart=False) as server:
        page.goto(f"{server.url}/data")
        drop(page, source)
        page.locator(".st-key-data-cancel button").click()
        expect(page.get_by_text("It resumes where it stopped.")).to_be_visible()
        page.locator(".st-key-data-resume button").click()
        page.locator(".st-key-data-cancel").wait_for()
    with served(home, autostart=False) as server:
        page.goto(f"{server.url}/data")
        resumed = page.locator(".st-key-data-resume button")
        ready = metric(page, "Images")
        expect(resumed.or_(ready)).to_be_visible()
        if resumed.is_visible():
            resumed.click()
        expect(ready).to_have_text("4,000")


def many_photos(path: Path) -> Path:
    """4,000 images, which take seconds to read."""
    with zipfile.ZipFile(path, "w") as archive:
        rng = np.random.default_rng(0)
        for number in range(4000):
            file = io.BytesIO()
            Image.fromarray(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)).save(file, "PNG")
            archive.writestr(f"{'ab'[number % 2]}/{number}.png", file.getvalue())
    return path


def test_a_folder_is_dropped_with_its_folders(page, tmp_path, photos):
    with zipfile.ZipFile(photos) as archive:
        archive.extractall(tmp_path / "unpacked")
    with served(tmp_path / "home", autostart=False) as server:
        page.goto(f"{server.url}/data")
        page.get_by_role("radio", name="A folder").click()
        page.locator("input[webkitdirectory]").set_input_files(tmp_path / "unpacked" / "trees")
        expect(metric(page, "Images")).to_have_text(str(PHOTOS - DAMAGED))
        page.get_by_text("10.0 % of the files of beech are damaged: go on without them?").click()
        add = page.get_by_role("button", name="Add", exact=True)
        expect(add).to_be_enabled()
        add.click()
        expect(page.get_by_text("58 images · 3 classes")).to_be_visible()
        page.get_by_role("button", name="Remove").click()
        expect(page.get_by_test_id("stDialog")).to_contain_text("MB of prepared images")
        page.get_by_test_id("stDialog").get_by_role("button", name="Remove").click()
        expect(page.get_by_text("58 images · 3 classes")).to_have_count(0)
    assert kept_datasets(tmp_path / "home") == []


def test_a_path_outside_the_allowed_folder_is_refused(page, tmp_path):
    (tmp_path / "srv").mkdir()
    (tmp_path / "secret").mkdir()
    with served(tmp_path / "home", autostart=False, data_root=tmp_path / "srv") as server:
        page.goto(f"{server.url}/data")
        page.get_by_role("radio", name="A path on the server").click()
        page.locator(".st-key-data-path input").fill("../secret")
        page.keyboard.press("Enter")
        page.locator(".st-key-data-path-start button").click()
        expect(page.get_by_text("A path must be below")).to_be_visible()


def test_on_a_phone_nothing_scrolls_sideways(page, tmp_path, photos):
    page.set_viewport_size({"width": 390, "height": 844})
    with served(tmp_path / "home", autostart=False) as server:
        page.goto(f"{server.url}/data")
        expect(page.get_by_text("None yet. Add your own images below.")).to_be_visible()
        assert page.evaluate(NO_SIDEWAYS)
        drop(page, photos)
        expect(page.get_by_text(re.compile("Mean brightness"))).to_be_visible()
        assert page.evaluate(NO_SIDEWAYS)
        expect(page.locator(".stException")).to_have_count(0)


def test_images_that_the_models_doubt_are_corrected_by_clicks_into_a_new_data_set(page, tmp_path):
    home = tmp_path / "home"
    write_catalogue(home, card=load_dataset("digits#140").card())
    with served(home, autostart=False) as server:
        page.goto(f"{server.url}/data")
        page.get_by_text("What the models say about digits#140").click()
        page.get_by_text("Label is wrong", exact=True).first.click()
        expect(page.get_by_text("1 label corrected")).to_be_visible()
        page.get_by_text("Leave out", exact=True).nth(1).click()
        expect(page.get_by_text("1 label corrected, 1 image left out")).to_be_visible()
        page.get_by_role("button", name="Make the data set").click()
        expect(page.get_by_text("Next: train models on it.")).to_be_visible()
    assert [kept.report.images for kept in kept_datasets(home)] == [139]


def test_the_diagram_of_a_space_opens_where_a_phone_has_room_for_it(page, tmp_path):
    home = tmp_path / "home"
    write_catalogue(home, space="residual")
    page.set_viewport_size({"width": 390, "height": 844})
    with served(home, population=0, autostart="false") as server:
        page.goto(f"{server.url}/data")
        button = page.get_by_role("button", name="Search space: residual")
        button.wait_for()
        page.add_style_tag(content="[data-testid=stMainBlockContainer] { padding-top: 400px !important }")
        button.click()
        diagram = page.get_by_test_id("stPopoverBody")
        expect(diagram.locator(".js-plotly-plot")).to_be_visible()
        page.wait_for_function("document.querySelector('[data-testid=stPopoverBody]').clientHeight > 350")
