"""Somebody's own photos in the browser: dropped, looked at, trained on, exported."""

import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from browsing import served, wait_for_circles
from photos import write_photos
from PIL import Image
from playwright.sync_api import Page, expect

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.datasets.dataset import load_dataset
from remap_core.datasets.kept import kept_datasets
from remap_core.exports.export_formats import export
from remap_core.services.model_files import finished_model
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


def test_from_dropped_photos_to_an_exported_model_that_says_what_the_app_says(page, tmp_path, photos):
    home = tmp_path / "home"
    with served(home, population=8, epochs=2) as server:
        page.goto(f"{server.url}/data")
        drop(page, photos)
        expect(metric(page, "Images")).to_have_text(str(PHOTOS - DAMAGED))
        expect(metric(page, "Skipped files")).to_have_text(str(DAMAGED))
        expect(page.get_by_text("A nearest-mean classifier gets")).to_be_visible()
        expect(page.get_by_alt_text("beech, original")).to_have_count(8)
        expect(page.get_by_alt_text("beech, as the network sees it")).to_have_count(8)
        page.get_by_text("10.0 % of the files of beech are damaged: is that so?").click()
        page.get_by_role("button", name="Add and train 8 models").click()
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        wait_for_circles(page, at_least=8)
        assert "dataset=trees" in page.url
        (kept,) = kept_datasets(home)
        best = open_snapshot(DataFolder(home)).best(kept.name)
    assert best is not None
    assert best.state is TrialState.COMPLETE
    assert_onnxruntime_agrees(home, kept.name, best.id)


def assert_onnxruntime_agrees(home: Path, name: str, model: int) -> None:
    """The exported model classifies the validation images as the app did."""
    onnxruntime = pytest.importorskip("onnxruntime")
    folder = DataFolder(home)
    catalogue = open_snapshot(folder)
    session = onnxruntime.InferenceSession(export(finished_model(catalogue, folder, model), "model.onnx"))
    images = load_dataset(name, home).validation.images
    (logits,) = session.run(None, {session.get_inputs()[0].name: images.transpose(0, 3, 1, 2)})
    np.testing.assert_array_equal(logits.argmax(axis=1), catalogue.evaluation(model).predictions)


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
        page.get_by_text("10.0 % of the files of beech are damaged: is that so?").click()
        page.locator(".st-key-data-add button").click()
        expect(page.get_by_text("58 images · 3 classes")).to_be_visible()
        page.get_by_role("button", name="Remove").click()
        expect(page.get_by_role("dialog")).to_contain_text("MB of prepared images")
        page.get_by_role("dialog").get_by_role("button", name="Remove").click()
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
