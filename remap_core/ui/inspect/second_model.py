"""The second model of the inspect page: named in the address, ?with=4, and chosen from the drawer and the relatives."""

from __future__ import annotations

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.errors import NotFound
from remap_core.trials.trial import Trial
from remap_core.ui.inspect.lineage_tree import relatives
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.session import current_session
from remap_core.ui.url import model_of

WITH = "with"
"""Its name in the address."""
NOBODY = 0
"""Stands for no second model: ids begin with 1."""


def choose_second_model(catalogue: Catalogue, trial: Trial) -> Trial | None:
    """The second model, None for none; what the address cannot mean is said, and the first one is shown alone."""
    named = _named(catalogue, trial)
    near = [*([named] if named else []), *catalogue.trials(current_session().drawer), *relatives(catalogue, trial)]
    options = [NOBODY, *dict.fromkeys(one.id for one in near if one.id != trial.id)]
    if len(options) == 1:
        st.caption("To see it beside another model, put that one into the drawer.")
        return None
    shown = named.id if named else NOBODY
    key = f"inspect-beside-{trial.id}-{shown}"
    st.selectbox(
        "Beside it",
        options,
        index=options.index(shown),
        format_func=lambda model: f"#{model}" if model else "no other model",
        key=key,
        on_change=_follow,
        args=(key,),
        width=240,
    )
    return named


def _named(catalogue: Catalogue, trial: Trial) -> Trial | None:
    asked = st.query_params.get(WITH)
    if not asked:
        return None
    try:
        model = model_of(asked, f"?{WITH}")
        return catalogue.trial(model) if model != trial.id else None
    except NotFound as error:
        st.warning(escape_markdown(str(error)))
        return None


def _follow(key: str) -> None:
    chosen = st.session_state[key]
    if chosen:
        st.query_params[WITH] = str(chosen)
    elif WITH in st.query_params:
        del st.query_params[WITH]
