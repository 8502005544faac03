"""Data sets that were added to a data folder: prepared images, ready to train on.

Each is a folder, `home`/data/NAME@DIGEST: the pixels of all images in one file that is memory-mapped, their labels
and parts, and what was done to make them. The digest is of the recipe and of the content, so trials of two recipes,
which name their data set with its digest, never mix.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from remap_core.datasets.recipe import Recipe


@dataclass(frozen=True)
class Kept:
    """A data set that was added. name: with its digest, as trials name it. title: as it was named when it was added."""

    name: str
    title: str
    folder: Path
    recipe: Recipe


def kept_datasets(home: Path) -> list[Kept]:
    """The data sets of a data folder, by title."""
    raise NotImplementedError


def find_kept(name: str, home: Path) -> Kept | None:
    """The data set of this title, or of this name with its digest."""
    raise NotImplementedError


def remove_kept(kept: Kept) -> None:
    """Delete the prepared images of a data set; the person's own files stay as they are."""
    raise NotImplementedError
