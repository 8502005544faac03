"""What a new visitor's browser is sent before anything else. Imports nothing that takes time."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from threading import Lock

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from remap_core.system.imports import finish_imports

_SENT = "first-paint"

UNHEARD = Path(__file__).parents[1] / "unheard.css"

_FIRST = Lock()
"""Held by a visitor whose empty chart is drawn. Plotly would use a NumPy that another thread has half imported."""

_NOTHING = {"data": [{"x": [], "y": []}], "layout": {"xaxis": {"visible": False}, "yaxis": {"visible": False}}}


def begin() -> DeltaGenerator | None:
    """At a visitor's first page an empty chart, in whose place the frame comes; None at later ones.

    A browser fetches what draws charts, 5 MB, when the first of them arrives, and takes half a second to read it: that
    long, the app's process reads its own modules and the catalogue. On later pages an empty place would for a moment
    stand where the frame is, and everything in it would be drawn again.
    """
    if _SENT in st.session_state:
        return None
    st.session_state[_SENT] = True
    place = st.empty()
    with _FIRST:
        finish_imports("numpy", "pandas")
        with place.container():
            st.html(UNHEARD)  # with the frame's other rules, it may come after the map's first circles
            st.plotly_chart(_NOTHING, key=_SENT, height=100)
        for needed in ("numpy", "pandas"):
            import_module(needed)
    return place
