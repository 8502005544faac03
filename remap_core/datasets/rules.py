"""The rules that every source of images keeps, and how an error names the file that breaks one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from remap_core.datasets.splits import MIN_IMAGES_PER_CLASS
from remap_core.errors import DatasetError
from remap_core.trials.class_labels import MAX_CLASSES, MAX_NAME, Labels, shortened_names

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters, line separators, and bytes that are not UTF-8."""


def checked_class_names(names: Sequence[str]) -> tuple[str, ...]:
    """The class names of a data set, long ones cut.

    Raises DatasetError if they are too few, too many, unprintable or not unique.
    """
    if not 2 <= len(names) <= MAX_CLASSES:
        raise DatasetError(f"there must be 2 to {MAX_CLASSES} classes, but there are {len(names)}.")
    for name, count in Counter(names).items():
        if not name.strip() or not is_printable_line(name):
            raise DatasetError(f"class names must be one line of text, but one is {name[:MAX_NAME]!a}.")
        if count > 1:
            raise DatasetError(f'class names must be unique, but {count} are "{name:.{MAX_NAME}}".')
    return shortened_names(names)


def require_enough_images(labels: Labels, class_names: tuple[str, ...]) -> None:
    """Raise DatasetError if a class has too few images to be split. labels: (n,), indices into class_names."""
    counts = np.bincount(labels, minlength=len(class_names))
    if np.count_nonzero(counts) == 1:
        only_class = class_names[counts.argmax()]
        raise DatasetError(f'at least two classes must have images, but all are of "{only_class}".')
    if counts.min() < MIN_IMAGES_PER_CLASS:
        smallest_class = class_names[counts.argmin()]
        raise DatasetError(
            f"every class needs at least {MIN_IMAGES_PER_CLASS} images to be split, "
            f'but "{smallest_class}" has {counts.min()}.'
        )


@contextmanager
def errors_name(path: Path) -> Iterator[None]:
    """Put the file or folder in front of a DatasetError raised in the block, and turn an OSError into one."""
    try:
        yield
    except DatasetError as error:
        if not str(error).startswith(path_text(path)):
            error.args = (f"{path_text(path)}: {error}",)
        raise
    except OSError as error:
        raise DatasetError(f"{path_text(path)}: it cannot be read ({error.strerror}).") from error


def reason(error: Exception) -> str:
    """The first line of a library's error, at most 200 characters, after the name of its class."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]:.200}"


def path_text(path: Path) -> str:
    """A path in a sentence: quoted and escaped if it contains unprintable characters."""
    text = str(path)
    if is_printable_line(text):
        return text
    return ascii(text)


def is_printable_line(text: str) -> bool:
    """Whether a text can be shown in one line, and stored."""
    return _UNPRINTABLE.search(text) is None
