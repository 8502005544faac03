"""Names of data sets: "digits", "leaves@1f3a9c2e0b7d" (one that was added), or a path, each with an optional "#N"."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

from remap_core.datasets.readers.published import PUBLISHED
from remap_core.datasets.rules import is_printable_line
from remap_core.errors import DatasetError

DIGITS = "digits"
LEAVES = "leaves"
NAMES = (DIGITS, LEAVES, *PUBLISHED)
"""Data sets that are known by name; all others are paths."""
_NAME = re.compile(r"(?P<source>.*\.npz|.*?)(?:#(?P<size>[^#/]*))?")


_PART = re.compile(r"(?P<whole>.+)%(?P<held_out>not)?(?P<number>[1-9])of(?P<parts>[2-9])")
MAX_TITLE = 60
DIGITS_OF_DIGEST = 12
_TITLE = re.compile(r"\w[\w .-]*")
_FULL_NAME = re.compile(rf"(?P<title>[^@/#]+)@[0-9a-f]{{{DIGITS_OF_DIGEST}}}")


_OWNED = re.compile(rf"[^@/#]+ of (?P<owner>visitor-[0-9a-f]{{8}})@[0-9a-f]{{{DIGITS_OF_DIGEST}}}(?:[#%]|$)")
OF_A_VISITOR = " of visitor-[0-9a-f]{8}"
"""Pattern of what stands in every text that names a visitor's data set."""


class NameParts(NamedTuple):
    """What comes before the "#" of a name, and the size of the subset after it, if there is one."""

    source: str
    size: int | None


def parse_name(name: str) -> NameParts:
    """Split a name at its "#". Raises DatasetError with the rule that it breaks.

    >>> parse_name("digits#0500")
    NameParts(source='digits', size=500)
    """
    if not is_printable_line(name):
        raise DatasetError(f"{name!a} is not a data set: its name contains an unprintable character.")
    source, size = split_name(name)
    if not _is_source(source):
        raise DatasetError(
            f"{name!r} is not a data set: use {', '.join(NAMES)}, the name of one that was added, or the path of a "
            "file or folder, optionally followed by #N."
        )
    return NameParts(source, size)


def split_name(name: str) -> NameParts:
    """Split a name at its "#", whatever the rest is. Raises DatasetError where no number is behind it."""
    match = _NAME.fullmatch(name)
    if match is None or not match["source"]:
        raise DatasetError(f"{name!r:.80} is not a data set.")
    size = match["size"]
    if size is None:
        return NameParts(match["source"], None)
    if not re.fullmatch(r"[0-9]{1,12}", size):
        raise DatasetError(f"{name!r}: # must be followed by the size of a subset, but got {size!r}.")
    return NameParts(match["source"], int(size))


def canonical_name(name: str) -> str:
    """The name under which a data set is stored: with an absolute path, and with its "#N". Raises DatasetError.

    >>> canonical_name("digits#0500")
    'digits#500'
    """
    source, size = parse_name(name)
    if source not in NAMES and not is_kept_name(source):
        source = _absolute(source)
    canonical = source
    if size is not None:
        canonical = f"{source}#{size}"
    if parse_name(canonical) != (source, size):
        raise DatasetError(f"{source}: the name of a folder of images must not contain #.")
    return canonical


class TrainingPart(NamedTuple):
    """One of so many equal parts of the training images, counted from 1.

    held_out: whether all but this part train, and this part validates; else this part trains.
    """

    number: int
    parts: int
    held_out: bool = False

    @property
    def share(self) -> float:
        """Of the training images that train."""
        return (self.parts - 1 if self.held_out else 1) / self.parts


def split_part(name: str) -> tuple[str, TrainingPart | None]:
    """The name of a whole data set, and which part of its training images is used; None for all of them.

    >>> split_part("digits#500%2of4")
    ('digits#500', TrainingPart(number=2, parts=4, held_out=False))
    """
    match = _PART.fullmatch(name)
    if match is None or not 1 <= int(match["number"]) <= int(match["parts"]):
        return name, None
    return match["whole"], TrainingPart(int(match["number"]), int(match["parts"]), match["held_out"] is not None)


def part_name(name: str, part: TrainingPart) -> str:
    """The name of a data set with a part of its training images, and with all others.

    >>> part_name("digits", TrainingPart(2, 4)), part_name("digits", TrainingPart(2, 3, held_out=True))
    ('digits%2of4', 'digits%not2of3')
    """
    return f"{name}%{'not' if part.held_out else ''}{part.number}of{part.parts}"


def title_of(name: str) -> str | None:
    """The title in the full name of a data set that was added; None for other names.

    >>> title_of("leaves@1f3a9c2e0b7d")
    'leaves'
    """
    match = _FULL_NAME.fullmatch(name)
    if match is None:
        return None
    return match["title"]


def owned_title(title: str, visitor: str) -> str:
    """The title of a data set that only one visitor of a demo sees."""
    return f"{title} of {visitor}"


def owner_of(name: str) -> str:
    """The visitor of a demo who alone sees a data set, by its name or a part's; empty where everybody does.

    >>> owner_of("leaves of visitor-0a1b2c3d@1f3a9c2e0b7d%1of4"), owner_of("leaves@1f3a9c2e0b7d")
    ('visitor-0a1b2c3d', '')
    """
    match = _OWNED.match(name)
    return match["owner"] if match else ""


def is_kept_name(name: str) -> bool:
    """Whether a name is the full one, with its digest, of a data set that was added."""
    return title_of(name) is not None


def is_path(name: str) -> bool:
    """Whether a name with or without "#N" is a path: not one that is built in, nor the full one of a data set.

    >>> is_path("digits#500"), is_path("leaves@1f3a9c2e0b7d"), is_path("/srv/parts.npz#500")
    (False, False, True)
    """
    source, _ = split_name(name)
    return source not in NAMES and not is_kept_name(source)


def checked_title(title: str) -> str:
    """A name for a data set to add; raises DatasetError where it cannot be one."""
    if title.lower() in NAMES:
        raise DatasetError(f"{title} is the name of a data set that is built in: choose another one.")
    is_short = len(title) <= MAX_TITLE and title == title.strip()
    if not is_short or not _TITLE.fullmatch(title):
        raise DatasetError(
            f"The name of a data set must have 1 to {MAX_TITLE} letters, digits, spaces, dots or dashes, "
            f"but got {title!r:.80}."
        )
    return title


def _absolute(source: str) -> str:
    try:
        path = Path(source).expanduser().resolve()
        path.exists()
    except (OSError, RuntimeError) as error:  # circular links, a name that is too long, an unknown home folder
        raise DatasetError(f"{source}: the path cannot be followed ({error}).") from error
    return str(path)


def _is_source(text: str) -> bool:
    """Whether a text is a name, or looks like a path; a single word is a path if there is such a folder."""
    if text in NAMES or is_kept_name(text) or text.endswith(".npz") or "/" in text:
        return True
    return os.path.isdir(text)  # noqa: PTH112 (Path.is_dir raises OSError for a name that is too long)
