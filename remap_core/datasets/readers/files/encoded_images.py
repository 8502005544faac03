"""Image files: which files are images, and how one is opened."""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from remap_core.datasets.readers.files.file_list import FileList, ListedFile
from remap_core.datasets.readers.found import Picture
from remap_core.datasets.rules import reason
from remap_core.errors import DatasetError
from remap_core.formatting import count

_ENDINGS = "png apng jpg jpeg jpe jfif mpo webp bmp dib gif tif tiff pgm ppm pbm pnm heic heif avif"
_OTHER_ENDINGS = """
txt json jsonl xml csv tsv md rst html htm yaml yml pdf ini cfg db log py ipynb pkl pickle pt pth npy npz mat h5 hdf5
parquet arrow zip gz tar tgz doc docx xls xlsx ods mp4 avi mov wav mp3 sh bat exe js css svg sqlite lnk url tmp bak
"""
SUFFIXES = frozenset(f".{ending}" for ending in _ENDINGS.split())
"""Endings of image files; a file of another ending may still be one, unless its ending says what it is."""
_NEVER_IMAGES = frozenset(f".{ending}" for ending in _OTHER_ENDINGS.split())
_FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "BMP", "DIB", "GIF", "TIFF", "PPM", "HEIF", "AVIF")
MAX_PIXELS = 64_000_000
"""Of an image that is decoded whole: one with transparency then takes a gigabyte."""
MAX_JPEG_PIXELS = 2 * (Image.MAX_IMAGE_PIXELS or 0)
"""Of a JPEG, which is decoded at a fraction of its size. Above this, Pillow refuses to open an image."""
_BITS_PER_SAMPLE = 258
"""A tag of TIFF."""
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # up to twice the limit is allowed
_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"BM", b"GIF8", b"II*\0", b"MM\0*")
_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


class FilePictures:
    """Image files below a folder, by their paths relative to it."""

    def __init__(self, root: Path, files: Sequence[str]) -> None:
        self.root = root
        self.files = tuple(files)

    def __len__(self) -> int:
        return len(self.files)

    def name(self, place: int) -> str:
        """The path of an image relative to the folder."""
        return self.files[place]

    def open(self, place: int) -> Picture:
        """An image, by its content and not by its ending; raises DatasetError with the reason why it is none."""
        path = self.root / self.files[place]
        try:
            with path.open("rb") as file:
                content = file.read()
        except FileNotFoundError:
            raise DatasetError("it was removed while the folder was read") from None
        except OSError as error:
            raise DatasetError(f"it cannot be read ({error.strerror})") from error
        return open_picture(content)


def open_picture(content: bytes, most: int = MAX_PIXELS, most_of_jpeg: int = MAX_JPEG_PIXELS) -> Picture:
    """An encoded image; raises DatasetError with the reason why it is none, as the end of a sentence.

    most, most_of_jpeg: pixels that it may have; its header says how many there are before any is decoded.
    """
    if not content:
        raise DatasetError("the file is empty")
    _register_heif()
    try:
        image = Image.open(BytesIO(content), formats=_known_formats())
    except Image.DecompressionBombError as error:
        numbers = re.findall(r"\d+", str(error))  # the pixels of the image, then Pillow's limit
        raise DatasetError(_too_many(int(numbers[0]), most)) from None
    except UnidentifiedImageError:
        return _rare_tiff(content, most)
    except Exception as error:  # a damaged file can raise nearly anything
        raise DatasetError(f"the image is damaged ({reason(error)})") from error
    if image.format in ("JPEG", "MPO"):
        most = most_of_jpeg
    if image.width * image.height > most:
        raise DatasetError(_too_many(image.width * image.height, most))
    if _is_deep_rgb(image):
        return _rare_tiff(content, most)  # Pillow would cut its values to 8 bits
    return image


def _too_many(pixels: int, most: int) -> str:
    return f"it has {count(pixels)} pixels, more than the {count(most)} allowed"


def _is_deep_rgb(image: Image.Image) -> bool:
    """Whether this is a TIFF in colour of more than 8 bits a channel."""
    if not isinstance(image, TiffImageFile) or not image.mode.startswith("RGB"):
        return False
    bits = image.tag_v2.get(_BITS_PER_SAMPLE, (8,))
    return bool(max(bits) > 8)


def image_files(folder: FileList) -> list[ListedFile]:
    """The files of a folder that are images by their ending or, for an unknown ending, by their content."""
    return [file for file in folder.files if _is_image(folder.root, file)]


def _is_image(root: Path, file: ListedFile) -> bool:
    if file.suffix in SUFFIXES:
        return True
    if file.suffix in _NEVER_IMAGES:
        return False
    try:
        with (root / file.path).open("rb") as opened:
            head = opened.read(16)
    except OSError:
        return False
    is_webp = head.startswith(b"RIFF") and head[8:12] == b"WEBP"
    return is_webp or head.startswith(_MAGIC)


def _rare_tiff(content: bytes, most: int) -> Picture:
    """A TIFF that Pillow cannot read, such as 16-bit RGB, by the extra `tiff`: (height, width, channels)."""
    if not content.startswith(_TIFF_MAGIC):
        raise DatasetError(_what_it_is(content))
    try:
        tifffile = importlib.import_module("tifffile")
    except ImportError:
        raise DatasetError("this kind of TIFF needs the package tifffile (extra `tiff`)") from None
    try:
        with tifffile.TiffFile(BytesIO(content)) as file:
            page = file.pages[0]
            pixels = page.imagewidth * page.imagelength
            if pixels > most:
                raise DatasetError(_too_many(pixels, most))
            values = np.asarray(page.asarray())
    except DatasetError:
        raise
    except Exception as error:  # as above
        raise DatasetError(f"the TIFF is damaged ({reason(error)})") from error
    return _channels_last(values)


def _channels_last(pixels: NDArray[Any]) -> NDArray[Any]:
    """Pixels (height, width, 1 or 3), without alpha; raises DatasetError where they are no image."""
    if pixels.ndim == 2:
        pixels = pixels[..., np.newaxis]
    if pixels.ndim != 3:
        raise DatasetError(f"a TIFF must be grey or RGB, but this one has the shape {pixels.shape}")
    first, _, last = pixels.shape
    is_planar = first in (3, 4) and last not in (3, 4)
    if is_planar:
        pixels = np.moveaxis(pixels, 0, 2)
    if pixels.shape[2] not in (1, 3, 4):
        raise DatasetError(f"a TIFF must be grey or RGB, but this one has the shape {pixels.shape}")
    return pixels[..., :3]


def _what_it_is(content: bytes) -> str:
    head = content[:512].lstrip().lower()
    if head.startswith((b"<!doctype", b"<html")):
        return "it is a web page, not an image"
    if head.startswith((b"<svg", b"<?xml")):
        return "it is a drawing (SVG or XML), not an image of pixels"
    if head[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1"):
        return "HEIC images need the package pillow-heif (extra `heic`)"
    return "it is not an image, or it is damaged"


@cache
def _register_heif() -> None:
    try:
        importlib.import_module("pillow_heif").register_heif_opener()
    except ImportError:
        return


@cache
def _known_formats() -> tuple[str, ...]:
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)
