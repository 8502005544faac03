"""Files and cards of models in a catalogue whose weights are not those that its results came from."""

import io
import json
import re
import zipfile
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
from catalogues import CARD, write_catalogue
from PIL import Image
from weights import leave_weights

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.validation_images import write_validation_images
from remap_core.drawing.model_card.card_html import card_html
from remap_core.drawing.model_card.card_markdown import card_markdown
from remap_core.errors import ExportFailed, InvalidArgument
from remap_core.exports.onnx_file import onnx_bytes
from remap_core.services.exporting.card_contents import model_card
from remap_core.services.exporting.checked_export import quick_check
from remap_core.services.exporting.export_source import ExportSource
from remap_core.services.exporting.export_zip import ZipRequest, export_zip

NOW = 1_800_000_000.0


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with the weights of models 1, 2 and 6; those of the others are gone."""
    folder = write_catalogue(tmp_path_factory.mktemp("exported") / "home")
    for model in (1, 2, 6):
        leave_weights(folder, model)
    rng = np.random.default_rng(0)
    write_validation_images(folder, "digits", rng.integers(0, 256, (20, 8, 8, 1), dtype=np.uint8))
    return folder


def source(home, model: int) -> ExportSource:
    return ExportSource.of(open_snapshot(home), home, model)


@pytest.fixture(scope="module")
def card(home):
    return model_card(source(home, 6), NOW, "CC-BY <4.0>")


def test_a_card_has_the_numbers_of_the_catalogue(home, card):
    catalogue = open_snapshot(home)
    trial, evaluation = catalogue.trial(6), catalogue.evaluation(6)
    text = card_markdown(card)
    assert f"| Parameters | {trial.architecture.parameters:,} |" in text
    assert f"| Accuracy (validation) | {100 * evaluation.accuracy:.1f} % (" in text
    assert "| Latency | 0.12 ms for 1 image, 3.4 ms for 256 (cpu, 1 thread, float32) |" in text
    for name, row in zip(CARD.class_names, evaluation.confusion.tolist(), strict=True):
        assert f"| **{name}** | {' | '.join(map(str, row))} |" in text
    assert "Lineage: from \\#1 (52.0 %): Removed layer 2 (ReLU)" in text
    assert "70 training, 20 validation, 10 sealed test" in text
    assert "RAM and flash, int8" in text
    assert "15 January 2027" in text


def test_what_is_typed_on_a_card_is_shown_literally(card):
    assert 'license: "CC-BY <4.0>"' in card_markdown(card)
    assert "CC-BY \\<4.0\\>" in card_markdown(card)
    assert "CC-BY &lt;4.0&gt;" in card_html(card)


EVIL = "<script>alert(1)</script>![x](javascript:alert(1))|`a`[snac]"


def test_names_of_classes_are_text_on_a_card(card):
    dataset = replace(card.dataset, class_names=(EVIL, *card.dataset.class_names[1:]))
    html = card_html(replace(card, dataset=dataset))
    assert EVIL in unescape(re.sub(r"<[^>]*>", "", html))
    assert "<script" not in html
    assert not re.search(r"<[^>]*javascript:", html)
    assert html.count("<svg") == 1


def test_a_card_as_html_has_its_picture_and_its_examples_inside(card):
    html = card_html(card)
    assert html.count("<svg") == 1
    assert "![" not in html
    assert "import * as ort from &quot;onnxruntime-web&quot;;" in html


def test_a_loss_is_a_warning_on_the_card(home, card):
    assert quick_check(source(home, 6)).is_lossy  # its weights are not those of the recorded results
    assert "> **Warning, ONNX:** This file loses accuracy: " in card_markdown(card)


def test_several_models_leave_in_a_folder_each_and_what_cannot_is_said(home):
    shares = []
    request = ZipRequest([1, 3, 2, 1], NOW, forms=(".int8.onnx", ".json"))
    made = export_zip(open_snapshot(home), home, request, lambda share, what: shares.append(share))
    with zipfile.ZipFile(io.BytesIO(made.content)) as archive:
        names = set(archive.namelist())
        readme = archive.read("README.txt").decode()
        architecture = json.loads(archive.read("model-2/model-2.json"))
    assert names == {
        "model-1/model-1.int8.onnx",
        "model-1/model-1.json",
        "model-2/model-2.int8.onnx",
        "model-2/model-2.json",
        "README.txt",
    }
    assert architecture == open_snapshot(home).trial(2).architecture.to_json()
    assert "Model 3 has no weights in the data folder, so it cannot be exported." in made.warnings
    assert any(warning.startswith("model-2/model-2.int8.onnx: This file loses accuracy") for warning in made.warnings)
    assert "model-1/model-1.int8.onnx: Verified on 20 validation images: " in readme
    assert shares == sorted(shares)
    assert shares[0] == 0


def test_a_card_in_a_zip_names_the_picture_next_to_it(home):
    made = export_zip(open_snapshot(home), home, ZipRequest([2], NOW, forms=(".md",)))
    with zipfile.ZipFile(io.BytesIO(made.content)) as archive:
        assert archive.read("model-2/README.md").decode().endswith("[snac]: model-2.svg\n")
        assert archive.read("model-2/model-2.svg").startswith(b"<svg")


@pytest.mark.parametrize(
    ("models", "forms", "error", "sentence"),
    [
        ([3, 4], (".onnx",), ExportFailed, "Model 3 has no weights"),
        ([], (".onnx",), InvalidArgument, "at least one model and one form"),
        ([1], (), InvalidArgument, "at least one model and one form"),
        ([1], (".pt",), ExportFailed, r"one of \.onnx, .*, but not as \.pt"),
    ],
)
def test_a_zip_of_nothing_is_refused_in_a_sentence(home, models, forms, error, sentence):
    with pytest.raises(error, match=sentence):
        export_zip(open_snapshot(home), home, ZipRequest(models, NOW, forms=forms))


def test_python_on_a_card_runs(home, card, tmp_path, monkeypatch, capsys):
    (tmp_path / "model-6.onnx").write_bytes(onnx_bytes(source(home, 6).model))
    Image.new("RGB", (20, 30), "white").save(tmp_path / "photo.png")
    monkeypatch.chdir(tmp_path)
    code = card_markdown(card).split("```python\n")[1].split("```")[0]
    exec(code, {})  # noqa: S102 (our own)
    assert capsys.readouterr().out.strip() in CARD.class_names
