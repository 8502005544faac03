"""Images in the box and in .npz files, and what every source must hold. What cannot be used gets one sentence."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from remap_core.datasets.images import Images
from remap_core.datasets.splits import MIN_IMAGES_PER_CLASS
from remap_core.errors import DatasetError

KEYS = ("images", "labels", "class_names")
MAX_CLASSES = 256
_UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Characters that end a line, do more, or cannot be written: control characters and bytes that are no UTF-8."""


def read_digits() -> tuple[Images, tuple[str, ...]]:
    """Scikit-learn's 1,797 handwritten digits, 8 x 8 and grey, and their class names."""
    from sklearn.datasets import load_digits  # noqa: PLC0415 (takes a second, and only this data set needs it)

    digits = load_digits()
    pixels = np.rint(digits.images * (255 / 16)).astype(np.uint8)  # their values are 0..16
    return Images(pixels[..., np.newaxis], digits.target.astype(np.uint8)), tuple(map(str, digits.target_names))


def read_archive(path: Path) -> tuple[Images, tuple[str, ...]]:
    """The images of an .npz file, and its class names.

    `images`: (n, height, width) or (n, height, width, channels) uint8. `labels`: (n,) integers, indices into
    `class_names`: (classes,) strings. Other arrays are left alone, and nothing is ever unpickled.
    Raises DatasetError naming the file and the rule.
    """
    arrays = _read_arrays(path)
    with named(path):
        class_names = checked_names(_strings(arrays["class_names"]))
        labels = _checked_labels(arrays["labels"], class_names)
        images = Images(_with_channels(arrays["images"]), labels)
        require_enough(labels, class_names)
    return images, class_names


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    if not path.is_file():
        raise DatasetError(f"{path}: there is no such file.")
    if not zipfile.is_zipfile(path):
        raise DatasetError(f"{path}: this is not an .npz file, or it was cut short.")
    with named(path), _opened(path) as archive:
        missing = [key for key in KEYS if key not in archive.files]
        if missing:
            raise DatasetError(
                f"the arrays {', '.join(KEYS)} are needed, but {', '.join(missing)} is missing "
                f"among {', '.join(archive.files) or 'none'}."
            )
        return {key: _read_array(archive, key) for key in KEYS}


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:  # opened here, as np.load leaves the file open where it fails
        try:
            archive = np.load(file, allow_pickle=False)
        except Exception as error:  # a damaged archive can raise nearly anything
            raise DatasetError(f"the file is damaged ({reason(error)}).") from error
        yield archive


def _read_array(archive: Any, key: str) -> NDArray[Any]:
    try:
        return np.asarray(archive[key])
    except Exception as error:  # as above
        if "Object arrays" in str(error):
            raise DatasetError(f"{key} must be a plain array, but it holds Python objects.") from error
        raise DatasetError(f"{key} is damaged ({reason(error)}).") from error


def _strings(names: NDArray[Any]) -> list[str]:
    if names.dtype.kind != "U" or names.ndim != 1:
        raise DatasetError(f"class_names must be a list of strings, but it is {names.dtype} of shape {names.shape}.")
    return [str(name) for name in names]


def _checked_labels(labels: NDArray[Any], class_names: tuple[str, ...]) -> NDArray[np.uint8]:
    if labels.dtype.kind not in "iu" or labels.ndim != 1:
        raise DatasetError(
            f"labels must be one integer for each image, but they are {labels.dtype} of shape {labels.shape}."
        )
    if len(labels) and not 0 <= labels.min() <= labels.max() < len(class_names):
        raise DatasetError(
            f"labels must be 0 to {len(class_names) - 1} (there are {len(class_names)} class_names), "
            f"but they are {labels.min()} to {labels.max()}."
        )
    return labels.astype(np.uint8)


def _with_channels(images: NDArray[Any]) -> NDArray[Any]:
    if images.ndim not in (3, 4):
        raise DatasetError(
            f"images must be (n, height, width) or (n, height, width, channels), but their shape is {images.shape}."
        )
    return images[..., np.newaxis] if images.ndim == 3 else images


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Puts the file or folder before the sentence of a DatasetError, and before what the system has against it."""
    try:
        yield
    except DatasetError as error:
        raise DatasetError(f"{shown(path)}: {error}") from error.__cause__
    except OSError as error:
        raise DatasetError(f"{shown(path)}: it cannot be read ({error.strerror}).") from error


def reason(error: Exception) -> str:
    """What a library says of a damaged file, in a line that is not too long."""
    first = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {first:.200}"


def shown(path: Path) -> str:
    """A path as it stands in a sentence: in Python's quotes where it could not be shown."""
    return str(path) if can_be_shown(str(path)) else ascii(str(path))


def can_be_shown(text: str) -> bool:
    """Whether a text can be written in a line, and stored."""
    return _UNSHOWN.search(text) is None


def checked_names(names: Sequence[str]) -> tuple[str, ...]:
    """The names of the classes of a data set; raises DatasetError where they cannot be."""
    if not 2 <= len(names) <= MAX_CLASSES:
        raise DatasetError(f"there must be 2 to {MAX_CLASSES} classes, but the count is {len(names)}.")
    for name, count in Counter(names).items():
        if not name.strip() or not can_be_shown(name):
            raise DatasetError(f"names of classes must be a line of text, but one is {name!a}.")
        if count > 1:
            raise DatasetError(f'names of classes must differ, but {count} are "{name}".')
    return tuple(names)


def require_enough(labels: NDArray[np.uint8], class_names: tuple[str, ...]) -> None:
    """Raises DatasetError where a class has too few images to be split. labels: (n,), indices into class_names."""
    counts = np.bincount(labels, minlength=len(class_names))
    if np.count_nonzero(counts) == 1:
        raise DatasetError(f'at least two classes must have images, but all are of "{class_names[counts.argmax()]}".')
    if counts.min() < MIN_IMAGES_PER_CLASS:
        raise DatasetError(
            f"every class needs at least {MIN_IMAGES_PER_CLASS} images to be split, "
            f'but "{class_names[counts.argmin()]}" has {counts.min()}.'
        )
