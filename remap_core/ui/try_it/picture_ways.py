"""Where a picture comes from: drawn, dropped, or taken with the webcam."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from remap_core.datasets.hand_drawing import drawn, pen_like
from remap_core.datasets.readers.found import Picture
from remap_core.datasets.single_picture import open_single
from remap_core.trials.dataset_card import DatasetCard
from remap_core.ui.try_it.canvas import can_draw, draw_by_hand

UPLOAD, DRAW, WEBCAM = "Upload", "Draw", "Webcam"
MAX_MEGABYTES = 50

Open = Callable[[], Picture]


def choose_way(card: DatasetCard) -> str:
    """Grey images can be drawn, too."""
    channels = card.input_shape[0]
    ways = [UPLOAD, WEBCAM]
    if channels == 1 and can_draw():
        ways = [DRAW, UPLOAD, WEBCAM]
    return st.segmented_control(
        "Picture",
        ways,
        default=ways[0],
        required=True,
        key=f"try-way-{channels}",
        label_visibility="collapsed",
        persist_state="session",
    )


def chosen_picture(card: DatasetCard, way: str) -> Open | None:
    """The way to open the picture that was chosen; None while there is none. Raises DatasetError."""
    if way == DRAW:
        return _drawing(card)
    if way == WEBCAM:
        key = "try-webcam"
        taken = st.camera_input("Webcam", key=key, on_change=_keep, args=(key,), label_visibility="collapsed")
        missing = (
            "If the browser refuses the camera, allow it beside the address, or use Upload. "
            "Browsers allow cameras only at https:// addresses and on localhost."
        )
    else:
        key = "try-upload"
        taken = st.file_uploader(
            "Upload",
            key=key,
            max_upload_size=MAX_MEGABYTES,
            on_change=_keep,
            args=(key,),
            label_visibility="collapsed",
        )
        missing = "Drop a picture of any size: it is brought to what the model takes, as the data set was."
    content: bytes | None = st.session_state.get(f"{key}-kept")
    if content is None:
        st.caption(missing)
        return None
    if taken is None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption("This is the picture that you chose before.", width="content")
            st.button("Remove", key=f"{key}-remove", type="tertiary", on_click=_keep, args=(key,))
    return lambda: open_single(content)


def _keep(key: str) -> None:
    """A widget forgets its picture when another tab or page is shown; what it had last stays until it is removed."""
    taken = st.session_state.get(key)
    st.session_state[f"{key}-kept"] = None if taken is None else taken.getvalue()


def _drawing(card: DatasetCard) -> Open | None:
    _, height, width = card.input_shape
    pen = pen_like(card.examples.reshape(-1, height, width, 1))
    strokes = draw_by_hand(pen, height, width, "try-canvas")
    centred = st.toggle(
        "Centre and scale",
        value=True,
        key="try-centred",
        persist_state="session",
        help="Moves and scales the drawing to the place and size that drawings of the data set have.",
    )
    if not strokes:
        st.caption("Nothing is drawn yet: draw with the mouse, a pen or a finger. Every stroke is answered.")
        return None
    return lambda: drawn(strokes, pen, height, width, centred=centred)
