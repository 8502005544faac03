"""Pictures on a page: as large as they are drawn, with a text alternative; what is wider than the page scrolls."""

from __future__ import annotations

from html import escape

import streamlit as st


def picture(uri: str, alt: str) -> None:
    """Show an image given as a data URI; on a narrow page it scrolls sideways instead of shrinking."""
    st.html(
        f'<div style="overflow-x:auto;padding-bottom:6px" tabindex="0" role="group" aria-label="{escape(alt)}">'
        f'<img src="{uri}" alt="{escape(alt)}" style="max-width:none;display:block"></div>'
    )
