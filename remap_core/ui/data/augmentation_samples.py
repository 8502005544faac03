"""Augmentations, each drawn on samples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from remap_core.datasets.augmentation import augmented_samples
from remap_core.datasets.recipe import Augmentation
from remap_core.drawing.before_after import Pair, pairs_html
from remap_core.errors import DatasetError
from remap_core.ui.data.report_pictures import prepared_pictures
from remap_core.ui.markdown import escape_markdown

_SAMPLES = 6


def show_augmentations(work: Path, kinds: Sequence[Augmentation]) -> None:
    """A row for each kind: the same samples, changed by it alone."""
    for kind in kinds:
        st.caption(kind.capitalize())
        try:
            st.html(_drawn(str(work), kind))
        except DatasetError as error:
            st.error(escape_markdown(str(error)))


@st.cache_data(max_entries=32, show_spinner=False)
def _drawn(work: str, kind: Augmentation) -> str:
    pixels = prepared_pictures(work).pixels
    rows = np.linspace(0, len(pixels) - 1, _SAMPLES).round().astype(int)
    changed = augmented_samples(np.asarray(pixels[rows]), (kind,))
    return pairs_html([Pair("", image, f"{kind} on a sample") for image in changed])
