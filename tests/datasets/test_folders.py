"""Folders of Quick, Draw! bitmaps and of class folders."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from remap_core.datasets.dataset import load_dataset
from remap_core.datasets.readers.folders import read_folder
from remap_core.errors import DatasetError

RNG = np.random.default_rng(0)


def picture(height=5, width=4, mode="RGB") -> Image.Image:
    return Image.fromarray(RNG.integers(0, 256, (height, width, 3), dtype=np.uint8)).convert(mode)


@pytest.fixture
def photos(tmp_path):
    """Two class folders of ten PNG files, 5 pixels high and 4 wide."""
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(10):
            picture().save(tmp_path / "photos" / name / f"{number}.png")
    return tmp_path / "photos"


@pytest.fixture
def drawings(tmp_path):
    """Two files of bitmaps, of 20 and of 30 images."""
    folder = tmp_path / "drawings"
    folder.mkdir()
    np.save(folder / "full_numpy_bitmap_alarm clock.npy", RNG.integers(0, 256, (20, 784), dtype=np.uint8))
    np.save(folder / "apple.npy", RNG.integers(0, 256, (30, 784), dtype=np.uint8))
    return folder


def refusal(folder):
    with pytest.raises(DatasetError) as refused:
        load_dataset(f"{folder}/")
    sentence = str(refused.value)
    assert "\n" not in sentence
    return sentence


def test_class_folders_are_read_in_the_order_of_their_names(photos):
    source, class_names = read_folder(photos)
    assert class_names == ("cat", "dog")
    assert source.labels.tolist() == [0] * 10 + [1] * 10
    taken = source.take(np.array([13, 2]))
    assert taken.labels.tolist() == [1, 0]
    assert (taken.images[0] == np.asarray(Image.open(photos / "dog" / "3.png"))).all()
    assert (taken.images[1] == np.asarray(Image.open(photos / "cat" / "2.png"))).all()


def test_bitmaps_are_read_a_class_a_file_without_googles_prefix(drawings):
    source, class_names = read_folder(drawings)
    assert class_names == ("apple", "alarm clock")
    of_class = {name: np.load(next(drawings.glob(f"*{name}.npy"))) for name in class_names}
    rows = np.array([0, len(of_class[class_names[0]]), 1])
    taken = source.take(rows)
    assert taken.images.shape == (3, 28, 28, 1)
    assert taken.labels.tolist() == [0, 1, 0]
    assert (taken.images[1].ravel() == of_class[class_names[1]][0]).all()
    assert (taken.images[2].ravel() == of_class[class_names[0]][1]).all()


@pytest.mark.parametrize("folder", ["photos", "drawings"])
def test_a_folder_is_split_and_a_subset_of_it_is_class_balanced(request, folder):
    path = request.getfixturevalue(folder)
    whole, subset = load_dataset(str(path)), load_dataset(f"{path}#20")
    assert (subset.name, subset.class_names) == (f"{path}#20", whole.class_names)
    parts = (subset.train, subset.validation, subset.test)
    assert np.bincount(np.concatenate([part.labels for part in parts])).tolist() == [10, 10]
    sealed = {image.tobytes() for image in whole.test.images}
    assert not sealed & {image.tobytes() for image in whole.train.images}
    assert {image.tobytes() for image in subset.test.images} <= sealed


def test_hidden_files_and_those_beside_the_classes_are_left_alone(photos, drawings):
    for folder in (photos, photos / "cat", drawings):
        (folder / ".DS_Store").write_bytes(b"\0")
        (folder / "._0.png").write_bytes(b"\0")
        (folder / ".ipynb_checkpoints").mkdir()
    for folder in (photos, drawings):
        (folder / "LICENSE").write_text("CC BY 4.0")
    assert len(read_folder(photos)[0].labels) == 20
    assert len(read_folder(drawings)[0].labels) == 50


def test_jpeg_files_are_read_under_each_of_their_endings(photos):
    for ending in ("jpg", "jpeg", "JPG"):
        picture().save(photos / "cat" / f"x.{ending}", format="JPEG")
    assert len(load_dataset(str(photos)).train) == 16


def test_grey_images_stay_grey_and_become_rgb_beside_one_that_is(photos):
    for file in photos.glob("*/*.png"):
        picture(mode="L").save(file)
    assert load_dataset(str(photos)).input_shape == (1, 5, 4)
    picture(mode="P").save(photos / "dog" / "9.png")
    coloured = load_dataset(str(photos))
    assert coloured.input_shape == (3, 5, 4)
    grey = np.asarray(Image.open(photos / "cat" / "0.png"))
    parts = (coloured.train, coloured.validation, coloured.test)
    assert any((image == grey[..., np.newaxis]).all() for part in parts for image in part.images)


@pytest.mark.parametrize(
    ("name", "change", "rule"),
    [
        ("9.png", lambda file: picture(4, 5).save(file), "images must be of one size, but this one is 4 x 5 and"),
        ("9.png", lambda file: picture(mode="RGBA").save(file), "must be grey or RGB with 8 bits a channel, but this"),
        ("9.png", lambda file: picture(mode="LA").save(file), "8 bits a channel, but this one is transparent."),
        ("9.png", lambda file: picture(mode="I;16").save(file), "8 bits a channel, but this one is of mode I;16."),
        ("x.jpg", lambda file: picture(mode="CMYK").save(file), "8 bits a channel, but this one is of mode CMYK."),
        ("9.png", lambda file: file.write_bytes(b""), "this is neither a PNG nor a JPEG image, or it is damaged."),
        ("9.png", lambda file: file.write_text("<svg/>"), "this is neither a PNG nor a JPEG image, or it is damaged."),
        ("9.png", lambda file: picture().save(file, format="GIF"), "this is neither a PNG nor a JPEG image, or it is"),
        ("9.png", lambda file: file.write_bytes(file.read_bytes()[:60]), "the image cannot be read (OSError: image fi"),
        ("x.gif", lambda file: picture().save(file), "class folders must hold PNG and JPEG files alone."),
        ("notes.txt", lambda file: file.write_text("x"), "class folders must hold PNG and JPEG files alone."),
        ("more", lambda file: file.mkdir(), "class folders must hold PNG and JPEG files alone."),
        ("more.png", lambda file: file.mkdir(), "class folders must hold PNG and JPEG files alone."),
        ("pipe.png", os.mkfifo, "class folders must hold PNG and JPEG files alone."),
        ("link.png", lambda file: file.symlink_to("nowhere"), "class folders must hold PNG and JPEG files alone."),
    ],
)
def test_an_image_that_breaks_a_rule_is_refused_by_name(photos, name, change, rule):
    file = photos / "dog" / name
    change(file)
    assert refusal(photos).startswith(f"{file}: ")
    assert rule in refusal(photos)


def test_an_image_whose_name_cannot_be_shown_is_read_and_refused_in_one_line(photos):
    odd = photos / "dog" / "a\nb\udcff.png"
    picture().save(odd)
    assert len(read_folder(photos)[0].labels) == 21
    odd.write_bytes(b"")
    assert refusal(photos).startswith(f"'{photos}/dog/a\\nb\\udcff.png': this is neither")


@pytest.mark.parametrize("name", ["a\nb", "\udcff", " "])
def test_class_folders_whose_names_cannot_be_shown_are_refused(photos, name):
    (photos / "dog").rename(photos / name)
    assert refusal(photos) == f"{photos}: names of classes must be a line of text, but one is {name!a}."


def test_a_class_folder_without_images_is_refused(photos):
    (photos / "eel").mkdir()
    assert refusal(photos) == f'{photos}: every class needs at least 7 images to be split, but "eel" has 0.'


def test_too_few_or_too_many_classes_are_refused(photos):
    for number in range(255):
        (photos / str(number)).mkdir()
    assert refusal(photos) == f"{photos}: there must be 2 to 256 classes, but the count is 257."
    assert "there must be 2 to 256 classes, but the count is 1." in refusal_of_one(photos)


def refusal_of_one(photos):
    alone = photos.parent / "alone"
    alone.mkdir()
    (photos / "cat").rename(alone / "cat")
    return refusal(alone)


def test_a_folder_of_neither_or_of_both_kinds_is_refused(photos, drawings, tmp_path):
    (tmp_path / "loose").mkdir()
    picture().save(tmp_path / "loose" / "0.png")
    rule = "a folder must hold an .npy file or a folder for each class, but it holds"
    assert refusal(tmp_path / "loose") == f"{tmp_path}/loose: {rule} neither."
    (drawings / "pear").mkdir()
    assert refusal(drawings) == f"{drawings}: {rule} both."


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"")
    assert refusal(tmp_path / "a.zip") == f"{tmp_path}/a.zip: there is no such folder, and no such .npz file."


@pytest.mark.parametrize("folder", ["photos", "photos/cat"])
def test_a_folder_that_may_not_be_read_is_said(photos, monkeypatch, folder):
    locked, entries = photos.parent / folder, Path.iterdir

    def refuse(path):
        if path == locked:
            raise PermissionError(13, "Permission denied")
        return entries(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert refusal(photos) == f"{locked}: it cannot be read (Permission denied)."


def test_what_a_library_says_in_many_lines_is_told_in_one(drawings):
    head = f"{{'descr': '|u1', 'fortran_order': False, 'shape': (30, 784), {' ' * 20_000}}}\n".encode()
    file = drawings / "apple.npy"
    file.write_bytes(b"\x93NUMPY\x02\x00" + len(head).to_bytes(4, "little") + head + bytes(30 * 784))
    assert refusal(drawings).startswith(f"{file}: the file cannot be read (ValueError: Header info length (20")
    assert "allow_pickle" not in refusal(drawings)


@pytest.mark.parametrize(
    ("bitmaps", "rule"),
    [
        (
            np.zeros((20, 28, 28), np.uint8),
            "bitmaps must be (n, 784) uint8, but these are uint8 of shape (20, 28, 28).",
        ),
        (np.zeros((20, 784)), "bitmaps must be (n, 784) uint8, but these are float64 of shape (20, 784)."),
        (np.uint8(7), "bitmaps must be (n, 784) uint8, but these are uint8 of shape ()."),
        (
            np.array([{}] * 20, dtype=object),
            "the file cannot be read (ValueError: Array can't be memory-mapped: Python",
        ),
    ],
)
def test_bitmaps_that_break_a_rule_are_refused_by_file(drawings, bitmaps, rule):
    np.save(drawings / "apple.npy", bitmaps, allow_pickle=True)
    assert refusal(drawings).startswith(f"{drawings}/apple.npy: {rule}")


@pytest.mark.parametrize("size", [0, 5, 60, 300, -1])
def test_a_file_of_bitmaps_that_was_cut_short_is_refused(drawings, size):
    file = drawings / "apple.npy"
    file.write_bytes(file.read_bytes()[:size])
    assert refusal(drawings).startswith(f"{file}: the file cannot be read (ValueError: ")


def test_bitmaps_of_no_image_or_of_one_class_twice_are_refused(drawings):
    np.save(drawings / "apple.npy", np.zeros((0, 784), np.uint8))
    assert "at least two classes must have images" in refusal(drawings)
    np.save(drawings / "alarm clock.npy", np.zeros((20, 784), np.uint8))
    assert refusal(drawings) == f'{drawings}: names of classes must differ, but 2 are "alarm clock".'


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(st.data())
def test_whatever_happened_to_a_file_there_is_a_sentence(photos, drawings, data):
    file = data.draw(st.sampled_from([photos / "cat" / "3.png", drawings / "apple.npy"]))
    content = file.read_bytes()
    at = data.draw(st.integers(0, 200))
    patch = data.draw(st.binary(min_size=1, max_size=8))
    file.write_bytes(content[:at] + patch + content[at + len(patch) :])
    try:
        load_dataset(str(photos if file.suffix == ".png" else drawings))
    except DatasetError as error:
        assert str(error).startswith((f"{file}: ", f"{file.parent}: ", f"{file.parent.parent}: "))
        assert "\n" not in str(error)
    finally:
        file.write_bytes(content)


@pytest.mark.data
def test_real_drawings_are_the_same_from_a_folder_and_from_an_archive(image_data, tmp_path):
    path = f"{image_data}/quickdraw_test.npz"
    with np.load(path) as archive:
        names, images, labels = (archive[key] for key in ("class_names", "images", "labels"))
    for label, name in enumerate(names):
        np.save(tmp_path / f"full_numpy_bitmap_{name}.npy", images[labels == label].reshape(-1, 784))
    of_folder, of_archive = load_dataset(f"{tmp_path}#700"), load_dataset(f"{path}#700")
    assert of_folder.class_names == of_archive.class_names
    assert {image.tobytes() for image in of_folder.test.images} == {image.tobytes() for image in of_archive.test.images}
