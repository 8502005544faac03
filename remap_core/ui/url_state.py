"""Model and drawer in the page's address."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from remap_core.errors import NotFound
from remap_core.trials.trial import TrialId
from remap_core.ui import url
from remap_core.ui.drawer_state import add
from remap_core.ui.session import current_session


def sync_url() -> None:
    """At a visitor's first page take over drawer and model of the address; from then on it names the drawer."""
    state = current_session()
    if not state.followed:
        models, complaint = url.drawer_of(st.query_params.get("drawer", ""))
        add(models)
        with suppress(NotFound):  # the page that is about that model says so
            state.selected = model_from_url()
        state.followed, state.complaint = True, complaint
    named = url.drawer_text(state.drawer)
    if st.query_params.get("drawer", "") != named:
        if named:
            st.query_params["drawer"] = named
        else:
            del st.query_params["drawer"]


def shown_model() -> TrialId | None:
    """The model that this page is about, as far as its address makes sense; else the selected one."""
    try:
        return model_from_url()
    except NotFound:
        return current_session().selected


def model_from_url() -> TrialId | None:
    """The model named in the address (?model=7), else the selected one; raises NotFound for what is no number."""
    asked = st.query_params.get("model")
    if asked is None:
        return current_session().selected
    return url.model_of(asked, "?model")
