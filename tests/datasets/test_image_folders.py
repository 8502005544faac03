"""Folders of images in the layouts that people have: every one loads, and what was done is said."""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from image_folders import picture, problem_of, report_on, write_classes
from PIL import Image

from remap_core.datasets.preparation.intake import prepare
from remap_core.datasets.recipe import Choices


@pytest.fixture
def photos(tmp_path):
    return write_classes(tmp_path / "photos")


def test_classes_are_folders_in_the_order_of_their_names_at_any_depth(photos):
    deep = photos / "cat" / "monday" / "morning"
    deep.mkdir(parents=True)
    picture().save(deep / "11.png")
    report = report_on(photos)
    assert (report.form, report.class_names, report.per_class) == ("class folders", ("cat", "dog"), (11, 10))


def test_numbers_as_names_of_classes_are_in_the_order_of_their_values(tmp_path):
    assert report_on(write_classes(tmp_path / "numbers", ("2", "10", "1"))).class_names == ("1", "2", "10")


def test_folders_that_hold_everything_are_looked_through(photos, tmp_path):
    outer = tmp_path / "download" / "archive"
    outer.mkdir(parents=True)
    photos.rename(outer / "photos")
    assert report_on(tmp_path / "download").class_names == ("cat", "dog")


@pytest.mark.parametrize(
    "litter", [".DS_Store", "Thumbs.db", "desktop.ini", "README.txt", "meta.json", "a.xml", "x.csv"]
)
def test_litter_beside_images_is_ignored_without_a_word(photos, litter):
    for folder in (photos, photos / "cat"):
        (folder / litter).write_text("x")
    for folder in ("__MACOSX", ".ipynb_checkpoints"):
        (photos / folder).mkdir()
        picture().save(photos / folder / "0.png")
    (photos / "empty").mkdir()
    report = report_on(photos)
    assert (report.images, report.skipped, report.warnings) == (20, (), ())


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (("train", "val", "test"), [20, 20, 20]),
        (("training", "validation", "testing"), [20, 20, 20]),
        (("seg_train", "dev", "Test Set"), [20, 20, 20]),
        (("train", "valid"), [18, 20, 2]),
        (("train_images", "test_images"), [16, 4, 20]),
    ],
)
def test_a_split_in_the_folders_is_kept_and_a_missing_part_is_taken_from_the_training_images(tmp_path, names, kept):
    for name in names:
        write_classes(tmp_path / "data" / name)
    report = report_on(tmp_path / "data")
    assert report.form == "train, validation and test folders"
    assert list(report.split) == kept


def test_nested_split_folders_and_unlabelled_images_beside_them(tmp_path):
    write_classes(tmp_path / "intel" / "seg_train" / "seg_train")
    write_classes(tmp_path / "intel" / "seg_test" / "seg_test")
    write_classes(tmp_path / "intel", ("seg_pred",))
    report = report_on(tmp_path / "intel")
    assert report.class_names == ("cat", "dog")
    assert report.split[2] == 20
    assert report.warnings == ("10 images left out: no class in seg_pred.",)


def test_a_class_that_is_missing_in_a_part_is_named(tmp_path):
    write_classes(tmp_path / "data" / "train", ("cat", "dog", "eel"))
    write_classes(tmp_path / "data" / "test")
    assert "No test images of eel." in report_on(tmp_path / "data").warnings


def test_an_unlabelled_folder_beside_the_classes_is_left_out_and_can_be_kept(photos):
    write_classes(photos, ("test",))
    report = report_on(photos)
    assert report.class_names == ("cat", "dog")
    assert report.recipe.left_out == ("test",)
    assert report.warnings == ("10 images left out: test does not look like a class.",)
    assert report_on(photos, left_out=()).class_names == ("cat", "dog", "test")


@pytest.mark.parametrize(
    "name", ["{label}.{place}.png", "{label}_{place:03}.png", "{label} ({place}).png", "{place}_{label}.png"]
)
def test_classes_are_read_from_file_names_by_a_pattern_that_is_said(tmp_path, name):
    folder = tmp_path / "flat"
    folder.mkdir()
    for label in ("cat", "dog"):
        for place in range(10):
            picture().save(folder / name.format(label=label, place=place))
    report = report_on(folder)
    assert (report.form, report.class_names) == ("classes in file names", ("cat", "dog"))
    assert "Classes come from the file names, as in" in report.warnings[0]


def test_a_competition_with_classes_in_the_names_of_the_training_images_and_none_in_the_test_images(tmp_path):
    for folder in ("train", "test1"):
        (tmp_path / "dogs" / folder).mkdir(parents=True)
    for place in range(10):
        picture().save(tmp_path / "dogs" / "train" / f"cat.{place}.png")
        picture().save(tmp_path / "dogs" / "train" / f"dog.{place}.png")
        picture().save(tmp_path / "dogs" / "test1" / f"{place}.png")
    report = report_on(tmp_path / "dogs")
    assert (report.class_names, report.images) == (("cat", "dog"), 20)
    assert sum(report.split) == 20
    assert report.split[2] > 0


def test_images_without_any_class_are_refused_with_what_to_do(tmp_path):
    folder = tmp_path / "loose"
    folder.mkdir()
    for place in range(10):
        picture().save(folder / f"IMG_{place:04}.png")
    assert "the images have no classes: put the images of each class" in problem_of(folder)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_mode_of_an_image_loads(tmp_path, mode):
    ending = "tif" if mode == "CMYK" else "png"
    assert report_on(write_classes(tmp_path / "data", mode=mode, ending=ending)).images == 20


@pytest.mark.parametrize("ending", ["jpg", "JPEG", "webp", "bmp", "gif", "tif", "ppm"])
def test_every_format_of_an_image_loads_by_its_content(tmp_path, ending):
    folder = write_classes(tmp_path / "data", ending=ending)
    assert report_on(folder).images == 20
    for file in list(folder.glob("*/*")):
        file.rename(file.with_suffix(".png"))
    assert report_on(folder, tmp_path / "again").images == 20


def test_images_without_an_ending_are_images_by_their_content(photos):
    for file in list(photos.glob("*/*")):
        file.rename(file.with_suffix(""))
    assert report_on(photos).images == 20


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "the file is empty"),
        (b"<!DOCTYPE html><html></html>", "it is a web page, not an image"),
        (b"<svg xmlns='x'/>", "it is a drawing (SVG or XML), not an image of pixels"),
        (b"\0" * 500, "it is not an image, or it is damaged"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "it is not an image, or it is damaged"),
    ],
)
def test_a_file_that_is_no_image_is_skipped_with_the_reason_and_the_rest_goes_on(photos, content, why):
    (photos / "cat" / "x.png").write_bytes(content)
    report = report_on(photos)
    assert (report.images, report.skipped) == (20, (("cat/x.png", why),))
    assert report.warnings[0] == "1 unreadable file skipped."


def test_a_truncated_image_is_skipped(photos):
    whole = (photos / "dog" / "3.png").read_bytes()
    (photos / "dog" / "3.png").write_bytes(whole[: len(whole) // 2])
    report = report_on(photos)
    assert [file for file, _ in report.skipped] == ["dog/3.png"]
    assert "10.0 % of the files of dog are damaged: go on without them?" in report.warnings


def test_an_image_of_far_too_many_pixels_is_refused_by_name_before_it_is_decoded(photos):
    header = b"P5 100000 100000 255\n"
    (photos / "cat" / "bomb.pgm").write_bytes(header + b"\0" * 100)
    (skipped,) = report_on(photos).skipped
    assert skipped.file == "cat/bomb.pgm"
    assert "pixels, more than the" in skipped.reason


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # as outside tests
def test_a_png_of_144_million_pixels_in_a_few_kilobytes_is_refused_and_a_large_jpeg_is_not(photos):
    Image.new("1", (12_000, 12_000)).save(photos / "cat" / "bomb.png")
    Image.new("L", (9_000, 8_000)).save(photos / "cat" / "camera.jpg")
    (skipped,) = report_on(photos).skipped
    assert skipped == ("cat/bomb.png", "it has 144,000,000 pixels, more than the 64,000,000 allowed")


def test_links_inside_the_folder_are_followed_and_links_that_leave_it_are_refused_by_name(photos, tmp_path):
    picture().save(tmp_path / "outside.png")
    (photos / "cat" / "in.png").symlink_to("0.png")
    (photos / "cat" / "out.png").symlink_to(tmp_path / "outside.png")
    (photos / "cat" / "broken.png").symlink_to("nowhere.png")
    (photos / "dog" / "loop").symlink_to(photos)
    os.mkfifo(photos / "dog" / "pipe.png")
    report = report_on(photos)
    reasons = dict(report.skipped)
    assert report.images == 21
    assert reasons["cat/out.png"] == "it is a link that leaves the folder"
    assert reasons["dog/loop"] == "links to folders are not followed"
    assert "cannot be read" in reasons["cat/broken.png"]


def test_folders_and_files_without_permission_are_named(photos, monkeypatch):
    scandir = os.scandir

    def refuse(folder):
        if str(folder).endswith("dog"):
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    write_classes(photos, ("eel",))
    monkeypatch.setattr(os, "scandir", refuse)
    report = report_on(photos)
    assert report.class_names == ("cat", "eel")
    assert report.skipped == (("dog/", "the folder cannot be read (Permission denied)"),)


def test_an_image_that_is_removed_meanwhile_is_skipped(photos, tmp_path, monkeypatch):
    from remap_core.datasets.preparation import intake  # noqa: PLC0415

    look_at = intake.look_at

    def remove_then_look(found):
        (photos / "cat" / "5.png").unlink()
        return look_at(found)

    monkeypatch.setattr(intake, "look_at", remove_then_look)
    assert report_on(photos).skipped == (("cat/5.png", "it was removed while the folder was read"),)


@pytest.mark.parametrize(
    "name", ["<b>bold<b>", "猫", "قط", "a b", "x" * 255, "Cat & Dog", "'; DROP TABLE trials; --", "a\nb", "\udcff"]
)
def test_any_name_of_a_folder_is_a_class(photos, name):
    (photos / "dog").rename(photos / name)
    report = report_on(photos)
    assert report.ok
    assert all(label.isprintable() and len(label) <= 80 for label in report.class_names)


def test_classes_that_differ_in_case_alone_stay_apart_and_are_named(photos):
    write_classes(photos, ("Cat",))
    report = report_on(photos)
    assert report.class_names == ("Cat", "cat", "dog")
    assert "Are Cat and cat one class? Their names differ only in case." in report.warnings


def test_small_classes_are_left_out_by_name_unless_somebody_wants_them(photos):
    write_classes(photos, ("eel", "fox"), n=2)
    report = report_on(photos)
    assert report.class_names == ("cat", "dog")
    assert report.warnings == ("Left out, with fewer than 7 images: eel (2), fox (2).",)
    assert "at least 7 images to be split; too few in eel (2), fox (2)" in problem_of(photos, left_out=())


def test_one_class_is_refused_by_name(tmp_path):
    assert "a data set needs at least two classes with images, but got cat." in problem_of(
        write_classes(tmp_path / "one", ("cat",))
    )


def test_a_thousand_classes_load(tmp_path):
    folder = tmp_path / "many"
    image = picture(8, 8)
    for label in range(1000):
        (folder / f"c{label:04}").mkdir(parents=True)
        for place in range(7):
            image.putpixel((0, 0), (label % 256, label // 256, place))
            image.save(folder / f"c{label:04}" / f"{place}.bmp")
    report = report_on(folder)
    assert (report.images, len(report.class_names), report.split) == (7000, 1000, (5000, 1000, 1000))


def test_a_photo_lies_as_its_camera_was_held(tmp_path):
    folder = write_classes(tmp_path / "photos", ending="jpg")
    upright = Image.new("RGB", (20, 20), "white")
    upright.paste("black", (0, 0, 20, 10))  # the upper half is black
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.rotate(90).save(folder / "cat" / "turned.jpg", exif=exif)
    prepared = prepare(folder, Choices(side=20), tmp_path / "work")
    image = prepared.pixels[prepared.names.index("cat/turned.jpg")]
    assert image[:8].mean() < 40
    assert image[12:].mean() > 215


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.data())
def test_any_damage_to_a_file_is_skipped_or_does_not_matter(tmp_path_factory, data):
    folder = write_classes(tmp_path_factory.mktemp("damage") / "photos")
    file = folder / "cat" / "3.png"
    content = file.read_bytes()
    at = data.draw(st.integers(0, len(content)))
    patch = data.draw(st.binary(min_size=1, max_size=8))
    file.write_bytes(content[:at] + patch + content[at + len(patch) :])
    report = report_on(folder)
    assert report.ok
    assert report.images + len(report.skipped) == 20
    assert {skipped.file for skipped in report.skipped} <= {"cat/3.png"}
    assert np.sum(report.split) == report.images


def test_a_tiff_of_16_bits_in_colour_is_scaled_by_its_own_range(tmp_path):
    import tifffile  # noqa: PLC0415 (the extra `tiff`)

    folder = write_classes(tmp_path / "cells")
    for file in folder.glob("*/*"):
        values = np.asarray(Image.open(file)).astype(np.uint16) * 16
        tifffile.imwrite(file.with_suffix(".tif"), values, photometric="rgb")
        file.unlink()
    prepared = prepare(folder, Choices(), tmp_path / "work")
    assert prepared.report.recipe.white == 4080
    assert prepared.pixels.max() == 255


def test_more_than_a_twentieth_of_a_class_that_is_damaged_is_a_question(photos):
    for name in ("x", "y"):
        (photos / "dog" / f"{name}.png").write_bytes(b"x")
    assert report_on(photos).questions == ("16.7 % of the files of dog are damaged: go on without them?",)
