import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from remap_core.datasets.readers.arrays.pixel_arrays import channels_last, compact, require_memory, to_pixels
from remap_core.errors import DatasetError

BYTES = arrays.arrays(np.uint8, (3, 5, 6, 3)).filter(lambda pixels: pixels.max() > 16)
FULL = np.arange(256, dtype=np.uint8).reshape(4, 8, 8, 1)


def converted(*images, background=255):
    rows = sum(len(each) for each in images)
    return to_pixels([channels_last(each) for each in images], np.ones(rows, bool), background)


@given(BYTES)
def test_any_layout_of_the_same_images_gives_the_same_pixels(pixels):
    for layout in (pixels, pixels.transpose(0, 3, 1, 2), np.asfortranarray(pixels), pixels[:, ::-1][:, ::-1]):
        assert (converted(layout).pixels == pixels).all()
    grey = pixels[..., 0]
    if grey.max() > 16:
        for layout in (grey, grey[..., None], grey[:, None]):
            assert (converted(layout).pixels[..., 0] == grey).all()


@given(arrays.arrays(np.uint8, (4, 6, 6), unique=True))
def test_flat_rows_become_squares(pixels):
    assert (converted(pixels.reshape(4, 36)).pixels[..., 0] == pixels).all()
    assert (converted(pixels.reshape(4, 1, 36)).pixels[..., 0] == pixels).all()


def test_flat_colour_rows_are_planes_as_in_cifar_unless_neighbours_say_otherwise():
    ramp = np.add.outer(np.arange(12), np.arange(12)).astype(np.uint8) * 10
    photos = np.stack([np.stack([ramp, 255 - ramp, ramp // 2 + 40], axis=-1)] * 5)
    planes = photos.transpose(0, 3, 1, 2).reshape(5, -1)
    assert (converted(planes).pixels == photos).all()
    assert (converted(photos.reshape(5, -1)).pixels == photos).all()


@pytest.mark.parametrize(
    "images",
    [
        FULL.astype(np.uint16),
        FULL.astype(np.int64),
        FULL.astype(np.float64),
        FULL.astype(">f4"),
        (FULL / 255).astype(np.float32),
        (FULL / 255).astype(np.float16),
        (FULL / 127.5 - 1).astype(np.float32),
    ],
)
def test_values_of_the_usual_ranges_become_the_same_bytes_without_a_warning(images):
    pixels = converted(images)
    assert (pixels.pixels == FULL).all()
    assert pixels.warning == ""


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (FULL.astype(np.uint16) * 257, "from 0 to 65535"),
        (FULL.astype(np.int16) * 4 - 300, "from -300 to 720"),
        (FULL.astype(np.float32) / 51 - 2, "from -2 to 3"),
        (FULL // 17, "from 0 to 15"),
    ],
)
def test_another_range_is_scaled_to_bytes_and_said(images, sentence):
    pixels = converted(images)
    assert (pixels.pixels.min(), pixels.pixels.max()) == (0, 255)
    assert sentence in pixels.warning
    assert (np.diff(pixels.pixels.ravel().astype(int)) >= 0).all()


def test_black_and_white_is_0_and_255():
    black = np.zeros((2, 4, 4), bool)
    black[0, 0, 0] = True
    for images in (black, black.astype(np.uint8), black.astype(float)):
        assert converted(images).pixels[0, 0, :2, 0].tolist() == [255, 0]


def test_all_parts_are_scaled_by_one_range():
    dark, light = FULL[:1].astype(np.uint16), FULL[3:].astype(np.uint16) * 4
    pixels = converted(dark, light).pixels
    assert pixels.max() == 255
    assert pixels[0].max() == round(63 * 255 / (255 * 4))


def test_transparent_pixels_show_the_background():
    images = np.array([[[200, 0], [200, 255]]] * 2, np.uint8)[None]
    assert converted(images).pixels[0, 0, :, 0].tolist() == [255, 200]
    assert converted(images, background=0).pixels[0, 0, :, 0].tolist() == [0, 200]
    rgba = np.array([[[10, 20, 30, 0], [10, 20, 30, 255]]] * 5, np.uint8)[None]
    assert converted(rgba).pixels[0, 0].tolist() == [[255] * 3, [10, 20, 30]]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_rows_that_are_not_finite_are_left_out_and_do_not_change_the_scale(value):
    images = (FULL / 255).astype(np.float32)
    images[2, 1, 1] = value
    pixels = converted(images)
    assert pixels.rows.tolist() == [0, 1, 3]
    assert pixels.broken.tolist() == [2]
    assert (pixels.pixels == FULL[[0, 1, 3]]).all()


def test_bytes_that_need_nothing_are_not_copied():
    assert converted(FULL).pixels is not None
    assert np.shares_memory(converted(FULL).pixels, FULL)


def test_matlabs_order_is_recognised_by_the_number_of_labels():
    svhn = np.moveaxis(np.zeros((40, 8, 9, 3), np.uint8), 0, -1)
    assert channels_last(svhn, labels=40).shape == (40, 8, 9, 3)


@pytest.mark.parametrize(
    ("images", "rule"),
    [
        (np.zeros(20), "their shape is (20,)."),
        (np.zeros((0, 8, 8)), "there must be at least one image, but the shape of images is (0, 8, 8)."),
        (np.zeros((20, 30)), "a side of at least 4, but these have 30."),
        (np.zeros((150, 4)), "a side of at least 4, but these have 4."),
        (np.zeros((20, 8, 8, 8)), "images must have 1 to 4 channels, but their shape is (20, 8, 8, 8)."),
        (np.zeros((20, 2, 8, 8, 3)), "their shape is (20, 2, 8, 8, 3)."),
        (np.zeros((20, 8, 8), object), "images must be a plain array, but it holds Python objects."),
        (np.zeros((20, 8, 8), complex), "images must be numbers, but they are complex128."),
        (np.full((20, 8, 8), 300), "images must have different pixels, but all are 300."),
        (np.full((20, 8, 8), np.nan), "no image can be used: all 20 hold NaN or infinity."),
    ],
)
def test_arrays_that_are_no_images_are_refused_with_the_rule(images, rule):
    with pytest.raises(DatasetError) as refused:
        converted(images)
    assert rule in str(refused.value)


def test_parts_of_different_sizes_are_refused():
    with pytest.raises(DatasetError, match="of one size, but there are 8 x 8 x 1 and 9 x 9 x 1"):
        converted(np.zeros((2, 8, 8)), np.zeros((2, 9, 9)))


@given(st.lists(st.integers(-(2**31) + 1, 2**31 - 1), min_size=1))
def test_compacting_whole_numbers_keeps_them(values):
    assert compact(np.array(values)).tolist() == values
    assert compact(np.array(values, float)).tolist() == values


def test_an_array_that_cannot_fit_into_memory_is_refused_before_it_is_read():
    with pytest.raises(DatasetError, match=r"x must fit into memory, but it needs 1,000,000.0 GB and this machine has"):
        require_memory("x", (10**9, 1000, 1000), np.uint8)
