"""From files to prepared images: split, checks, choices, and what happens when it is interrupted."""

import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_folders import picture, problem_of, report_on, write_classes
from photos import write_photos
from PIL import Image

from remap_core.datasets.dataset import load_dataset, validation_names
from remap_core.datasets.kept import find_kept, kept_datasets, remove_kept
from remap_core.datasets.naming import canonical_name
from remap_core.datasets.preparation import conversion
from remap_core.datasets.preparation.intake import add, keep, open_prepared, prepare, work_folder
from remap_core.datasets.preparation.resolving import resolve
from remap_core.datasets.recipe import Choices, Recipe
from remap_core.datasets.splits import Part, parts_of
from remap_core.errors import DatasetError


@pytest.fixture
def photos(tmp_path):
    return write_classes(tmp_path / "photos")


def added(photos, tmp_path, name="pets", **choices):
    return add(photos, name, Choices(**choices), tmp_path / "home")


# the split


@given(
    labels=st.lists(st.integers(0, 3), min_size=1, max_size=200),
    given_parts=st.none() | st.sampled_from([(0,), (0, 1), (0, 2), (0, 1, 2), (0, 255)]),
    seed=st.integers(0, 5),
)
def test_every_image_has_one_part_given_parts_stay_and_missing_ones_come_from_the_training_images(
    labels, given_parts, seed
):
    labels = np.array(labels)
    stated = None
    if given_parts is not None:
        stated = np.resize(np.array(given_parts, np.uint8), len(labels))
    parts = parts_of(labels, 4, stated, seed)
    assert set(parts.tolist()) <= {Part.TRAIN, Part.VALIDATION, Part.TEST}
    assert (parts == parts_of(labels, 4, stated, seed)).all()
    for label in range(4):
        own = parts[labels == label]
        if stated is None and len(own) >= 7:
            assert {0, 1, 2} == set(own.tolist())
    if stated is not None:
        for part in (Part.VALIDATION, Part.TEST):
            if (stated == part).any():
                assert ((parts == part) == (stated == part)).all()


# the checks


def test_copies_stay_on_one_side_of_the_split_and_are_counted(tmp_path):
    folder = write_classes(tmp_path / "photos", n=40)
    for place in range(3):
        shutil.copy(folder / "cat" / f"{place}.png", folder / "cat" / f"copy{place}.png")
    prepared = prepare(folder, Choices(), tmp_path / "work")
    findings = prepared.report.findings
    assert len(findings.duplicates) == 3
    assert findings.leaks == ()
    for group in findings.duplicates:
        assert len(set(prepared.parts[list(group)].tolist())) == 1
    assert "3 duplicates of other images." in prepared.report.warnings


def test_a_copy_in_given_test_images_is_a_leak_that_is_said_and_not_moved(tmp_path):
    write_classes(tmp_path / "data" / "train", n=20)
    write_classes(tmp_path / "data" / "test", n=10)
    shutil.copy(tmp_path / "data" / "train" / "cat" / "0.png", tmp_path / "data" / "test" / "cat" / "0.png")
    report = report_on(tmp_path / "data")
    assert report.split[2] == 20
    assert len(report.findings.leaks) == 1
    assert any("on both sides of the split" in warning for warning in report.warnings)


def test_the_same_picture_with_two_classes_and_constant_images_are_found(photos, tmp_path):
    shutil.copy(photos / "cat" / "0.png", photos / "dog" / "same.png")
    Image.new("RGB", (12, 12), "red").save(photos / "dog" / "red.png")
    prepared = prepare(photos, Choices(), tmp_path / "work")
    findings = prepared.report.findings
    ((first, second),) = findings.conflicts
    assert {prepared.names[first], prepared.names[second]} == {"cat/0.png", "dog/same.png"}
    assert [prepared.names[row] for row in findings.constant] == ["dog/red.png"]


def test_brightness_that_gives_the_class_away_is_said_and_the_floor_is_that_of_scikit_learn(tmp_path):
    from sklearn.neighbors import NearestCentroid  # noqa: PLC0415 (an oracle)

    rng = np.random.default_rng(0)
    for label, low in (("day", 120), ("night", 0)):
        (tmp_path / "data" / label).mkdir(parents=True)
        for place in range(80):
            pixels = rng.integers(low, low + 130, (8, 8, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / label / f"{place}.png")
    prepared = prepare(tmp_path / "data", Choices(), tmp_path / "work")
    findings = prepared.report.findings
    assert findings.brightness[0] > findings.brightness[1] + 100
    assert findings.brightness_accuracy == 1
    assert any("brightness alone classifies 100.0 %" in warning for warning in prepared.report.warnings)
    flat, train, held = prepared.pixels.reshape(160, -1), prepared.parts == 0, prepared.parts == 1
    oracle = NearestCentroid().fit(flat[train].astype(float), prepared.labels[train])
    assert findings.floor == oracle.score(flat[held].astype(float), prepared.labels[held])


# choices


def test_proposed_choices_follow_the_images(tmp_path):
    small = report_on(write_classes(tmp_path / "small", mode="L", height=28, width=28)).recipe
    assert (small.side, small.colour, small.fit) == (28, "grey", "squash")
    wide = report_on(write_classes(tmp_path / "wide", height=90, width=120)).recipe
    assert (wide.side, wide.colour, wide.fit) == (64, "colour", "crop")
    long = report_on(write_classes(tmp_path / "long", height=20, width=90)).recipe
    assert (long.side, long.fit) == (20, "pad")


def test_colour_images_that_are_nearly_all_grey_become_grey(tmp_path):
    folder = write_classes(tmp_path / "scans", mode="L", ending="jpg")
    for file in folder.glob("*/*"):
        Image.open(file).convert("RGB").save(file)
    assert report_on(folder).shape[2] == 1
    for place in range(3):
        picture().save(folder / "cat" / f"colour{place}.png")
    assert report_on(folder, tmp_path / "again").shape[2] == 3


@pytest.mark.parametrize(
    ("choices", "rule"),
    [
        ({"side": 7}, "The side must be 8 to 224 pixels, but got 7"),
        ({"side": "32"}, "side must be a whole number, but got '32'"),
        ({"colour": "red"}, "colour must be one of grey, colour, but got 'red'"),
        ({"fit": "stretch"}, "fit must be one of squash, crop, pad"),
        ({"augmentation": ("blur",)}, "augmentation must be one of shift, flip, rotate, brightness, but got 'blur'"),
        ({"augmentation": "flip"}, "augmentation must be a list of names, but got 'flip'"),
        ({"images": 0}, "A subset must have at least one image, but got 0"),
    ],
)
def test_choices_that_are_none_are_one_sentence(choices, rule):
    with pytest.raises(DatasetError, match=rule):
        Choices(**choices)


def test_a_class_to_leave_out_must_be_one(photos):
    assert "there is no class eel to leave out, only cat, dog." in problem_of(photos, left_out=("eel",))


@given(
    st.builds(
        Recipe,
        source=st.text(),
        form=st.text(),
        side=st.none() | st.integers(8, 224),
        colour=st.sampled_from(["grey", "colour"]),
        fit=st.sampled_from(["squash", "crop", "pad"]),
        background=st.sampled_from(["white", "black"]),
        left_out=st.lists(st.text(max_size=5), max_size=3).map(tuple),
    )
)
def test_a_recipe_survives_its_json_and_two_recipes_have_two_digests(recipe):
    again = Recipe.from_json(recipe.to_json())
    assert again == recipe
    assert again.digest == recipe.digest
    other = Recipe.from_json(recipe.to_json().replace('"seed": 2019', '"seed": 2020'))
    assert other.digest != recipe.digest


# keeping


def test_what_was_added_is_loaded_as_it_was_reported(photos, tmp_path):
    kept = added(photos, tmp_path, side=16)
    dataset = load_dataset(kept.name, tmp_path / "home")
    report = kept.report
    assert (dataset.name, dataset.class_names, dataset.recipe) == (kept.name, ("cat", "dog"), kept.recipe)
    assert dataset.input_shape == (3, 16, 16)
    assert tuple(map(len, (dataset.train, dataset.validation, dataset.test))) == report.split
    assert canonical_name(kept.name) == kept.name
    shown = {image.tobytes() for part in (dataset.train, dataset.validation, dataset.test) for image in part.images}
    assert len(shown) == 20


def test_a_subset_of_an_added_data_set_is_balanced_and_keeps_the_parts(photos, tmp_path):
    kept = added(photos, tmp_path)
    whole = load_dataset(kept.name, tmp_path / "home")
    subset = load_dataset(f"{kept.name}#14", tmp_path / "home")
    parts = (subset.train, subset.validation, subset.test)
    assert np.bincount(np.concatenate([part.labels for part in parts])).tolist() == [7, 7]
    for part, same in zip(parts, (whole.train, whole.validation, whole.test), strict=True):
        assert {image.tobytes() for image in part.images} <= {image.tobytes() for image in same.images}


def test_two_recipes_of_the_same_files_have_two_names_and_the_same_recipe_one(photos, tmp_path):
    first = added(photos, tmp_path, "first", side=8)
    other = added(photos, tmp_path, "second", side=9)
    assert first.name.partition("@")[2] != other.name.partition("@")[2]
    assert added(photos, tmp_path, "first", side=8).name == first.name
    with pytest.raises(DatasetError, match="There is already a data set first: choose another name"):
        added(photos, tmp_path, "First", side=10)
    assert [kept.title for kept in kept_datasets(tmp_path / "home")] == ["first", "second"]


@pytest.mark.parametrize("name", ["", " ", "../up", "a/b", "a@b", "a#1", "x" * 61, ".hidden", "digits", "<b>", "a\nb"])
def test_a_name_that_cannot_be_one_is_one_sentence(photos, tmp_path, name):
    with pytest.raises(DatasetError):
        added(photos, tmp_path, name)
    assert kept_datasets(tmp_path / "home") == []


def test_removing_deletes_the_prepared_images_and_nothing_else(photos, tmp_path):
    kept = added(photos, tmp_path)
    remove_kept(kept)
    assert find_kept("pets", tmp_path / "home") is None
    assert len(list(photos.glob("*/*.png"))) == 20
    with pytest.raises(DatasetError, match="it was removed, or added to another data folder"):
        load_dataset(kept.name, tmp_path / "home")


def test_the_original_of_each_row_is_the_persons_own_file(photos, tmp_path):
    kept = added(photos, tmp_path, side=8)
    assert kept.original(0).size == (12, 12)
    shutil.rmtree(photos)
    with pytest.raises(DatasetError, match="the original is no longer there"):
        kept.original(0)


def test_a_path_is_added_once_and_again_when_its_files_changed(photos, tmp_path):
    home = tmp_path / "home"
    name = resolve(photos, home)
    assert name.startswith("photos@")
    assert resolve(photos, home) == resolve("photos", home) == resolve(name, home) == name
    assert resolve("photos#14", home) == f"{name}#14"
    picture().save(photos / "cat" / "new.png")
    again = resolve(photos, home)
    assert again.startswith("photos-2@")
    assert resolve(f"{photos}#14", home).startswith("photos-14@")
    assert resolve(photos, home, known=[str(photos)]) == str(photos)


@pytest.mark.parametrize("name", ["phots", "", "a\0b", "x" * 5000, "~nobody at all/images", "nothing/here", 7, None])
def test_what_is_no_data_set_is_one_sentence(photos, tmp_path, name):
    added(photos, tmp_path, "photos")
    with pytest.raises(DatasetError) as refused:
        resolve(name, tmp_path / "home")
    assert "\n" not in str(refused.value)
    assert name != "phots" or "did you mean photos?" in str(refused.value)


# interruptions


def test_a_prepared_result_is_found_again(photos, tmp_path):
    prepared = prepare(photos, Choices(), tmp_path / "work")
    again = open_prepared(tmp_path / "work")
    assert again.report == prepared.report
    (tmp_path / "home").mkdir()
    assert keep(again, "pets", tmp_path / "home").report == prepared.report
    assert not (tmp_path / "work").exists()


def test_files_that_changed_since_an_interruption_are_read_again(photos, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("remap_core.datasets.preparation.intake.finish", interrupt)
    with pytest.raises(KeyboardInterrupt):
        prepare(photos, Choices(), tmp_path / "work")
    monkeypatch.undo()
    Image.new("RGB", (12, 12), "red").save(photos / "cat" / "0.png")
    prepared = prepare(photos, Choices(), tmp_path / "work")
    assert (prepared.pixels[prepared.names.index("cat/0.png")] == [255, 0, 0]).all()


PROGRAM = """
import sys, time
from pathlib import Path
from remap_core.datasets.preparation import conversion
from remap_core.datasets.preparation.intake import add
from remap_core.datasets.recipe import Choices
conversion.CHUNK = 4
def show(progress):
    print(progress.stage, progress.done, flush=True)
    time.sleep(0.05)
add(sys.argv[1], "pets", Choices(), Path(sys.argv[2]), show)
"""


def test_a_conversion_that_is_killed_again_and_again_loses_nothing_and_repeats_nothing(tmp_path):
    folder = write_classes(tmp_path / "photos", n=40)
    (folder / "cat" / "bad.png").write_bytes(b"")
    home = tmp_path / "home"
    done = []
    for _ in range(4):
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, folder, home], stdout=subprocess.PIPE, text=True)
        for line in process.stdout:
            if line.startswith("Decoding"):
                done.append(int(line.split()[1]))
                if len(done) % 3 == 0:
                    process.send_signal(signal.SIGKILL)
                    break
        process.wait()
        process.stdout.close()
    assert done == sorted(done)
    kept = add(folder, "pets", Choices(), home)
    straight = prepare(folder, Choices(), tmp_path / "work")
    assert kept.report == straight.report
    assert (kept.pixels() == straight.pixels).all()
    assert [skipped.file for skipped in kept.report.skipped] == ["cat/bad.png"]


def test_two_processes_do_not_prepare_the_same_images_at_once(photos, tmp_path):
    work = work_folder(photos, Choices(), tmp_path)
    work.mkdir(parents=True)
    program = (
        "import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.flock(f, 2); print(1, flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", program, work / "lock"], stdout=subprocess.PIPE)
    try:
        holder.stdout.readline()
        with pytest.raises(DatasetError, match="being prepared by another process right now"):
            add(photos, "pets", Choices(), tmp_path)
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def test_a_disk_that_is_full_is_one_sentence_and_what_was_done_stays(photos, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(DatasetError, match="No space left on device"):
        added(photos, tmp_path)
    monkeypatch.undo()
    assert added(photos, tmp_path).report.images == 20


def test_a_folder_that_cannot_be_written_is_one_sentence(photos, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(DatasetError, match="The images cannot be prepared in"):
        add(photos, "pets", Choices(), tmp_path / "file")


@settings(max_examples=20)
@given(st.integers(1, 300), st.integers(1, 100))
def test_rows_are_converted_in_chunks_that_cover_each_row_once(n, chunk):
    rows = [row for rows in conversion.chunks(range(n), chunk) for row in rows]
    assert rows == list(range(n))


def test_decoding_uses_little_memory(tmp_path):
    """Sixty photos of 6 million pixels, decoded whole, would need a gigabyte."""
    folder = tmp_path / "photos"
    for label in ("a", "b"):
        (folder / label).mkdir(parents=True)
        Image.effect_noise((3000, 2000), 60).convert("RGB").save(folder / label / "0.jpg")
        for place in range(1, 30):
            (folder / label / f"{place}.jpg").symlink_to("0.jpg")
    program = (
        "import re, sys; from pathlib import Path;"
        "from remap_core.datasets.preparation.intake import prepare; from remap_core.datasets.recipe import Choices;"
        "print(prepare(sys.argv[1], Choices(), Path(sys.argv[2])).report.images,"
        "re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])"
    )
    output = subprocess.run(
        [sys.executable, "-c", program, folder, tmp_path / "work"], capture_output=True, text=True, check=True
    ).stdout
    images, kilobytes = map(int, output.split())
    assert images == 60
    assert kilobytes < 500_000


@pytest.mark.parametrize("subset", ["", "#60"])
def test_validation_images_have_the_names_of_their_files(tmp_path, subset):
    kept = add(write_photos(tmp_path / "trees.zip", per_class=40), "trees", Choices(side=16), tmp_path / "home")
    validation = load_dataset(kept.name + subset, tmp_path / "home").validation
    names = validation_names(kept.name + subset, tmp_path / "home")
    rows = [kept.names().index(name) for name in names]
    assert np.array_equal(kept.pixels()[rows], validation.images)


def test_a_built_in_data_set_has_no_files(tmp_path):
    assert validation_names("digits", tmp_path) == []
