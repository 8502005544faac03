"""Drawings by hand: how the pen of a data set is found, and what is drawn with it."""

import numpy as np
import pytest

from remap_core.datasets.hand_drawing import MAX_POINTS, Pen, drawn, pen_like, read_strokes
from remap_core.errors import DatasetError

CROSS = (((0.1, 0.5), (0.9, 0.5)), ((0.5, 0.1), (0.5, 0.9)))


def bars(width: int, ground: int = 0, ink: int = 255) -> np.ndarray:
    """Ten images of 40 x 40 with an upright bar, 30 pixels long."""
    images = np.full((10, 40, 40, 1), ground, np.uint8)
    images[:, 5:35, 18 : 18 + width] = ink
    return images


@pytest.mark.parametrize("width", [1, 2, 4])
def test_the_pen_of_a_data_set_is_as_wide_as_its_strokes_and_reaches_as_far(width):
    pen = pen_like(bars(width))
    assert pen.width * 40 == pytest.approx(width, rel=0.2, abs=0.1)
    assert pen.extent == 30 / 40


@pytest.mark.parametrize(("ground", "ink"), [(0, 255), (255, 0)])
def test_ink_is_light_on_dark_or_dark_on_light_as_in_the_data_set(ground, ink):
    pen = pen_like(bars(2, ground, ink))
    assert (pen.ground, pen.ink) == (ground, ink)
    picture = drawn(CROSS, pen, 28, 28)
    assert picture[0, 0, 0] == ground
    assert picture[256, 256, 0] == ink


def test_a_data_set_without_drawings_has_a_pen_all_the_same():
    assert pen_like(np.zeros((3, 8, 8, 1), np.uint8)) == Pen(0, 255, 0.08, 1.0)


@pytest.mark.parametrize("shape", [(28, 28), (14, 28), (28, 14)])
def test_a_drawing_has_the_proportions_of_the_models_images(shape):
    height, width = shape
    picture = drawn(CROSS, Pen(0, 255, 0.1, 0.8), height, width)
    assert picture.shape == (round(512 * height / 28), round(512 * width / 28), 1)


def test_a_small_drawing_in_a_corner_comes_to_the_place_and_size_of_the_data_sets():
    pen = Pen(0, 255, 0.05, 0.75)
    corner = (((0.05, 0.05), (0.05, 0.15)),)
    picture = drawn(corner, pen, 28, 28, centred=True)[..., 0]
    rows = np.flatnonzero(picture.any(axis=1))
    columns = np.flatnonzero(picture.any(axis=0))
    assert len(rows) == pytest.approx(0.75 * 512, abs=4)
    assert (rows[0] + rows[-1]) / 2 == pytest.approx(256, abs=2)
    assert (columns[0] + columns[-1]) / 2 == pytest.approx(256, abs=2)
    assert drawn(corner, pen, 28, 28)[256:].max() == 0


def test_a_dot_is_drawn_and_stays_one():
    pen = Pen(0, 255, 0.1, 0.9)
    for centred in (False, True):
        picture = drawn((((0.5, 0.5),),), pen, 28, 28, centred=centred)
        assert (picture > 0).sum() == pytest.approx(np.pi * 25.6**2, rel=0.05)


def test_strokes_of_a_browser_are_read_and_empty_ones_left_out():
    assert read_strokes([[[0, 0.5], [1, 1]], []]) == (((0.0, 0.5), (1.0, 1.0)),)
    assert read_strokes([]) == ()


@pytest.mark.parametrize("sent", [None, 3, [3], [[3]], [[[1, 2, 3]]], [[["a", "b"]]], "ab"])
def test_what_is_no_drawing_is_refused(sent):
    with pytest.raises(DatasetError, match="must be a list of strokes"):
        read_strokes(sent)


def test_points_outside_and_endless_drawings_are_refused():
    with pytest.raises(DatasetError, match="must lie on its canvas"):
        read_strokes([[[0, float("nan")]]])
    with pytest.raises(DatasetError, match="may have 20,000 points, but this one has 20,001"):
        read_strokes([[[0, 0]] * (MAX_POINTS + 1)])
