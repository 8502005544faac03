"""What a page says where people sign in: what a role may not do, and whose a training is."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from remap_core.access.roles import Role
from remap_core.ui.markdown import escape_address, escape_markdown
from remap_core.ui.people import visitor

MAX_SHOWN = 24
"""Characters of a name that a row has room for."""


def say_viewers_cannot_train() -> None:
    """Once on a page that has training controls for others."""
    if not visitor.may(Role.BUILDER):
        st.caption("Viewers cannot train: ask for the role of a builder.")


class ShownName(NamedTuple):
    """A person's name in Markdown, short enough for a row; the whole of it for a tooltip, where it was cut."""

    text: str
    whole: str | None = None


def owner_name(owner: str) -> ShownName | None:
    """Whose a training is; None for nobody's, and where nobody signs in.

    An e-mail address that is too long is shown without its domain.
    """
    if not owner or visitor.is_open():
        return None
    if len(owner) <= MAX_SHOWN:
        return ShownName(escape_address(owner))
    local = owner.partition("@")[0]
    short = local if len(local) <= MAX_SHOWN else f"{local[: MAX_SHOWN - 1]}…"
    return ShownName(escape_markdown(short), escape_address(owner))
