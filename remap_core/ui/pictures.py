"""Pictures in their own size, with alternative text; wider than the page, they scroll."""

from __future__ import annotations

from html import escape

import streamlit as st


def picture(uri: str, alt: str) -> None:
    """Show an image from a data URI; on a narrow page it scrolls sideways instead of shrinking."""
    label = escape(alt)
    st.html(
        f'<div style="overflow-x:auto;padding-bottom:6px" tabindex="0" role="group" aria-label="{label}">'
        f'<img src="{uri}" alt="{label}" style="max-width:none;display:block"></div>'
    )
