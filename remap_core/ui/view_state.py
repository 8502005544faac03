"""The visitor's view of the data set, held by the session and the overview's address, and how it is changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from remap_core.analysis.previews import ParameterCap
from remap_core.errors import InvalidView
from remap_core.services import proposals
from remap_core.ui import app_data
from remap_core.ui.session import current_session
from remap_core.views.view import KEYS, View, read_view


def view() -> View:
    """The view in force: what the address newly asks for, else what it was; raises NoCatalogue."""
    session, name = current_session(), app_data.dataset_name()
    classes = len(app_data.dataset_view().class_names)
    asked = _asked()
    if asked and asked != session.asked:
        session.views[name], session.ignored = read_view(asked, classes)
        session.asked = asked
    held = session.views.get(name, View())
    if not held.fits(classes):
        session.views[name], session.ignored = read_view(held.to_query(), classes)
    return session.views.get(name, View())


def parameter_cap(dataset: str) -> ParameterCap:
    """What a child may have at most under the objective that this visitor has for a data set."""
    objective = current_session().views.get(dataset, View()).objective
    return proposals.parameter_cap(app_data.settings(), objective)


def write_url() -> None:
    """Say the view in force in the address."""
    written = view().to_query()
    for key in KEYS:
        if key in written and st.query_params.get(key) != written[key]:
            st.query_params[key] = written[key]
        elif key not in written and key in st.query_params:
            del st.query_params[key]
    current_session().asked = written


def change(made: Callable[[View], View]) -> None:
    """Put another view in force; one that cannot be is said in a sentence by the page, and the present one stays."""
    try:
        changed = made(view())
    except InvalidView as error:
        current_session().ignored = (str(error),)
        return
    current_session().views[app_data.dataset_name()], current_session().ignored = changed, ()


def change_objective(**parts: Any) -> None:
    """Put an objective in force that differs in these parts."""
    change(lambda held: replace(held, objective=replace(held.objective, **parts)))


def change_filter(parts: Callable[[], Mapping[str, Any]]) -> None:
    """Put a filter in force that differs in these parts; making them may raise InvalidView."""
    change(lambda held: replace(held, filter=replace(held.filter, **parts())))


def clear(part: str) -> None:
    """Put "objective" or "filter" back to what one starts with."""
    change(lambda held: replace(held, **{part: getattr(View(), part)}))


def bound(key: str, value: object) -> str:
    """The key of a widget that shows `value`; what is being typed into it is left alone while the value stays."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    return key


def _asked() -> dict[str, str]:
    return {key: st.query_params[key] for key in KEYS if key in st.query_params}
