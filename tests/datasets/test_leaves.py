"""The leaves that are painted here: the same everywhere, and neither too easy nor too hard."""

import hashlib

import numpy as np
import pytest

from remap_core.datasets.dataset import load_dataset, to_download
from remap_core.datasets.readers.leaves import read_leaves
from remap_core.datasets.readers.leaves.polygons import blurred, filled, placed, ribbon, smoothed

KNOWN = "82b7572bc53a5b023f303df8f4da765c15c20dae1dbf70e3840cf53d180e80cc"
SQUARE = np.array([(1.0, 1.0), (4.0, 1.0), (4.0, 4.0), (1.0, 4.0)])


def test_there_are_three_hundred_colour_images_of_each_of_eight_kinds():
    images, class_names = read_leaves()
    assert images.images.shape == (2400, 32, 32, 3)
    assert np.bincount(images.labels).tolist() == [300] * 8
    assert class_names == ("birch", "clover", "fern", "ginkgo", "holly", "maple", "oak", "willow")


def test_the_images_are_the_same_on_every_machine():
    images, _ = read_leaves()
    assert hashlib.sha256(images.images.tobytes()).hexdigest() == KNOWN


def test_all_images_are_different():
    images, _ = read_leaves()
    assert len({image.tobytes() for image in images.images}) == 2400


def test_the_leaves_are_loaded_and_split_by_their_name_without_a_download(tmp_path):
    leaves = load_dataset("leaves#800", tmp_path)
    assert (leaves.input_shape, leaves.classes) == ((3, 32, 32), 8)
    assert [len(part) for part in (leaves.train, leaves.validation, leaves.test)] == [560, 120, 120]
    assert to_download("leaves", tmp_path) == ""


@pytest.mark.parametrize("seen", [lambda images: images, lambda images: images.mean(axis=(1, 2))])
def test_neither_mean_images_nor_colours_give_the_kind_away(seen):
    leaves = load_dataset("leaves")
    train = seen(leaves.train.images.astype(np.float64)).reshape(len(leaves.train), -1)
    unseen = seen(leaves.validation.images.astype(np.float64)).reshape(len(leaves.validation), -1)
    centres = np.stack([train[leaves.train.labels == label].mean(axis=0) for label in range(8)])
    distances = ((unseen[:, np.newaxis] - centres) ** 2).sum(axis=2)
    assert (distances.argmin(axis=1) == leaves.validation.labels).mean() < 0.4


def test_a_polygon_is_filled_whichever_way_round_it_is():
    square = np.zeros((6, 6), bool)
    square[1:4, 1:4] = True
    assert (filled([SQUARE], 6, 6) == square).all()
    assert (filled([SQUARE[::-1]], 6, 6) == square).all()


def test_overlapping_polygons_are_filled_together_and_what_is_outside_is_cut_off():
    to_right = SQUARE[::-1] + np.array((2, 0))
    half_above = SQUARE - np.array((0, 3))
    united = filled([SQUARE, to_right, half_above], 6, 6)
    assert united.tolist() == [
        [False, True, True, True, False, False],
        *[[False, True, True, True, True, True]] * 3,
        *[[False] * 6] * 2,
    ]
    assert not filled([], 2, 3).any()


def test_a_blur_keeps_what_is_even_and_spreads_what_is_not():
    assert np.allclose(blurred(np.ones((4, 5)), 2), 1)
    point = np.zeros((5, 5))
    point[2, 2] = 9
    assert np.allclose(blurred(point, 1, times=1)[1:4, 1:4], 1)


def test_ribbons_turns_and_smoothed_corners():
    assert ribbon([(0, 0), (0, 2)], 1).tolist() == [[-0.5, 0], [-0.5, 2], [0.5, 2], [0.5, 0]]
    assert np.allclose(placed([(0, 1)], np.pi / 2, 2, (1, 1)), [(3, 1)])
    assert smoothed(SQUARE, times=1)[:2].tolist() == [[1.75, 1], [3.25, 1]]
