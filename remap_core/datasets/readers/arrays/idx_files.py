"""MNIST's idx files, plain or gzipped: a file of images and one of labels for each part of the split."""

from __future__ import annotations

import gzip
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import numpy as np

from remap_core.datasets.readers.arrays.labelled_arrays import Labelled, found_in_arrays
from remap_core.datasets.readers.arrays.pixel_arrays import Array, require_memory
from remap_core.datasets.readers.files.file_list import GZIP_MAGIC, visible_files
from remap_core.datasets.readers.found import Found
from remap_core.datasets.readers.part_names import PART_WORDS, part_in
from remap_core.datasets.recipe import Choices
from remap_core.datasets.rules import errors_name, path_text, reason
from remap_core.datasets.splits import Part
from remap_core.errors import DatasetError

FORM = "idx files (MNIST)"
_TYPES = {
    0x08: "u1",
    0x09: "i1",
    0x0B: ">i2",
    0x0C: ">i4",
    0x0D: ">f4",
    0x0E: ">f8",
}
_MAX_AXES = 4
_ROLE = re.compile(r"images?|labels?|idx\d|u?byte")
"""What differs between the names of two files that belong together."""
_TURNED = "EMNIST stores its images sideways: they were turned upright."


class Header(NamedTuple):
    """What an idx file says of itself."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def holds_images(self) -> bool:
        return len(self.shape) >= 3

    @property
    def holds_labels(self) -> bool:
        return len(self.shape) == 1


class Half(NamedTuple):
    """A file of images or of labels. stem: what its name has in common with the other's."""

    file: Path
    header: Header
    stem: str


def is_idx(path: Path, files: Sequence[Path]) -> bool:
    """Whether this is an idx file of images or a folder with one, by the first bytes; `files`: all below the folder."""
    headers = map(_peek, files or [path])
    return any(header.holds_images for header in headers if header)


def read_idx(path: Path, choices: Choices) -> Found:
    """The images of one pair of files or several; a file alone is read with the labels that are next to it.

    Raises DatasetError with the file and the rule that it breaks.
    """
    with errors_name(path):
        halves = _halves(path)
        images = {half.stem: half for half in halves if half.header.holds_images}
        labels = {half.stem: half for half in halves if half.header.holds_labels}
        _require_one_set(list(images))
        is_emnist = "emnist" in next(iter(images))
        groups = []
        lonely = []
        for stem, half in images.items():
            if stem in labels:
                groups.append(_labelled(half, labels[stem], is_turned=is_emnist))
            else:
                lonely.append(half.file.name)
        if not groups:
            raise DatasetError(f"{lonely[0]} needs a file of labels next to it, such as {_labels_name(lonely[0])}.")
        warnings = [f"{name} has no labels: ignored." for name in lonely]
        if is_emnist:
            warnings.append(_TURNED)
        return found_in_arrays(FORM, groups, path, choices, warnings=warnings)


def _halves(path: Path) -> list[Half]:
    """The idx files of a source, or those that belong to one file."""
    source = path
    files = visible_files(path)
    if not path.is_dir():
        source = path.parent
        files = sorted(file for file in source.iterdir() if file.is_file())
    halves: dict[tuple[int, str], Half] = {}
    for file in files:
        header = _peek(file)
        if header is not None:
            half = Half(file, header, _stem(file, source))
            halves.setdefault((len(header.shape), half.stem), half)  # x is read, and x.gz next to it is not
    chosen = list(halves.values())
    if path.is_dir():
        return chosen
    return [half for half in chosen if half.stem == _stem(path, source)]


def _stem(file: Path, source: Path) -> str:
    name = str(file.relative_to(source)).lower().removesuffix(".gz")
    words = re.split(r"[\W_]+", _ROLE.sub(" ", name))
    return "-".join(dict.fromkeys(word for word in words if word))


def _labels_name(name: str) -> str:
    return name.replace("images", "labels").replace("image", "label").replace("idx3", "idx1")


def _require_one_set(stems: Sequence[str]) -> None:
    """EMNIST comes as six data sets in one folder."""
    if not stems:
        raise DatasetError("there is no idx file of images (3 axes).")
    names = set(map(_without_part, stems))
    if len(names) > 1:
        raise DatasetError(
            f"the idx files must be of one data set, but they are of {', '.join(sorted(names))}: "
            "put those of one into a folder of their own."
        )


def _without_part(stem: str) -> str:
    words = stem.split("-")
    return "-".join(word for word in words if word not in PART_WORDS)


def _labelled(images: Half, labels: Half, *, is_turned: bool) -> Labelled:
    pixels = _read(images)
    if is_turned:
        pixels = pixels.swapaxes(1, 2)
    part = part_in(images.stem)
    name = images.file.name
    if part == Part.UNKNOWN:
        name = ""
    return Labelled(pixels, _read(labels), part, name)


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    with file.open("rb") as stream:
        is_zipped = stream.read(2) == GZIP_MAGIC
        stream.seek(0)
        if is_zipped:
            yield cast(BinaryIO, gzip.GzipFile(fileobj=stream))
        else:
            yield stream


def _peek(file: Path) -> Header | None:
    """The header of an idx file; None if it is another file."""
    try:
        with _opened(file) as stream:
            return _header(stream)
    except (OSError, EOFError, struct.error, zlib.error):
        return None


def _header(stream: BinaryIO) -> Header | None:
    """Two zeros, the type, the number of axes, and the length of each in 4 bytes."""
    zeros, code, axes = struct.unpack(">HBB", stream.read(4))
    if zeros or code not in _TYPES or not 1 <= axes <= _MAX_AXES:
        return None
    lengths = stream.read(4 * axes)
    shape = struct.unpack(f">{axes}I", lengths)
    return Header(np.dtype(_TYPES[code]), shape)


def _read(half: Half) -> Array:
    """All values of a file, and not a byte more than its header states, however much a gzip file holds."""
    dtype, shape = half.header
    name = path_text(Path(half.file.name))
    require_memory(name, shape, dtype)
    size = prod(shape) * dtype.itemsize
    try:
        with _opened(half.file) as stream:
            _header(stream)
            content = stream.read(size + 1)
    except Exception as error:  # a damaged file can raise nearly anything
        raise DatasetError(f"{name} is damaged ({reason(error)}).") from error
    found = f"{len(content):,}"
    if len(content) > size:
        found = "more"
    if len(content) != size:
        raise DatasetError(f"{name} must have {size:,} bytes after its header, but it has {found}.")
    return np.frombuffer(content, dtype).reshape(shape)
