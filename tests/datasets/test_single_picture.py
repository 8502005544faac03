"""One picture of anybody: what is refused, by which sentence, and what is said of the others."""

import struct
import tracemalloc
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from remap_core.datasets.photos import photo_pixels
from remap_core.datasets.single_picture import open_single, picture_notes, pixels_of
from remap_core.errors import DatasetError

STEPS = {"side": 8, "colour": "colour", "fit": "squash", "background": "black"}


def encoded(image: Image.Image, form: str = "PNG", **options) -> bytes:
    file = BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def png_header(width: int, height: int) -> bytes:
    """The beginning of a PNG that says it is this large."""
    chunks = [b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), b"IDAT" + zlib.compress(bytes(100))]
    parts = [struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def frames(count: int) -> list[Image.Image]:
    return [Image.new("RGB", (9, 9), (40 * number, 0, 0)) for number in range(1, count + 1)]


def prepared(picture):
    return pixels_of(picture, lambda opened: photo_pixels(opened, 8, 8, **STEPS))


@pytest.mark.parametrize("content", [b"", b"not a picture", b"<html>", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_refused(content):
    with pytest.raises(
        DatasetError, match=r"^the file is empty$|^it is not an image, or it is damaged$|^it is a web page"
    ):
        open_single(content)


@pytest.mark.parametrize("size", [(30_000, 30_000), (9_000, 9_000)])
def test_a_picture_of_too_many_pixels_is_refused_by_its_header(size):
    tracemalloc.start()
    with pytest.raises(DatasetError, match=r"^it has [\d,]+ pixels, more than the 64,000,000 allowed$"):
        open_single(png_header(*size))
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_a_large_tiff_that_pillow_cannot_read_is_refused_by_its_header(planes):
    tifffile = pytest.importorskip("tifffile")
    file = BytesIO()
    shape = (3, 16, 16) if planes == "separate" else (16, 16, 3)
    tifffile.imwrite(file, np.zeros(shape, np.float16), photometric="rgb", planarconfig=planes)
    content = bytearray(file.getvalue())
    with tifffile.TiffFile(BytesIO(bytes(content))) as opened:
        places = [opened.pages[0].tags[name].valueoffset for name in ("ImageWidth", "ImageLength")]
    assert not isinstance(open_single(bytes(content)), Image.Image)
    for place in places:
        content[place : place + 2] = struct.pack("<H", 30_000)
    with pytest.raises(DatasetError, match=r"^it has [\d,]+ pixels, more than the 64,000,000 allowed$"):
        open_single(bytes(content))


def test_a_damaged_picture_is_refused_when_it_is_decoded():
    content = encoded(Image.effect_noise((64, 64), 90))
    with pytest.raises(DatasetError, match=r"^the image is damaged \("):
        prepared(open_single(content[:900]))


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
def test_of_an_animated_picture_the_first_frame_is_used_and_that_is_said(form):
    first, *others = frames(3)
    options = {"lossless": True} if form == "WEBP" else {}
    picture = open_single(encoded(first, form, save_all=True, append_images=others, **options))
    assert picture_notes(picture, "white") == ["It has several frames: the first is used."]
    assert np.median(prepared(picture)[..., 0]) == pytest.approx(40, abs=6)


def test_the_two_pictures_of_a_phones_file_are_no_animation():
    first, second = frames(2)
    picture = open_single(encoded(first, "MPO", save_all=True, append_images=[second]))
    assert picture_notes(picture, "white") == []


def test_what_shows_behind_transparent_pixels_is_said():
    picture = open_single(encoded(Image.new("RGBA", (9, 9), (255, 255, 255, 0))))
    assert picture_notes(picture, "black") == ["What is transparent in it is black."]
    assert prepared(picture).max() == 0


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"])
@pytest.mark.parametrize("size", [(1, 1), (3, 50), (40, 8)])
def test_pictures_of_any_mode_and_size_are_prepared(mode, size):
    form = "TIFF" if mode in ("CMYK", "F") else "PNG"
    picture = open_single(encoded(Image.new(mode, size), form))
    assert prepared(picture).shape == (8, 8, 3)
