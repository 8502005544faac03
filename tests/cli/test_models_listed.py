"""`remap models`, and memory in `remap describe`, as they are typed."""

import json
from contextlib import closing
from dataclasses import replace

import pytest
from catalogues import CARD, write_catalogue
from typer.testing import CliRunner

from remap_core.catalogue.snapshot import Publisher, open_snapshot
from remap_core.catalogue.store import CatalogueStore
from remap_core.cli.typer_app import app
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import InvalidView, NotFound
from remap_core.space.footprint import footprint


@pytest.fixture
def remap(monkeypatch, tmp_path):
    monkeypatch.setenv("REMAP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("REMAP_DATASET", "digits")
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words):
        return CliRunner().invoke(app, list(map(str, words)))

    return run


def test_the_most_accurate_models_come_first_with_what_they_need(remap, tmp_path):
    catalogue = open_snapshot(write_catalogue(tmp_path / "home"))
    found = json.loads(remap("models", "-n", 3, "--json").stdout)
    assert [one["accuracy"] for one in found] == sorted((one["accuracy"] for one in found), reverse=True)
    assert len(found) == 3
    for one in found:
        needed = footprint(catalogue.trial(one["model"]).architecture, int8=True)
        assert (one["format"], one["ram_bytes"], one["flash_bytes"]) == ("int8", needed.ram_bytes, needed.flash_bytes)


def test_a_target_says_its_room_and_counts_in_its_number_format(remap, tmp_path):
    write_catalogue(tmp_path / "home")
    assert (
        "Fits Arduino Nano 33 BLE: room for 192 KB of RAM" in remap("models", "--target", "arduino-nano-33-ble").stdout
    )
    assert {one["format"] for one in json.loads(remap("models", "--target", "browser", "--json").stdout)} == {"float32"}


def test_a_target_that_no_image_of_the_data_set_fits_is_one_sentence(remap, tmp_path):
    large = replace(CARD, input_shape=(3, 512, 512))
    write_catalogue(tmp_path / "home", card=large)
    error = remap("models", "--target", "esp32-s3").exception
    assert isinstance(error, InvalidView)
    assert str(error).startswith("No network for images of 3 x 512 x 512 fits ESP32-S3: the smallest one needs 768 KB")


def test_no_finished_models_is_one_sentence(remap, tmp_path):
    folder = DataFolder(tmp_path / "home")
    with closing(CatalogueStore.open(folder)) as store:
        store.register_dataset(CARD)
        Publisher(store, folder).publish()
    error = remap("models").exception
    assert isinstance(error, NotFound)
    assert str(error) == "digits has no finished models yet."


def test_describe_has_ram_and_flash_in_both_formats(remap, tmp_path):
    file = tmp_path / "one.json"
    file.write_text(json.dumps({"input_shape": [1, 8, 8], "classes": 10, "layers": []}))
    said = json.loads(remap("describe", file, "--json").stdout)
    assert said["int8"] == {"ram_bytes": 74, "flash_bytes": 640 + 120 + 1024 + 2048}
    assert said["float32"] == {"ram_bytes": 296, "flash_bytes": 2600 + 1024 + 512}
    assert "int8: 0.072 KB of RAM, 3.7 KB of flash" in remap("describe", file).stdout
