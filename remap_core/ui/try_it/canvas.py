"""A canvas to draw on with the mouse, a pen or a finger (canvas.js)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from remap_core.datasets.hand_drawing import Pen, Points, read_strokes
from remap_core.ui import app_data

LABEL = "Canvas: draw with the mouse, a pen or a finger."


def can_draw() -> bool:
    """Whether pages may run the canvas: not those that may run no scripts of ours."""
    return app_data.settings().events != "package"


def draw_by_hand(pen: Pen, height: int, width: int, key: str) -> tuple[Points, ...]:
    """The strokes drawn so far, on a canvas of these proportions; raises DatasetError for what is no drawing.

    They stay when the canvas leaves the page and comes back.
    """
    kept = f"{key}-kept"
    data = {
        "height": height,
        "width": width,
        "pen": pen.width,
        "ground": _grey(pen.ground),
        "ink": _grey(pen.ink),
        "label": LABEL,
        "strokes": st.session_state.get(kept, []),
    }
    drawn = _component()(key=f"{key}-{height}-{width}", data=data, height="content", on_strokes_change=lambda: None)
    if drawn.strokes is not None:
        st.session_state[kept] = drawn.strokes
    return read_strokes(st.session_state.get(kept, []))


def _grey(value: int) -> str:
    return f"rgb({value},{value},{value})"


@cache
def _component() -> Callable[..., Any]:
    script = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    return st.components.v2.component("remap_canvas", js=script)
