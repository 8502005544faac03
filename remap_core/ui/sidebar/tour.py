"""Four hints at the first visit, at the end of the sidebar. `?` shows them again; the server knows nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from remap_core.ui import app_data

HINTS = (
    "Every circle is a trained network. The line joins those that are the most accurate for their size.",
    "Click a circle to select it on every page; draw a box around several to put them into the drawer.",
    "Click a class above to give it a weight of 1, 2 or 3: accuracy then counts what matters to you.",
    "Ablate takes layers out, Vary changes some at random, Edit is by hand. Trained children join the others.",
)

KEYS = (
    ("← →", "along the Pareto front"),
    ("↑ ↓", "through all circles"),
    ("Enter", "select"),
    ("?", "these hints"),
    ("Esc", "close them"),
)
"""What the keyboard does: the first three where the map has the focus."""


def show_tour() -> None:
    """A button for the hints, which are open until the visitor has closed them once in this browser."""
    if app_data.settings().events == "package":  # a page that may not run scripts of ours
        return
    _component()(key="tour", data={"hints": HINTS, "keys": KEYS}, height="content")


@cache
def _component() -> Callable[..., Any]:
    script = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    return st.components.v2.component("remap_tour", js=script)
