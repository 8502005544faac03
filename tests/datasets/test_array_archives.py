import io
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from image_sources import COLOUR, GREY, LABELS, PLAIN, images_by_part, labels_in, pixels_in, refusal
from sklearn.datasets import load_digits

from remap_core.datasets.readers.arrays.array_archives import (
    is_array_folder,
    is_npz,
    read_archives,
    read_array_folder,
)
from remap_core.errors import DatasetError

TRAIN, TEST, VALIDATION = slice(0, 12), slice(12, 18), slice(18, 24)
NAMES = np.array(["cat", "dog", "emu"])


class Explosive:
    """Unpickling it writes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def saved(path, **arrays):
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("images", "labels"),
        ("X", "y"),
        ("data", "target"),
        ("arr_0", "arr_1"),
        ("imgs", "classes"),
        ("something", "else"),
        ("my_images", "my_labels"),
    ],
)
def test_images_and_labels_are_known_by_name_or_by_shape(tmp_path, images, labels):
    found = read_archives(saved(tmp_path / "a.npz", **{images: COLOUR, labels: LABELS}), PLAIN)
    assert found.form == ".npz arrays"
    assert (pixels_in(found) == COLOUR).all()
    assert found.labels.tolist() == LABELS.tolist()
    assert found.class_names == ("0", "1", "2")
    assert found.parts is None


@pytest.mark.parametrize(
    "names",
    [
        ("x_train", "y_train", "x_test", "y_test", "x_val", "y_val"),
        ("X_train", "Y_train", "X_test", "Y_test", "X_dev", "Y_dev"),
        ("xtrain", "ytrain", "xtest", "ytest", "xvalid", "yvalid"),
        ("train_images", "train_labels", "test_images", "test_labels", "val_images", "val_labels"),
        ("trainImages", "trainLabels", "testImages", "testLabels", "validationImages", "validationLabels"),
        (
            "training_data",
            "training_targets",
            "testing_data",
            "testing_targets",
            "validation_data",
            "validation_targets",
        ),
    ],
)
def test_parts_are_known_by_name(tmp_path, names):
    parts = (TRAIN, TEST, VALIDATION)
    arrays = {}
    for part, images, labels in zip(parts, names[::2], names[1::2], strict=True):
        arrays[images] = GREY[part]
        arrays[labels] = LABELS[part, None].astype(np.uint8)
    found = read_archives(saved(tmp_path / "a.npz", **arrays), PLAIN)
    assert images_by_part(found) == [12, 6, 6]
    assert (pixels_in(found)[12:18, ..., 0] == GREY[VALIDATION]).all()
    assert found.pictures.name(18) == f"{names[2]} row 0"


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 1, 3)])
def test_four_arrays_without_names_are_pairs_to_train_and_to_test(tmp_path, order):
    four = [GREY[:18], LABELS[:18], GREY[18:], LABELS[18:]]
    np.savez(tmp_path / "a.npz", *[four[place] for place in order])
    found = read_archives(tmp_path / "a.npz", PLAIN)
    assert images_by_part(found) == [18, 0, 6]
    assert (pixels_in(found)[..., 0] == GREY).all()


def test_arrays_of_an_evaluation_are_validation_images(tmp_path):
    arrays = {"x_train": GREY[:12], "y_train": LABELS[:12], "x_eval": GREY[12:], "y_eval": LABELS[12:]}
    assert images_by_part(read_archives(saved(tmp_path / "a.npz", **arrays), PLAIN)) == [12, 12, 0]


@pytest.mark.parametrize("key", ["class_names", "classes", "target_names", "label_names"])
def test_class_names_are_used(tmp_path, key):
    path = saved(tmp_path / "a.npz", images=GREY, labels=LABELS, **{key: NAMES})
    assert labels_in(read_archives(path, PLAIN)) == [NAMES[label] for label in LABELS]


def test_a_bunch_of_scikit_learn_is_read_and_nothing_in_it_is_unpickled(tmp_path):
    bomb = tmp_path / "bomb"
    digits = load_digits()
    digits.frame = np.array([Explosive(bomb)], object)
    np.savez(tmp_path / "digits.npz", **digits)
    found = read_archives(tmp_path / "digits.npz", PLAIN)
    assert len(found.labels) == 1797
    assert found.class_names == tuple("0123456789")
    assert pixels_in(found).shape == (1797, 8, 8, 1)
    assert pixels_in(found).max() == 255
    assert not bomb.exists()


def test_class_names_that_are_python_objects_are_not_read(tmp_path):
    path = saved(tmp_path / "a.npz", images=GREY, labels=LABELS, class_names=NAMES.astype(object))
    found = read_archives(path, PLAIN)
    assert found.class_names == ("0", "1", "2")
    assert found.warnings == ("class_names holds Python objects, which are never read: classes are numbered.",)


def test_a_part_without_labels_is_ignored_and_said(tmp_path):
    path = saved(tmp_path / "a.npz", x_train=GREY, y_train=LABELS, x_test=GREY[:5])
    found = read_archives(path, PLAIN)
    assert len(found.labels) == 24
    assert found.warnings == ("x_test has no labels: ignored.",)


def test_arrays_of_no_part_beside_a_split_are_ignored_and_said(tmp_path):
    halves = {"x_train": GREY[:18], "y_train": LABELS[:18], "x_test": GREY[18:], "y_test": LABELS[18:]}
    found = read_archives(saved(tmp_path / "a.npz", X=GREY, y=LABELS, **halves), PLAIN)
    assert images_by_part(found) == [18, 0, 6]
    assert found.warnings == ("X belongs to no part of the split: ignored.",)


def test_a_folder_of_npz_files_with_an_array_each_is_one_data_set(tmp_path):
    for name, array in {"train-imgs": GREY[:18], "train-labels": LABELS[:18]}.items():
        np.savez_compressed(tmp_path / f"kmnist-{name}.npz", array)
    for name, array in {"test-imgs": GREY[18:], "test-labels": LABELS[18:]}.items():
        np.savez_compressed(tmp_path / f"kmnist-{name}.npz", array)
    assert is_npz(tmp_path, list(tmp_path.iterdir()))
    found = read_archives(tmp_path, PLAIN)
    assert images_by_part(found) == [18, 0, 6]


def test_a_folder_of_npy_files_is_memory_mapped(tmp_path):
    np.save(tmp_path / "images.npy", GREY)
    np.save(tmp_path / "labels.npy", LABELS)
    np.save(tmp_path / "class_names.npy", NAMES)
    assert is_array_folder(tmp_path, list(tmp_path.iterdir()))
    found = read_array_folder(tmp_path, PLAIN)
    assert found.form == ".npy arrays"
    assert found.class_names == ("cat", "dog", "emu")
    assert isinstance(found.pictures.pixels.base, np.memmap)


def test_folders_of_npy_files_per_part_are_read(tmp_path):
    for part, rows in {"train": slice(0, 18), "test": slice(18, 24)}.items():
        (tmp_path / part).mkdir()
        np.save(tmp_path / part / "x.npy", GREY[rows])
        np.save(tmp_path / part / "y.npy", LABELS[rows])
    assert images_by_part(read_array_folder(tmp_path, PLAIN)) == [18, 0, 6]


def test_npy_files_of_classes_are_not_taken_for_images_and_labels(drawings):
    assert not is_array_folder(drawings, list(drawings.iterdir()))


def test_one_npy_file_is_refused_with_advice(tmp_path):
    np.save(tmp_path / "images.npy", GREY)
    assert is_array_folder(tmp_path / "images.npy", [])
    assert "one .npy file has no labels" in refusal(read_array_folder, tmp_path / "images.npy")


@pytest.mark.parametrize(
    ("arrays", "rule"),
    [
        ({"images": GREY}, "there must be images and labels, but labels are missing among images: name them"),
        ({"labels": LABELS}, "there must be images and labels, but images are missing among labels: name them"),
        ({}, "but images are missing among none"),
        (
            {"images": GREY.astype(object), "labels": LABELS},
            "images must be a plain array, but it holds Python objects.",
        ),
        (
            {"images": GREY, "labels": LABELS.astype(object)},
            "labels must be a plain array, but it holds Python objects.",
        ),
        ({"images": GREY[:20], "labels": LABELS}, "but there are 20 images and 24 labels."),
        (
            {"x_train": GREY[:20], "y_train": LABELS, "x_test": GREY, "y_test": LABELS},
            "20 images and 24 labels (x_train).",
        ),
        ({"X": np.ones((24, 4)), "y": LABELS}, "a side of at least 4, but these have 4."),
        ({"images": np.ones(24), "labels": LABELS}, "but their shape is (24,)."),
    ],
)
def test_an_archive_that_breaks_a_rule_is_refused_with_the_rule(tmp_path, arrays, rule):
    assert rule in refusal(read_archives, saved(tmp_path / "bad.npz", **arrays))


def test_a_regression_target_is_refused(tmp_path):
    path = saved(tmp_path / "a.npz", images=np.ones((10_001, 4, 4)), labels=np.minimum(np.arange(10_001), 9_999))
    sentence = "10,000 different labels for 10,001 images are not classes: regression targets"
    assert sentence in refusal(read_archives, path)


def test_a_missing_file_is_refused(tmp_path):
    assert refusal(read_archives, tmp_path / "none.npz").endswith("none.npz: there is no such file.")
    assert refusal(read_archives, tmp_path).endswith("there is no .npz file.")


def test_an_array_that_states_more_than_the_memory_is_refused(tmp_path):
    head = io.BytesIO()
    np.lib.format.write_array_header_2_0(head, {"descr": "|u1", "fortran_order": False, "shape": (10**12, 28, 28)})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("images.npy", head.getvalue())
        with archive.open("labels.npy", "w") as stream:
            np.save(stream, LABELS)
    assert "images must fit into memory, but it needs 784,000.0 GB" in refusal(read_archives, tmp_path / "a.npz")


def test_a_pickle_called_npz_is_not_unpickled(tmp_path):
    bomb = tmp_path / "bomb"
    (tmp_path / "a.npz").write_bytes(pickle.dumps(Explosive(bomb)))
    assert "not an .npz file" in refusal(read_archives, tmp_path / "a.npz")
    assert not bomb.exists()


@pytest.mark.parametrize("size", [0, 1, 200, -1])
def test_an_incomplete_archive_is_refused(tmp_path, size):
    whole = saved(tmp_path / "whole.npz", images=GREY, labels=LABELS).read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[:size])
    assert "not an .npz file, or it is incomplete" in refusal(read_archives, tmp_path / "cut.npz")


def test_an_array_with_flipped_bytes_is_refused_by_name(tmp_path):
    whole = bytearray(saved(tmp_path / "whole.npz", images=GREY, labels=LABELS).read_bytes())
    whole[1000] ^= 255  # among the pixels
    (tmp_path / "flipped.npz").write_bytes(whole)
    assert "images is damaged (BadZipFile: " in refusal(read_archives, tmp_path / "flipped.npz")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.data())
def test_any_damage_to_an_archive_gives_an_error_that_names_it(tmp_path, data):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, images=GREY, labels=LABELS, class_names=NAMES)
    content = bytearray(buffer.getvalue())
    at = data.draw(st.integers(0, len(content) - 1))
    patch = data.draw(st.binary(min_size=1, max_size=8))
    content[at : at + len(patch)] = patch
    path = tmp_path / "patched.npz"
    path.write_bytes(content)
    try:
        read_archives(path, PLAIN)
    except DatasetError as error:
        assert str(error).startswith(f"{path}: ")


def test_an_array_that_unpacks_to_far_more_than_it_takes_is_refused_before_it_is_unpacked(tmp_path):
    images = np.zeros((400, 224, 224), np.uint8)
    np.savez_compressed(tmp_path / "a.npz", images=images, labels=np.arange(400) % 4)
    with pytest.raises(DatasetError, match=r"a\.npz: images unpacks to more than 200 times its size"):
        read_archives(tmp_path / "a.npz", PLAIN)


def test_an_array_that_says_it_is_larger_than_what_is_stored_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (10**6, 28, 28)})
        archive.writestr("images.npy", header.getvalue())
        archive.writestr("labels.npy", header.getvalue())
    with pytest.raises(DatasetError, match=r"images is incomplete: its shape is \(1000000, 28, 28\), but"):
        read_archives(tmp_path / "a.npz", PLAIN)
