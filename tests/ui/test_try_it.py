"""The tab "Try it", and what explains a misclassified image: pictures in, probabilities and reasons out."""

import re
import sys
from io import BytesIO

import numpy as np
import onnxruntime
import pytest
from apps import go, opened, said
from catalogues import write_catalogue
from PIL import Image
from streamlit.testing.v1 import AppTest
from weights import leave_weights

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.validation_images import write_validation_images
from remap_core.exports.onnx_file import onnx_bytes
from remap_core.services.model_files import finished_model

IMAGES = np.arange(20 * 64, dtype=np.int64).reshape(20, 8, 8, 1).astype(np.uint8)


@pytest.fixture
def folder(home):
    folder = write_catalogue(home)
    leave_weights(folder, 2)
    return folder


def png(image: Image.Image, **options) -> bytes:
    file = BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def uploading() -> AppTest:
    app = opened("inspect", model="2", tab="try-it")
    app.segmented_control(key="try-way-1").set_value("Upload").run()
    return app


def upload(content: bytes, app: AppTest | None = None) -> AppTest:
    """The tab after a file was dropped on it."""
    app = app or uploading()
    app.file_uploader(key="try-upload").set_value(("dropped", content, "image/png")).run()
    assert not app.exception
    return app


def html(app: AppTest) -> str:
    return "\n".join(element.proto.body for element in app.get("html"))


def percentages(app: AppTest) -> list[float]:
    """Of the five most probable classes."""
    (bars,) = (element.proto.body for element in app.get("html") if "other classes" in element.proto.body)
    return [float(text) for text in re.findall(r">([\d.]+) %</div></div>", bars)]


def answers_of(folder, pixels: np.ndarray) -> np.ndarray:
    """What onnxruntime says of an image (8, 8), in percent, the most probable classes first."""
    content = onnx_bytes(finished_model(open_snapshot(folder), folder, 2))
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    logits = session.run(None, {"images": pixels[np.newaxis, np.newaxis]})[0][0].astype(float)
    return np.sort(100 * np.exp(logits) / np.exp(logits).sum())[::-1]


def test_a_dropped_picture_stays_while_another_page_is_shown_and_until_it_is_removed(folder):
    app = upload(png(Image.fromarray(IMAGES[7, :, :, 0])))
    answered = percentages(app)
    go(app, "overview")
    app = go(app, "inspect")
    assert percentages(app) == answered
    assert "This is the picture that you chose before." in said(app)
    app.button(key="try-upload-remove").click().run()
    assert "Drop a picture of any size" in said(app)


def test_a_dropped_picture_is_answered_as_by_the_exported_network(folder):
    app = upload(png(Image.fromarray(IMAGES[7, :, :, 0])))
    assert percentages(app) == pytest.approx(answers_of(folder, IMAGES[7, :, :, 0])[:5], abs=0.051)
    words = said(app)
    assert "A photo is squashed to 8 x 8 pixels, made grey, which is a guess" in words
    assert "What the model sees" in html(app)
    assert "What speaks for " in html(app)
    assert "patch of 2 x 2 pixels" in words
    (choice,) = (box for box in app.selectbox if box.label == "What speaks for")
    last = choice.options[-1].split(",")[0]
    choice.set_value(int(last)).run()
    assert f"alt='What speaks for {last}'" in html(app)


def test_a_picture_of_another_size_and_mode_is_brought_to_the_models(folder):
    wide = Image.effect_noise((90, 31), 80).convert("RGB")
    app = upload(png(wide))
    small = np.asarray(wide.convert("L").resize((8, 8), Image.Resampling.LANCZOS, reducing_gap=2.0))
    assert percentages(app) == pytest.approx(answers_of(folder, small)[:5], abs=0.051)


UNUSABLE = {
    b"not a picture": "This picture cannot be used: it is not an image, or it is damaged.",
    b"": "This picture cannot be used: the file is empty.",
    b"P5 30000 30000 255\n" + bytes(99): "it has 900,000,000 pixels, more than the 64,000,000 allowed.",
    b"P5 30 30 255\n" + bytes(99): "This picture cannot be used: the image is damaged (OSError: ",
}


def test_a_picture_that_cannot_be_used_gets_one_sentence(folder):
    app = uploading()
    assert "Drop a picture of any size" in said(app)
    for content, sentence in UNUSABLE.items():
        (error,) = upload(content, app).error
        assert sentence in error.value.replace("\\", "")
        assert "What speaks for" not in html(app)


def test_an_animation_and_transparency_are_said(folder):
    app = uploading()
    frames = [Image.new("L", (8, 8), value) for value in (10, 200)]
    upload(png(frames[0], save_all=True, append_images=frames[1:]), app)
    assert "It has several frames: the first is used." in said(app)
    upload(png(Image.new("RGBA", (8, 8))), app)
    assert "What is transparent in it is white." in said(app)


def test_dark_ink_on_paper_can_be_inverted(folder):
    paper = Image.new("L", (8, 8), 255)
    app = upload(png(paper))
    light = percentages(app)
    toggle = app.toggle(key="try-2-invert")
    assert "try inverting it" in said(app)
    assert light == pytest.approx(answers_of(folder, np.asarray(paper))[:5], abs=0.051)
    toggle.set_value(True).run()
    assert percentages(app) == pytest.approx(answers_of(folder, np.zeros((8, 8), np.uint8))[:5], abs=0.051)


def test_an_empty_drawing_and_a_missing_photo_say_what_to_do(folder):
    app = opened("inspect", model="2", tab="try-it")
    assert "Nothing is drawn yet: draw with the mouse, a pen or a finger." in said(app)
    app.segmented_control(key="try-way-1").set_value("Webcam").run()
    assert "If the browser refuses the camera, allow it beside the address, or use Upload." in said(app)
    assert "What speaks for" not in html(app)


def test_a_drawing_that_was_kept_is_answered_and_nonsense_is_refused(folder):
    app = opened("inspect", model="2", tab="try-it")
    app.session_state["try-canvas-kept"] = [[[0.2, 0.5], [0.8, 0.5]]]
    app.run()
    assert len(percentages(app)) == 5
    app.session_state["try-canvas-kept"] = "nonsense"
    app.run()
    assert "This picture cannot be used: a drawing must be a list of strokes" in app.error[0].value


def test_pages_without_scripts_of_ours_offer_no_canvas(folder, monkeypatch):
    monkeypatch.setenv("REMAP_EVENTS", "package")
    app = opened("inspect", model="2", tab="try-it")
    assert app.segmented_control(key="try-way-1").options == ["Upload", "Webcam"]


def test_two_models_answer_to_the_same_picture(folder):
    leave_weights(folder, 4)
    app = opened("inspect", model="2", compare="4", tab="try-it")
    app.session_state["try-canvas-kept"] = [[[0.2, 0.5], [0.8, 0.5]]]
    app.run()
    assert html(app).count("What the model sees") == 4  # in words and as the alternative text
    assert {"###### #2", "###### #4"} <= set(said(app).splitlines())


@pytest.mark.parametrize(
    ("options", "model", "sentence"),
    [
        ({}, "1", "Model 1 has no weights in the data folder, so it cannot be tried."),
        ({"waiting": 1}, "7", "Model 7 is waiting: it can be tried once its training is complete."),
        ({"failed": 1}, "7", "Only complete models can be tried, but Model 7 is failed."),
    ],
)
def test_a_model_that_cannot_be_tried_says_why(home, options, model, sentence):
    write_catalogue(home, **options)
    app = opened("inspect", model=model, tab="try-it")
    assert [info.value for info in app.info if "tried" in info.value] == [sentence]
    assert not app.file_uploader


def test_without_onnxruntime_the_tab_says_how_to_get_it(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert "which is not installed: pip install onnxruntime." in said(opened("inspect", model="2", tab="try-it"))


# Images


def test_a_misclassified_image_is_explained_when_it_is_chosen(folder):
    write_validation_images(folder, "digits", IMAGES)
    app = opened("inspect", model="2", tab="images")
    (choice,) = (box for box in app.selectbox if box.label == "Explain an image")
    assert choice.value is None
    assert choice.options[0].startswith("1: ")
    assert "What the model sees" not in html(app)
    choice.set_value(0).run()
    assert "What the model sees" in html(app)
    assert "What speaks for " in html(app)


def test_an_image_of_a_model_without_weights_is_not_explained_and_the_page_says_why(home):
    write_validation_images(write_catalogue(home), "digits", IMAGES)
    app = opened("inspect", model="1", tab="images")
    next(box for box in app.selectbox if box.label == "Explain an image").set_value(0).run()
    assert "Model 1 has no weights in the data folder, so it cannot be tried." in said(app)
