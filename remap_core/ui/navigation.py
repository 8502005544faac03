"""From page to page: the model that a page is about, and the data set."""

from __future__ import annotations

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.trials.trial import Trial, TrialId
from remap_core.ui import app_data, url_state
from remap_core.ui.session import current_session


def open_model(model: TrialId, page: str = "inspect") -> None:
    """Select a model and go to a page with it in the address."""
    current_session().selected = model
    st.switch_page(f"pages/{page}.py", query_params={"model": str(model)})


def trial_from_url(catalogue: Catalogue) -> Trial | None:
    """The trial of the model in the address or else the selected one; None where there is neither.

    It becomes the selected one. Raises NotFound for a number that is none or names no model.
    """
    model = url_state.model_from_url()
    if model is None:
        return None
    trial = catalogue.trial(model)
    current_session().selected = model
    return trial


def choose_dataset(catalogue: Catalogue) -> None:
    """A choice of the data set that is looked at, where there is more than one."""
    names = catalogue.datasets()
    if len(names) > 1:
        index = names.index(app_data.dataset_name())
        current_session().dataset = st.selectbox("Data set", names, index=index, format_func=dataset_title)


def dataset_title(name: str) -> str:
    """A data set's name for people: a file without its folders."""
    return name.rsplit("/", 1)[-1]
