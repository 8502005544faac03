"""The pictures of a report: samples of a class, and single images, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import streamlit as st

from remap_core.datasets.intake import Prepared, open_prepared
from remap_core.datasets.kept import Kept
from remap_core.datasets.report import Report
from remap_core.drawing.before_after import Pair, pairs_html, thumbnail_uri
from remap_core.errors import RemapError
from remap_core.trials.dataset_card import DatasetCard

SAMPLES = 8
"""Images of a class."""


class ReportPictures(Protocol):
    """Where a report's pictures come from."""

    def samples(self, label: int) -> str:
        """Samples of a class, as HTML."""

    def images(self, rows: Sequence[int]) -> str:
        """Single images with the names of their classes, as HTML; empty where they cannot be shown."""


@st.cache_resource(max_entries=4, show_spinner=False)
def opened(work: str) -> Prepared:
    """What was prepared in a folder. An attempt has a folder of its own, which never changes once it is finished."""
    return open_prepared(Path(work))


class PreparedPictures:
    """Pictures of images that were prepared, beside their originals."""

    def __init__(self, work: Path) -> None:
        self._work = str(work)

    def samples(self, label: int) -> str:
        """Samples of a class, spread over it."""
        return _samples(self._work, label)

    def images(self, rows: Sequence[int]) -> str:
        """Images by their rows."""
        return _images(self._work, tuple(rows))


class KeptPictures:
    """Pictures of a data set that was added; its originals may be gone."""

    def __init__(self, kept: Kept, card: DatasetCard) -> None:
        self._names = kept.report.class_names
        self._card = card

    def samples(self, label: int) -> str:
        """The first training images of a class."""
        pairs = [Pair("", pixels, f"{self._names[label]:.60}") for pixels in self._card.examples[label]]
        return pairs_html(pairs)

    def images(self, rows: Sequence[int]) -> str:
        """None: rows are those of the prepared images."""
        return ""


@st.cache_data(max_entries=300, show_spinner=False)
def _samples(work: str, label: int) -> str:
    prepared = opened(work)
    rows = np.flatnonzero(np.asarray(prepared.labels) == label)
    places = np.unique(np.linspace(0, len(rows) - 1, SAMPLES).round().astype(int)) if len(rows) else rows
    return pairs_html([_pair(prepared, int(rows[place]), caption="") for place in places])


@st.cache_data(max_entries=100, show_spinner=False)
def _images(work: str, rows: tuple[int, ...]) -> str:
    prepared = opened(work)
    names = prepared.report.class_names
    return pairs_html([_pair(prepared, row, names[int(prepared.labels[row])]) for row in rows])


def _pair(prepared: Prepared, row: int, caption: str) -> Pair:
    return Pair(_original_uri(prepared, row), np.asarray(prepared.pixels[row]), f"{prepared.names[row]:.120}", caption)


def _original_uri(prepared: Prepared, row: int) -> str:
    """Empty where the original has disappeared since it was read."""
    report: Report = prepared.report
    recipe = report.recipe
    try:
        picture = prepared.original(row)
        if recipe is None:
            return thumbnail_uri(picture)
        return thumbnail_uri(picture, background=recipe.background, white=recipe.white)
    except (RemapError, OSError, ValueError, SyntaxError, MemoryError):
        return ""
