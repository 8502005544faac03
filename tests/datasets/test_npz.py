import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_tasks import save_bars

from remap_core.datasets.readers.npz import read_archive
from remap_core.errors import DatasetError

IMAGES = np.zeros((20, 4, 4), dtype=np.uint8)
LABELS = np.arange(20) % 2
NAMES = np.array(["cat", "dog"])


def saved(path, **arrays):
    good = {"images": IMAGES, "labels": LABELS, "class_names": NAMES}
    np.savez(path, **{key: value for key, value in (good | arrays).items() if value is not None})
    return path


def refusal(path):
    with pytest.raises(DatasetError) as refused:
        read_archive(path)
    sentence = str(refused.value)
    assert sentence.startswith(f"{path}: ")
    assert "\n" not in sentence
    return sentence.removeprefix(f"{path}: ")


def test_an_archive_is_read_with_or_without_a_channel_axis(tmp_path):
    grey = np.arange(320, dtype=np.uint8).reshape(20, 4, 4)
    images, class_names = read_archive(saved(tmp_path / "grey.npz", images=grey, note=np.array([1])))
    assert (images.images[..., 0] == grey).all()
    assert images.labels.tolist() == LABELS.tolist()
    assert class_names == ("cat", "dog")
    colour, _ = read_archive(saved(tmp_path / "colour.npz", images=np.zeros((20, 4, 5, 3), dtype=np.uint8)))
    assert colour.images.shape == (20, 4, 5, 3)


@pytest.mark.parametrize(
    ("arrays", "rule"),
    [
        (
            {"labels": None},
            "images, labels, class_names are needed, but labels is missing: the file has images, class_names.",
        ),
        ({"images": IMAGES / 255}, "images must be uint8 (0..255), but they are float64."),
        ({"images": IMAGES[0]}, "images must be (n, height, width) or (n, height, width, channels)"),
        ({"images": np.zeros((20, 4, 4, 2), dtype=np.uint8)}, "images must have 1 or 3 channels, but they have 2."),
        ({"images": IMAGES[:19]}, "there must be as many labels as images, but there are 19 images and 20 labels."),
        ({"images": IMAGES.astype(object)}, "images must be a plain array, but it holds Python objects."),
        ({"labels": LABELS / 1}, "labels must be one integer per image, but they are float64 of shape (20,)."),
        ({"labels": LABELS[:, None]}, "labels must be one integer per image, but they are int64 of shape (20, 1)"),
        ({"labels": LABELS + 1}, "labels must be 0 to 1 (there are 2 class_names), but they are 1 to 2."),
        ({"labels": LABELS - 1}, "labels must be 0 to 1 (there are 2 class_names), but they are -1 to 0."),
        ({"labels": LABELS * 0}, 'at least two classes must have images, but all are of "cat".'),
        ({"labels": np.arange(20) < 6}, "labels must be one integer per image, but they are bool"),
        ({"labels": (np.arange(20) < 6) * 1}, 'needs at least 7 images to be split, but "dog" has 6.'),
        ({"class_names": NAMES[:1]}, "there must be 2 to 4096 classes, but there are 1."),
        ({"class_names": np.arange(4097).astype(str)}, "there must be 2 to 4096 classes, but there are 4097."),
        ({"class_names": np.array(["cat", "cat"])}, 'class names must be unique, but 2 are "cat".'),
        ({"class_names": np.array(["cat", "a\nb"])}, r"class names must be one line of text, but one is 'a\nb'."),
        ({"class_names": np.array(["cat", " "])}, "class names must be one line of text, but one is ' '."),
        ({"class_names": np.array([1, 2])}, "class_names must be a list of strings, but it is int64 of shape (2,)."),
        ({"class_names": NAMES.astype(object)}, "class_names must be a plain array, but it holds Python objects."),
    ],
)
def test_an_archive_that_breaks_a_rule_is_rejected_with_the_rule(tmp_path, arrays, rule):
    assert rule in refusal(saved(tmp_path / "bad.npz", **arrays))


def test_an_empty_archive_is_rejected(tmp_path):
    empty = {"images": IMAGES[:0], "labels": LABELS[:0]}
    assert "their shape is (0, 4, 4, 1)" in refusal(saved(tmp_path / "empty.npz", **empty))


def test_a_missing_file_is_rejected(tmp_path):
    assert refusal(tmp_path / "none.npz") == "there is no such file."
    assert refusal(tmp_path) == "there is no such file."


def test_a_single_array_named_like_an_archive_is_rejected(tmp_path):
    with (tmp_path / "array.npz").open("wb") as file:
        np.save(file, IMAGES)
    assert "not an .npz file" in refusal(tmp_path / "array.npz")


@pytest.mark.parametrize("size", [0, 1, 200, -1])
def test_an_incomplete_archive_is_rejected(tmp_path, size):
    whole = saved(tmp_path / "whole.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[:size])
    assert "not an .npz file, or it is incomplete" in refusal(tmp_path / "cut.npz")


def test_an_array_with_flipped_bytes_is_rejected_by_name(tmp_path):
    whole = bytearray(save_bars(tmp_path / "whole.npz").read_bytes())
    whole[1000] ^= 255  # among the pixels
    (tmp_path / "flipped.npz").write_bytes(whole)
    assert refusal(tmp_path / "flipped.npz").startswith("images is damaged (BadZipFile: ")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.data())
def test_any_damage_to_an_archive_gives_an_error_that_names_it(tmp_path, data):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, images=IMAGES, labels=LABELS, class_names=NAMES)
    content = bytearray(buffer.getvalue())
    at = data.draw(st.integers(0, len(content) - 1))
    patch = data.draw(st.binary(min_size=1, max_size=8))
    content[at : at + len(patch)] = patch
    path = tmp_path / "patched.npz"
    path.write_bytes(content)
    try:
        read_archive(path)
    except DatasetError as error:
        assert str(error).startswith(f"{path}: ")
