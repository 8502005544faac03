"""Model and drawer in a page's URL: ?model=7 and ?drawer=3,7,9."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from remap_core.errors import NotFound
from remap_core.formatting import count
from remap_core.trials.trial import TrialId
from remap_core.ui.drawer_state import add
from remap_core.ui.session import current_session

MAX_MODELS = 500
"""Models that a URL may name."""

_MAX_DIGITS = 15


def drawer_text(models: Sequence[TrialId]) -> str:
    """The drawer as a URL names it.

    >>> drawer_text([3, 7, 9])
    '3,7,9'
    """
    return ",".join(map(str, models[:MAX_MODELS]))


def parse_drawer(text: str) -> tuple[list[TrialId], str]:
    """The models that a text names, each once, and a sentence about what is ignored; empty if nothing is.

    >>> parse_drawer("3,7,7, 9")
    ([3, 7, 9], '')
    >>> parse_drawer("3,x,9")
    ([3, 9], "The URL must name the drawer by model numbers, like ?drawer=3,7,9, but got 'x', which is ignored.")
    """
    models: dict[TrialId, None] = {}
    unusable = []
    for part in text.split(","):
        number = part.strip()
        if _is_number(number):
            models[int(number)] = None
        elif number:
            unusable.append(number)
    used = list(models)[:MAX_MODELS]
    if unusable:
        return used, _unusable_sentence(unusable)
    if len(models) > MAX_MODELS:
        return used, f"The URL names {count(len(models))} models; only the first {MAX_MODELS} are used."
    return used, ""


def parse_model(text: str, name: str) -> TrialId:
    """The model that a URL parameter names; raises NotFound unless it is a number.

    >>> parse_model("7", "?model")
    7
    """
    if not _is_number(text):
        raise NotFound(f"A model is named by its number, like {name}=7, but got {name}={text[:40]}.")
    return int(text)


def sync_url() -> None:
    """Read drawer and model from the URL of a visitor's first page; keep the drawer in the URL from then on."""
    session = current_session()
    if not session.url_was_read:
        _read_url()
    drawer = drawer_text(session.drawer)
    if drawer == st.query_params.get("drawer", ""):
        return
    if drawer:
        st.query_params["drawer"] = drawer
    else:
        del st.query_params["drawer"]


def model_from_url() -> TrialId | None:
    """The model in the URL (?model=7), else the selected one; raises NotFound unless it is a number."""
    text = st.query_params.get("model")
    if text is None:
        return current_session().selected
    return parse_model(text, "?model")


def shown_model() -> TrialId | None:
    """The model that this page is about; the selected one if the URL names none that could exist."""
    try:
        return model_from_url()
    except NotFound:
        return current_session().selected


def _read_url() -> None:
    session = current_session()
    models, warning = parse_drawer(st.query_params.get("drawer", ""))
    add(models)
    with suppress(NotFound):  # the page about that model shows the error
        session.selected = model_from_url()
    session.url_was_read = True
    session.drawer_warning = warning


def _unusable_sentence(parts: Sequence[str]) -> str:
    example = repr(parts[0][:40])
    if len(parts) == 1:
        ignored = f"{example}, which is ignored"
    else:
        ignored = f"{example} and {len(parts) - 1} more, which are ignored"
    return f"The URL must name the drawer by model numbers, like ?drawer=3,7,9, but got {ignored}."


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
