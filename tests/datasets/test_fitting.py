"""One image to the size and colours of its data set."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from remap_core.datasets.fitting import fitted


def halves(width=40, height=20) -> Image.Image:
    """The left half is black, the right half is white."""
    image = Image.new("L", (width, height), 255)
    image.paste(0, (0, 0, width // 2, height))
    return image


@given(
    width=st.integers(1, 60),
    height=st.integers(1, 60),
    side=st.integers(8, 40),
    fit=st.sampled_from(["squash", "crop", "pad"]),
    colour=st.sampled_from(["grey", "colour"]),
    mode=st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"]),
)
def test_any_image_becomes_a_square_of_the_side_in_the_colours(width, height, side, fit, colour, mode):
    image = halves(width, height)
    image = Image.fromarray(np.asarray(image, np.uint16)) if mode == "I;16" else image.convert(mode)
    pixels = fitted(image, side=side, colour=colour, fit=fit)
    assert (pixels.shape, pixels.dtype) == ((side, side, 1 if colour == "grey" else 3), np.uint8)


def test_squash_keeps_all_crop_keeps_the_middle_and_pad_adds_borders():
    squashed, cropped, padded = (
        fitted(halves(), side=10, colour="grey", fit=fit)[..., 0] for fit in ("squash", "crop", "pad")
    )
    for pixels in (squashed, cropped):
        assert pixels[:, :4].mean() < 10
        assert pixels[:, 6:].mean() > 245
    assert (padded[:2] == 255).all()
    assert (padded[-2:] == 255).all()
    assert padded[4:6, :4].mean() < 10
    black = fitted(halves(), side=10, colour="grey", fit="pad", background="black")[..., 0]
    assert (black[:2] == 0).all()


@pytest.mark.parametrize(("background", "value"), [("white", 255), ("black", 0)])
def test_what_is_transparent_shows_the_background(background, value):
    pixels = fitted(Image.new("RGBA", (10, 10), (200, 0, 0, 0)), side=10, colour="colour", background=background)
    assert (pixels == value).all()


def test_images_of_16_bits_are_scaled_by_the_value_that_becomes_white():
    deep = Image.fromarray(np.array([[0, 2000], [4000, 8000]], np.uint16))
    assert fitted(deep, side=None, colour="grey", white=4000)[..., 0].tolist() == [[0, 128], [255, 255]]
    array = np.asarray(deep)[..., np.newaxis]
    assert fitted(array, side=None, colour="grey", white=4000)[..., 0].tolist() == [[0, 128], [255, 255]]


def test_an_image_of_the_right_size_and_colours_keeps_its_pixels():
    values = np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)
    assert (fitted(Image.fromarray(values), side=9, colour="colour") == values).all()
    assert (fitted(values, side=None, colour="colour") == values).all()


def test_a_jpeg_that_is_decoded_at_a_reduced_size_looks_as_if_it_were_decoded_whole():
    smooth = np.add.outer(np.arange(1200), np.arange(1600)) * 255 / 2800
    content = io.BytesIO()
    Image.fromarray(smooth.astype(np.uint8)).save(content, "JPEG", quality=95)
    for fit in ("squash", "crop", "pad"):
        reduced = fitted(Image.open(content), side=32, colour="grey", fit=fit).astype(int)
        whole = Image.open(content)
        whole.load()
        assert np.abs(reduced - fitted(whole, side=32, colour="grey", fit=fit)).max() <= 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_of_a_camera_is_turned_as_pillow_turns_it(orientation):
    from PIL import ImageOps  # noqa: PLC0415

    values = np.random.default_rng(1).integers(0, 256, (12, 20, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = io.BytesIO()
    Image.fromarray(values).save(content, "PNG", exif=exif)
    upright = ImageOps.exif_transpose(Image.open(content))
    assert (fitted(Image.open(content), side=None, colour="colour") == np.asarray(upright)).all()
