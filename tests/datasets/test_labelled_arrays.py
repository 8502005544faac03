from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_sources import GREY, LABELS, PLAIN, N, labels_in, pixels_in

from remap_core.datasets.readers.arrays.labelled_arrays import (
    Labelled,
    RowNames,
    flat_labels,
    found_in_arrays,
    to_classes,
)
from remap_core.datasets.splits import Part
from remap_core.errors import DatasetError


def classes_of(labels, class_names=()):
    return to_classes(flat_labels(np.asarray(labels)), class_names)


def names_in(classes):
    return [classes.names[index] for index in classes.indices]


def found(*groups, **options):
    return found_in_arrays("arrays", groups, Path("x.npz"), PLAIN, **options)


@given(st.lists(st.integers(0, 2), min_size=6, max_size=30).filter(lambda labels: len(set(labels)) == 3))
def test_the_same_labels_in_any_form_give_the_same_classes(labels):
    numbers = np.array(labels)
    forms = [
        numbers,
        numbers[:, None],
        numbers.astype(np.uint8),
        numbers.astype(np.float32),
        numbers.astype(str),
        numbers.astype(bytes),
        np.eye(3)[numbers],
        np.eye(3, dtype=bool)[numbers],
    ]
    for form in forms:
        classes = classes_of(form)
        assert classes.names == ("0", "1", "2")
        assert classes.indices.tolist() == labels


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([10, 9, 100], ("9", "10", "100")),
        (["10", "9", "100"], ("9", "10", "100")),
        (["dog", "cat", " cat "], ("cat", "dog")),
        ([True, False, True], ("False", "True")),
        ([-1, 1, -1], ("-1", "1")),
        ([7.0, 3.0], ("3", "7")),
        ([b"\xc3\xa4", b"b"], ("b", "ä")),
    ],
)
def test_classes_are_sorted_by_name_or_by_number(labels, names):
    assert classes_of(labels).names == names


@pytest.mark.parametrize("first", [0, 1])
def test_class_names_are_indexed_from_0_or_from_1(first):
    classes = classes_of(np.array([0, 2, 1]) + first, ["cat", "dog", "emu"])
    assert names_in(classes) == ["cat", "emu", "dog"]


def test_class_names_without_an_image_are_left_out():
    assert classes_of([0, 2, 0], ["cat", "dog", "emu"]).names == ("cat", "emu")


@pytest.mark.parametrize(
    "labels",
    [
        [-1, 0, 1, 0],
        [np.nan, 0, 1, 0],
        ["", "0", "1", "0"],
        [[0, 0], [1, 0], [0, 1], [1, 0]],
    ],
)
def test_rows_without_a_label_are_left_out_and_counted(labels):
    result = found(Labelled(GREY[:4], np.array(labels)))
    assert labels_in(result) == ["0", "1", "0"]
    assert (pixels_in(result)[..., 0] == GREY[1:4]).all()
    assert result.warnings == ("1 image left out: no label (empty, NaN or -1).",)
    assert result.pictures.name(0) == "row 1"


def test_broken_rows_are_skipped_by_their_number():
    images = GREY / 255
    images[17, 0, 0] = np.nan
    result = found(Labelled(images, LABELS))
    assert [tuple(skipped) for skipped in result.skipped] == [("row 17", "it holds NaN or infinity")]
    assert len(result.labels) == len(result.pictures) == N - 1
    assert result.pictures.name(17) == "row 18"


def test_parts_are_known_if_there_are_two():
    whole = found(Labelled(GREY, LABELS, Part.TRAIN, "x_train"))
    assert whole.parts is None
    split = found(Labelled(GREY[:6], LABELS[:6], Part.TEST, "t"), Labelled(GREY[6:], LABELS[6:], Part.TRAIN, "x_train"))
    assert split.parts.tolist() == [Part.TRAIN] * 18 + [Part.TEST] * 6
    assert split.pictures.name(20) == "t row 2"
    assert (pixels_in(split)[-6:, ..., 0] == GREY[:6]).all()


def test_a_class_whose_images_are_all_broken_is_left_out():
    images = GREY / 255
    images[LABELS == 1] = np.inf
    result = found(Labelled(images, LABELS))
    assert result.class_names == ("0", "2")
    assert np.bincount(result.labels).tolist() == [8, 8]


@pytest.mark.parametrize(
    ("labels", "rule"),
    [
        (np.arange(N) / 7, "labels must be whole numbers or names of classes, but one is 0.142857."),
        (np.full(N, 0.37), "but one is 0.37."),
        (np.full(N, np.inf), "but one is inf."),
        (LABELS[:-4], "there must be as many labels as images, but there are 24 images and 20 labels."),
        (LABELS * 0, "there must be 2 to"),
        (np.full(N, np.nan), "there must be 2 to"),
        (np.full(N, ""), "there must be 2 to"),
        (np.arange(N), "24 different labels for 24 images are not classes"),
        (np.arange(N).astype(str), "24 different labels for 24 images are not classes"),
        (np.ones((N, 3)), "every image must have one class, but 24 of 24 have several, such as row 0."),
        (np.full((N, 3), 0.5), "must be one-hot, 0 and 1 alone, but they are from 0.5 to 0.5."),
        (np.zeros((N, 3, 2)), "but their shape is (24, 3, 2)."),
        (np.int64(3), "but their shape is ()."),
        (LABELS.astype(object), "labels must be a plain array, but it holds Python objects."),
        (LABELS.astype("M8[s]"), "labels must be numbers or text, but they are datetime64[s]."),
        (np.array(["a\nb", "c"] * 12), r"class names must be one line of text, but one is 'a\nb'."),
    ],
)
def test_labels_that_are_no_classes_are_refused_with_the_rule(labels, rule):
    with pytest.raises(DatasetError) as refused:
        found(Labelled(GREY, labels))
    assert rule in str(refused.value)


def test_names_that_do_not_fit_the_labels_are_refused():
    with pytest.raises(
        DatasetError, match=r"labels must be 0 to 1 or 1 to 2 \(there are 2 class names\), but .* 0 to 2"
    ):
        classes_of([0, 1, 2], ["a", "b"])
    with pytest.raises(DatasetError, match='class names must be unique, but 2 are "a"'):
        classes_of([0, 1, 0, 1], ["a", "a"])


def test_numbers_and_text_together_are_refused():
    with pytest.raises(DatasetError, match="all numbers or all text, but they are int64, <U1"):
        found(Labelled(GREY[:3], LABELS[:3]), Labelled(GREY[:2], np.array(["a", "b"])))


def test_row_names_are_those_of_their_tables():
    names = RowNames(("a", "b"), np.array([0, 3]), np.array([1, 3, 5]))
    assert list(names) == names[:] == ["a row 1", "b row 0", "b row 2"]


def test_long_class_names_are_cut_and_stay_apart():
    names = classes_of([0, 1, 2], ["a" * 10_000, "a" * 10_001, "b"]).names
    assert names == ("a" * 79 + "…", "a" * 73 + "… 1", "b")
