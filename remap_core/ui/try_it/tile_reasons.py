"""Which parts of a validation image spoke for what it was predicted as."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from remap_core.drawing.image_sheet import Tile
from remap_core.errors import RemapError
from remap_core.trials.trial import Trial
from remap_core.ui import app_data
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.try_it.answer import Answer, choose_class, show_probabilities, show_reasons
from remap_core.ui.try_it.classifiers import ready_classifier


def explain_tile(trial: Trial, tiles: Sequence[Tile], key: str) -> None:
    """The choice of one of the tiles, by its number, and what in it speaks for a class."""
    place = st.selectbox(
        "Explain an image",
        range(len(tiles)),
        index=None,
        format_func=lambda place: _label(place, tiles[place]),
        placeholder="Choose a number",
        key=f"{key}-explained",
        help="Shows which parts of the image spoke for its predicted class.",
        width=260,
    )
    if place is None:
        return
    try:
        classifier = ready_classifier(app_data.catalogue(), trial)
    except RemapError as error:
        st.info(escape_markdown(str(error)))
        return
    answer = Answer.of(classifier, np.asarray(tiles[place].pixels))
    left, right = st.columns(2, gap="small")
    with left:
        show_probabilities(answer)
    with right:
        label = choose_class(answer, f"{key}-{place}")
    show_reasons(answer, label)


def _label(place: int, tile: Tile) -> str:
    return f"{place + 1}: {tile.true_class}, predicted {tile.predicted}"
