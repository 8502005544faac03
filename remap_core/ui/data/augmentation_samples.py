"""Augmentations, each drawn on samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from remap_core.datasets.recipe import Augmentation
from remap_core.drawing.before_after import Pair, pairs_html
from remap_core.ui.data.report_pictures import prepared_pictures

Images = NDArray[np.uint8]
Augment = Callable[[Images, Sequence[Augmentation], np.random.Generator], Images]
"""Changes (n, height, width, channels) uint8 images at random."""

AUGMENT: Augment | None = None
"""Draws what training does; nothing is shown without it."""
_SAMPLES = 6


def show_augmentations(work: Path, kinds: Sequence[Augmentation]) -> None:
    """A row for each kind: the same samples, changed by it alone."""
    if AUGMENT is None:
        return
    for kind in kinds:
        st.caption(kind.capitalize())
        st.html(_drawn(str(work), kind))


@st.cache_data(max_entries=32, show_spinner=False)
def _drawn(work: str, kind: Augmentation) -> str:
    if AUGMENT is None:
        return ""
    pixels = prepared_pictures(work).pixels
    rows = np.linspace(0, len(pixels) - 1, _SAMPLES).round().astype(int)
    changed = AUGMENT(np.asarray(pixels[rows]), (kind,), np.random.default_rng(0))
    return pairs_html([Pair("", image, f"{kind} on a sample") for image in changed])
