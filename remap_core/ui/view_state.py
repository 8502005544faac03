"""This visitor's view of a data set: objective, filter, axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

import streamlit as st

from remap_core.errors import InvalidView
from remap_core.services import proposals
from remap_core.space.caps import Caps
from remap_core.ui import app_data
from remap_core.ui.session import current_session
from remap_core.views.objective import Objective
from remap_core.views.targets import Target
from remap_core.views.view import View, read_view

TELLS = 3
"""Runs that tell a field its value once it has changed (see `bind_emptiable`)."""


def current_view() -> View:
    """The view in force: what the URL newly asks for, else the last one; raises NoCatalogue."""
    session = current_session()
    name = app_data.dataset_name()
    classes = len(app_data.dataset_view(name).class_names)
    if session.asked_view is not None:
        session.views[name], session.warnings = read_view(session.asked_view, classes)
        session.asked_view = None
    view = session.views.get(name, View())
    if not view.fits(classes):
        view, session.warnings = read_view(view.to_query(), classes)
        session.views[name] = view
    return view


def caps(dataset: str) -> Caps:
    """What a child must keep to under this visitor's objective for a data set."""
    view = current_session().views.get(dataset, View())
    return proposals.caps_on_children(app_data.settings(), view.objective)


def target(dataset: str) -> Target | None:
    """The target that this visitor chose for a data set."""
    return current_session().views.get(dataset, View()).objective.target


def change_view(change: Callable[[View], View]) -> None:
    """Put a changed view in force. If it is invalid, the page says why and the present view stays."""
    session = current_session()
    try:
        changed = change(current_view())
    except InvalidView as error:
        session.warnings = (str(error),)
        return
    session.views[app_data.dataset_name()] = changed
    session.warnings = ()


def change_objective(**parts: Any) -> None:
    """Change parts of the objective."""
    change_view(lambda view: replace(view, objective=replace(view.objective, **parts)))


def change_filter(make_parts: Callable[[], Mapping[str, Any]]) -> None:
    """Change parts of the filter; making them may raise InvalidView."""
    change_view(lambda view: replace(view, filter=replace(view.filter, **make_parts())))


def reset(part: Literal["objective", "filter"]) -> None:
    """Reset a part of the view to its default."""
    default = getattr(View(), part)
    change_view(lambda view: replace(view, **{part: default}))


def current_objective() -> Objective:
    """The objective of the view in force."""
    return current_view().objective


def bind(key: str, value: object) -> str:
    """Return the key of a widget that shows `value`; while the value stays the same, typing is left alone.

    The value has to be the widget's default, too: a browser that gets a widget shows its default first, and what is
    asked for in that moment carries it, as if the visitor had chosen it. For a field that can be emptied, whose default
    is none, see `bind_emptiable`.
    """
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    return key


def bind_emptiable(key: str, value: float | None) -> str:
    """As `bind`, for a field that can be emptied.

    What a run says to the browser is dropped if the next run begins before it is sent, and the field would stay empty:
    so the next runs say it again.
    """
    told = current_session().told
    if st.session_state.get(key) != value:
        told[key] = 0
    if value is not None and told.get(key, TELLS) < TELLS:
        st.session_state[key] = value  # which tells the browser
        told[key] += 1
    return bind(key, value)
