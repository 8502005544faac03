"""From page to page: the model that a page is about."""

from __future__ import annotations

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.trials.trial import Trial, TrialId
from remap_core.ui import url
from remap_core.ui.session import current_session


def open_model(model: TrialId, page: str = "inspect") -> None:
    """Select a model and go to a page about it."""
    current_session().selected = model
    st.switch_page(f"pages/{page}.py", query_params={"model": str(model)})


def select_from_url(catalogue: Catalogue) -> Trial | None:
    """Select the model in the URL, if there is one, and return the selected model; None if no model is selected.

    Raises NotFound if the URL names no number or no model of the catalogue.
    """
    model = url.model_from_url()
    if model is None:
        return None
    trial = catalogue.trial(model)
    current_session().selected = model
    return trial


def require_model(catalogue: Catalogue) -> Trial:
    """The selected model; if there is none, the page ends here with what to do."""
    trial = select_from_url(catalogue)
    if trial is None:
        st.info("No model is selected. Click a circle on the overview, or open a model from the drawer.")
        link_to_overview()
        st.stop()
    return trial


def link_to_overview() -> None:
    """A link to the overview, for pages that have nothing to show."""
    st.page_link("pages/overview.py", label="Go to the overview")
