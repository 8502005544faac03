"""Folders of PNG and JPEG files."""

import os
from pathlib import Path

import numpy as np
import pytest
from image_folders import picture, refusal
from PIL import Image

from remap_core.datasets import rules
from remap_core.datasets.dataset import load_dataset
from remap_core.datasets.readers.folders import read_folder


def test_classes_and_images_are_sorted_by_name(photos):
    source, class_names = read_folder(photos)
    assert class_names == ("cat", "dog")
    assert source.labels.tolist() == [0] * 10 + [1] * 10
    taken = source.take(np.array([13, 2]))
    assert taken.labels.tolist() == [1, 0]
    assert (taken.images[0] == np.asarray(Image.open(photos / "dog" / "3.png"))).all()
    assert (taken.images[1] == np.asarray(Image.open(photos / "cat" / "2.png"))).all()


def test_jpeg_files_are_read_with_each_suffix(photos):
    for ending in ("jpg", "jpeg", "JPG"):
        picture().save(photos / "cat" / f"x.{ending}", format="JPEG")
    assert len(load_dataset(str(photos)).train) == 16


def test_grey_images_stay_grey_unless_one_is_rgb(photos):
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
        (
            "9.png",
            lambda file: picture(mode="RGBA").save(file),
            "must be grey or RGB with 8 bits per channel, but",
        ),
        ("9.png", lambda file: picture(mode="LA").save(file), "8 bits per channel, but this one is transparent."),
        ("9.png", lambda file: picture(mode="I;16").save(file), "8 bits per channel, but this one is of mode I;16."),
        ("x.jpg", lambda file: picture(mode="CMYK").save(file), "8 bits per channel, but this one is of mode CMYK."),
        ("9.png", lambda file: file.write_bytes(b""), "this is neither a PNG nor a JPEG image, or it is damaged."),
        ("9.png", lambda file: file.write_text("<svg/>"), "this is neither a PNG nor a JPEG image, or it is damaged."),
        ("9.png", lambda file: picture().save(file, format="GIF"), "this is neither a PNG nor a JPEG image, or it is"),
        ("9.png", lambda file: file.write_bytes(file.read_bytes()[:60]), "the image cannot be read (OSError: image fi"),
        ("x.gif", lambda file: picture().save(file), "class folders may contain only PNG and JPEG files."),
        ("notes.txt", lambda file: file.write_text("x"), "class folders may contain only PNG and JPEG files."),
        ("more", lambda file: file.mkdir(), "class folders may contain only PNG and JPEG files."),
        ("more.png", lambda file: file.mkdir(), "class folders may contain only PNG and JPEG files."),
        ("pipe.png", os.mkfifo, "class folders may contain only PNG and JPEG files."),
        ("link.png", lambda file: file.symlink_to("nowhere"), "class folders may contain only PNG and JPEG files."),
    ],
)
def test_an_image_that_breaks_a_rule_is_rejected_by_name(photos, name, change, rule):
    file = photos / "dog" / name
    change(file)
    assert refusal(photos).startswith(f"{file}: ")
    assert rule in refusal(photos)


def test_an_image_with_an_unprintable_name_is_read_and_rejected_in_one_line(photos):
    odd = photos / "dog" / "a\nb\udcff.png"
    picture().save(odd)
    assert len(read_folder(photos)[0].labels) == 21
    odd.write_bytes(b"")
    assert refusal(photos).startswith(f"'{photos}/dog/a\\nb\\udcff.png': this is neither")


@pytest.mark.parametrize("name", ["a\nb", "\udcff", " "])
def test_class_folders_with_unprintable_names_are_rejected(photos, name):
    (photos / "dog").rename(photos / name)
    assert refusal(photos) == f"{photos}: class names must be one line of text, but one is {name!a}."


def test_a_class_folder_without_images_is_rejected(photos):
    (photos / "eel").mkdir()
    assert refusal(photos) == f'{photos}: every class needs at least 7 images to be split, but "eel" has 0.'


def test_too_few_or_too_many_classes_are_rejected(photos, monkeypatch):
    monkeypatch.setattr(rules, "MAX_CLASSES", 256)
    for number in range(255):
        (photos / str(number)).mkdir()
    assert refusal(photos) == f"{photos}: there must be 2 to 256 classes, but there are 257."
    assert "there must be 2 to 256 classes, but there are 1." in refusal_of_one(photos)


def refusal_of_one(photos):
    alone = photos.parent / "alone"
    alone.mkdir()
    (photos / "cat").rename(alone / "cat")
    return refusal(alone)


@pytest.mark.parametrize("folder", ["photos", "photos/cat"])
def test_a_folder_without_permission_is_named(photos, monkeypatch, folder):
    locked, entries = photos.parent / folder, Path.iterdir

    def refuse(path):
        if path == locked:
            raise PermissionError(13, "Permission denied")
        return entries(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert refusal(photos) == f"{locked}: it cannot be read (Permission denied)."
