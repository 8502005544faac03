"""The pictures of a report: samples of a class, and single images, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from remap_core.datasets.image_report import Report
from remap_core.datasets.kept import Kept
from remap_core.datasets.preparation.intake import Prepared, open_prepared
from remap_core.datasets.readers.found import Picture
from remap_core.drawing.before_after import Pair, pairs_html, thumbnail_uri
from remap_core.errors import RemapError

SAMPLES = 8
"""Images of a class."""


class _Originals(Protocol):
    def original(self, row: int) -> Picture:
        """An image as it was before; raises DatasetError where it is no longer there."""


@dataclass(frozen=True, eq=False)
class ReportPictures:
    """Images before and after. key: differs between sets of images; what it stands for never changes.

    pixels: (n, side, side, 1 or 3) uint8, labels: (n,), in the rows of the report.
    """

    key: str
    report: Report
    pixels: NDArray[np.uint8]
    labels: NDArray[np.integer]
    originals: _Originals

    @classmethod
    def of_prepared(cls, prepared: Prepared) -> ReportPictures:
        """Of images that were prepared."""
        return cls(str(prepared.work), prepared.report, prepared.pixels, prepared.labels, prepared)

    @classmethod
    def of_kept(cls, kept: Kept) -> ReportPictures:
        """Of a data set that was added; its originals may be gone."""
        return cls(str(kept.folder), kept.report, kept.pixels(), kept.labels(), kept)

    def samples(self, label: int) -> str:
        """Samples of a class, spread over it, as HTML."""
        return _samples(self.key, label, self)

    def images(self, rows: Sequence[int]) -> str:
        """Single images with the names of their classes, as HTML."""
        return _images(self.key, tuple(rows), self)

    def pair(self, row: int, *, is_named: bool) -> Pair:
        """An image before and after."""
        name = self.report.class_names[int(self.labels[row])][:60]
        return Pair(self._original_uri(row), np.asarray(self.pixels[row]), name, name if is_named else "")

    def _original_uri(self, row: int) -> str:
        """Empty where the original has disappeared since it was read."""
        recipe = self.report.recipe
        if recipe is None:
            return ""
        try:
            picture = self.originals.original(row)
            return thumbnail_uri(picture, background=recipe.background, white=recipe.white)
        except (RemapError, OSError, ValueError, SyntaxError, MemoryError):
            return ""


@st.cache_resource(max_entries=4, show_spinner=False)
def prepared_pictures(work: str) -> ReportPictures:
    """Of what was prepared in a folder. Each attempt has its own, which never changes once it is finished."""
    return ReportPictures.of_prepared(open_prepared(Path(work)))


@st.cache_data(max_entries=300, show_spinner=False)
def _samples(key: str, label: int, _pictures: ReportPictures) -> str:  # noqa: ARG001 (part of the cache's key)
    rows = np.flatnonzero(_pictures.labels == label)
    places = np.unique(np.linspace(0, len(rows) - 1, min(SAMPLES, len(rows))).round().astype(int))
    return pairs_html([_pictures.pair(int(rows[place]), is_named=False) for place in places])


@st.cache_data(max_entries=100, show_spinner=False)
def _images(key: str, rows: tuple[int, ...], _pictures: ReportPictures) -> str:  # noqa: ARG001
    return pairs_html([_pictures.pair(row, is_named=True) for row in rows])
