"""Names of data sets: "digits", "mnist", or a path, each optionally followed by "#N" for a subset of N images."""

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
    match = _NAME.fullmatch(name)
    if match is None or not _is_source(match["source"]):
        raise DatasetError(
            f"{name!r} is not a data set: use {', '.join(NAMES)}, or the path of an .npz file or of a folder, "
            "optionally followed by #N."
        )
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
    if source not in NAMES:
        source = _absolute(source)
    canonical = source
    if size is not None:
        canonical = f"{source}#{size}"
    if parse_name(canonical) != (source, size):
        raise DatasetError(f"{source}: the name of a folder of images must not contain #.")
    return canonical


def _absolute(source: str) -> str:
    try:
        path = Path(source).expanduser().resolve()
        path.exists()
    except (OSError, RuntimeError) as error:  # circular links, a name that is too long, an unknown home folder
        raise DatasetError(f"{source}: the path cannot be followed ({error}).") from error
    return str(path)


def _is_source(text: str) -> bool:
    """Whether a text is a name, or looks like a path; a single word is a path if there is such a folder."""
    if text in NAMES or text.endswith(".npz") or "/" in text:
        return True
    return os.path.isdir(text)  # noqa: PTH112 (Path.is_dir raises OSError for a name that is too long)
