"""Data set, model and drawer in a page's URL: ?dataset=leaves, ?model=7 and ?drawer=3,7,9."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from remap_core.errors import NotFound, RemapError
from remap_core.formatting import count
from remap_core.trials.trial import TrialId
from remap_core.ui import app_data
from remap_core.ui.drawer_state import add, look_at
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
    """Read data set, drawer and model from the URL of a visitor's first page; keep them in the URL from then on.

    The data set is in it where there are several. The model of a page decides which data set its visitor looks at.
    """
    session = current_session()
    if not session.url_was_read:
        _read_url()
    with suppress(RemapError):
        _follow_model()
        _write("dataset", _dataset_text())
    _write("drawer", drawer_text(session.drawer))


def leave_model() -> None:
    """Take the model out of the URL: its page is about another data set from here on."""
    _write("model", "")


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


def _write(name: str, text: str) -> None:
    if text == st.query_params.get(name, ""):
        return
    if text:
        st.query_params[name] = text
    else:
        del st.query_params[name]


def _dataset_text() -> str:
    """The data set as the URL names it; empty where there is only one."""
    if len(app_data.known_datasets()) < 2:
        return ""
    return app_data.looked_at() or ""


def _follow_model() -> None:
    if "model" not in st.query_params:
        return
    model = model_from_url()
    if model is not None:
        dataset = app_data.catalogue().trial(model).proposal.dataset
        look_at(dataset, app_data.looked_at())


def _read_dataset(models: Sequence[TrialId]) -> None:
    """Look at the data set that the URL names, by its title, too; else at that of the first model in the drawer."""
    session = current_session()
    asked = st.query_params.get("dataset", "")
    for known in app_data.known_datasets():
        if asked in (known.name, known.title):
            session.dataset = known.name
            return
    if asked:
        session.dataset_warning = f"There is no data set {asked:.60}."
    for trial in app_data.catalogue().trials(models[:1]):
        session.dataset = trial.proposal.dataset


def _read_url() -> None:
    session = current_session()
    models, warning = parse_drawer(st.query_params.get("drawer", ""))
    with suppress(RemapError):  # what cannot be read is said by the page
        _read_dataset(models)
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
