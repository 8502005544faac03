"""From what a person writes (a name, a path) to the name of a data set that can be loaded."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path

from remap_core.datasets.kept import Kept, find_kept, kept_datasets
from remap_core.datasets.naming import MAX_TITLE, NAMES, split_name
from remap_core.datasets.preparation.intake import ShowProgress, add, no_progress
from remap_core.datasets.readers.forms import stamp_of
from remap_core.datasets.readers.published_sets.sources import is_published
from remap_core.datasets.recipe import Choices
from remap_core.errors import DatasetError

_ROOM_FOR_NUMBERS = 12
"""Characters that are left for the size of a subset, and to tell equal titles apart."""

log = logging.getLogger(__name__)


def resolve(
    name: str | Path,
    home: Path,
    *,
    known: Collection[str] = (),
    progress: ShowProgress = no_progress,
) -> str:
    """The full name of a data set: one of NAMES, or one that was added to the data folder `home`.

    A path is added with proposed choices, once: as long as its files do not change, the data set is found again.
    "#N" after the name takes a class-balanced subset of N images. known: names in the catalogue; version 0.1 has
    paths among them, which stay what they are. Raises DatasetError with the reason.
    """
    if not isinstance(name, str | Path):
        raise DatasetError(f"A data set is a name or a path, but got {name!r:.60}.")
    source, size = split_name(str(name))
    if source in NAMES:
        return _with_size(source, size)
    added = find_kept(source, home)
    if added is not None:
        return _with_size(added.name, size)
    choices = Choices(images=size)
    if is_published(source):
        title = free_title(source, size, home)
        return _add(source, title, choices, home, progress)
    path = _path(source, home)
    as_before = _with_size(str(path.resolve()), size)
    if as_before in known:
        return as_before
    added = _added_before(path, choices, home)
    if added is not None:
        return added.name
    title = free_title(_stem(path), size, home)
    return _add(path, title, choices, home, progress)


def _add(
    source: str | Path,
    title: str,
    choices: Choices,
    home: Path,
    progress: ShowProgress,
) -> str:
    added = add(source, title, choices, home, progress)
    about = " ".join(added.report.sentences())
    log.info("%s was added as %s: %s", source, added.name, about)
    return added.name


def _with_size(source: str, size: int | None) -> str:
    if size is None:
        return source
    return f"{source}#{size}"


def _path(source: str, home: Path) -> Path:
    try:
        path = Path(source).expanduser().absolute()
        exists = path.exists()
    except (OSError, RuntimeError, ValueError) as error:  # a name that is too long, an unknown home folder
        why = getattr(error, "strerror", None) or str(error)
        raise DatasetError(f"{source!r:.80} is not a data set: the path cannot be followed ({why:.80}).") from error
    if exists:
        return path
    if "/" in source:
        raise DatasetError(f"{source!r:.200} is not a data set: there is no such file or folder.")
    names = [*NAMES, *(kept.title for kept in kept_datasets(home))]
    nearest = get_close_matches(source.lower(), names, n=1, cutoff=0.5)
    if nearest:
        raise DatasetError(f"There is no data set {source!r:.60}: did you mean {nearest[0]}?")
    known = ", ".join(names)
    raise DatasetError(f"{source!r:.200} is not a data set: use {known}, or the path of a file or folder.")


def _added_before(path: Path, choices: Choices, home: Path) -> Kept | None:
    """The data set that was added from this path with proposed choices, if its files are still the same."""
    for kept in kept_datasets(home):
        recipe = kept.recipe
        is_same = recipe.source == str(path) and recipe.images == choices.images
        if is_same and kept.is_proposed and kept.stamp == stamp_of(path):
            return kept
    return None


def _stem(path: Path) -> str:
    if path.is_file():
        return re.sub(r"(\.tar)?\.\w+$", "", path.name)
    return path.name


def free_title(stem: str, size: int | None, home: Path) -> str:
    """A title like the name of a file or folder that no other data set has."""
    words = re.sub(r"[^\w .-]+", "-", stem)
    title = words.strip(" .-")[: MAX_TITLE - _ROOM_FOR_NUMBERS] or "images"
    if size is not None:
        title = f"{title}-{size}"
    titles = {kept.title.casefold() for kept in kept_datasets(home)}
    taken = titles | set(NAMES)
    number = 1
    free = title
    while free.casefold() in taken:
        number += 1
        free = f"{title}-{number}"
    return free
