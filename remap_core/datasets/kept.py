"""Data sets that were added to a data folder: prepared images, ready to train on.

Each is a folder, `home`/data/NAME@DIGEST: the pixels of all images in one file that is memory-mapped, their labels
and parts, and what was done to make them. The digest is of the recipe and of the content, so trials of two recipes,
which name their data set with its digest, never mix.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from remap_core.datasets.image_report import Report
from remap_core.datasets.images import Pixels
from remap_core.datasets.naming import DIGITS_OF_DIGEST, checked_title, title_of
from remap_core.datasets.readers.found import Picture
from remap_core.datasets.readers.originals import open_original
from remap_core.datasets.recipe import Recipe
from remap_core.datasets.splits import Parts
from remap_core.errors import DatasetError
from remap_core.system.files import write_file

PIXELS = "pixels.npy"
LABELS = "labels.npy"
PARTS = "parts.npy"
NAMES = "names.json"
_DESCRIPTION = "dataset.json"


@dataclass(frozen=True)
class Kept:
    """A data set that was added. name: with its digest, as trials name it. title: as it was named when it was added."""

    name: str
    title: str
    folder: Path
    recipe: Recipe

    @cached_property
    def report(self) -> Report:
        """What was found and done when it was added."""
        return Report.from_json(_description(self.folder)["report"])

    @property
    def stamp(self) -> str:
        """What the source looked like when it was added."""
        return str(_description(self.folder)["stamp"])

    @property
    def is_proposed(self) -> bool:
        """Whether nothing but proposed values was chosen."""
        return bool(_description(self.folder)["proposed"])

    @property
    def added(self) -> float:
        """When it was added, in seconds since 1970."""
        return (self.folder / _DESCRIPTION).stat().st_mtime

    @property
    def bytes(self) -> int:
        """The size of its files on the disk."""
        return sum(file.stat().st_size for file in self.folder.iterdir())

    def pixels(self) -> Pixels:
        """(n, height, width, channels) uint8 of all images, training images first, then validation, then test.

        Memory-mapped and copied on writing: the file never changes.
        """
        pixels: Pixels = _array(self.folder / PIXELS, mmap_mode="c")
        return pixels

    def labels(self) -> NDArray[np.integer]:
        """(n,) classes, 0-based."""
        return _array(self.folder / LABELS)

    def parts(self) -> Parts:
        """(n,) the `Part` of each image, ascending."""
        parts: Parts = _array(self.folder / PARTS)
        return parts

    def names(self) -> list[str]:
        """What each of the n images is called in its source: a path, or a place in a file."""
        text = (self.folder / NAMES).read_text(encoding="utf-8")
        names: list[str] = json.loads(text)
        return names

    def original(self, row: int) -> Picture:
        """The person's own image of a row; raises DatasetError where it is no longer there."""
        home = self.folder.parent.parent
        return open_original(self.recipe.source, self.names()[row], home)


def kept_datasets(home: Path) -> list[Kept]:
    """The data sets of a data folder, by title."""
    folder = home / "data"
    if not folder.is_dir():
        return []
    found = []
    for entry in folder.iterdir():
        title = title_of(entry.name)
        if title is not None and (entry / _DESCRIPTION).is_file():
            description = _description(entry)
            recipe = Recipe.from_json(json.dumps(description["recipe"]))
            found.append(Kept(entry.name, title, entry, recipe))
    return sorted(found, key=lambda kept: (kept.title.casefold(), kept.name))


def kept_stamp(home: Path) -> int:
    """Differs once a data set was added to a data folder or removed. Cheap enough to poll."""
    try:
        return (home / "data").stat().st_mtime_ns
    except OSError:
        return 0


def find_kept(name: str, home: Path) -> Kept | None:
    """The data set of this title, or of this name with its digest."""
    for kept in kept_datasets(home):
        if name in (kept.title, kept.name):
            return kept
    return None


def remove_kept(kept: Kept) -> None:
    """Delete the prepared images of a data set; the person's own files stay as they are. Raises DatasetError."""
    doomed = kept.folder.with_name(f".{kept.folder.name}.removed")
    try:
        kept.folder.rename(doomed)  # at once: no half of it is ever found
        shutil.rmtree(doomed)
    except OSError as error:
        raise DatasetError(f"{kept.title} cannot be removed: {error.strerror}.") from error


def store_kept(
    folder: Path,
    name: str,
    home: Path,
    about: dict[str, Any],
) -> Kept:
    """Move a folder of prepared images into a data folder. about: its recipe, report and stamp, as JSON.

    An equal one that is there already is returned. Raises DatasetError where the name is taken or is none.
    """
    checked_title(name)
    recipe = Recipe.from_json(json.dumps(about["recipe"]))
    digest = _digest(recipe, folder)
    full_name = f"{name}@{digest}"
    kept = Kept(full_name, name, home / "data" / full_name, recipe)
    for other in kept_datasets(home):
        if other.name == kept.name:
            return other
        if other.title.casefold() == name.casefold():
            raise name_taken(other)
    try:
        kept.folder.parent.mkdir(parents=True, exist_ok=True)
        write_file(folder / _DESCRIPTION, json.dumps(about).encode())
        folder.rename(kept.folder)
    except OSError as error:
        raise DatasetError(f"{name} cannot be stored in {home}: {error.strerror}.") from error
    return kept


def name_taken(kept: Kept) -> DatasetError:
    """The error of a name that another data set has."""
    return DatasetError(f"There is already a data set {kept.title}: choose another name, or remove it first.")


def _digest(recipe: Recipe, folder: Path) -> str:
    """Of the recipe and the content, wherever the source lay."""
    elsewhere = replace(recipe, source="")
    digest = hashlib.sha256(elsewhere.to_json().encode())
    for file in (PIXELS, LABELS, PARTS):
        with (folder / file).open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()[:DIGITS_OF_DIGEST]


def _description(folder: Path) -> dict[str, Any]:
    try:
        text = (folder / _DESCRIPTION).read_text(encoding="utf-8")
        description: dict[str, Any] = json.loads(text)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{folder / _DESCRIPTION} cannot be read: add the data set again.") from error
    return description


def _array(path: Path, mmap_mode: Any = None) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, mmap_mode=mmap_mode, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DatasetError(f"{path} cannot be read: add the data set again.") from error
    return np.asarray(array)
