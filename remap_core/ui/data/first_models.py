"""The first models of a data set: sent to the trainer, and waited for on every page about models."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from remap_core.errors import RemapError
from remap_core.formatting import pluralize
from remap_core.services.data.known_datasets import KnownDataset, card_of, first_population
from remap_core.trials.commands import Outcome
from remap_core.trials.dataset_card import DatasetCard
from remap_core.ui import app_data, live, sent_commands
from remap_core.ui.data.space_choice import choose_space, plan_chosen
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.people import visitor
from remap_core.ui.session import current_session


def require_models() -> None:
    """On a data set that the trainer does not know yet, the page ends here with what to do or to wait for."""
    looked_at = app_data.looked_at()
    known = [found for found in app_data.known_datasets() if found.name == looked_at and not found.is_trained]
    if known:
        _show_waiting(known[0])
        raise live.PageEnds


def start_first_models(name: str, space_key: str = "") -> None:
    """Send the first models of an added data set to the trainer; if that fails, the sidebar says why.

    space_key: where the search space was chosen, see `ui.data.space_choice`; empty for the default.
    """
    session = current_session()
    try:
        card = card_of(name, app_data.folder().home)
        plan = plan_chosen(space_key, card)
        command = first_population(app_data.settings(), card, app_data.newest(), plan)
    except RemapError as error:
        session.send_error = f"Not sent: {error}"
        return
    ident = sent_commands.train(command)
    if ident:
        session.started[name] = ident


@st.cache_resource(max_entries=16, show_spinner=False)
def added_card(name: str, home: str) -> DatasetCard:
    """The card of a data set that the trainer does not know yet; raises DatasetError."""
    return card_of(name, Path(home))


def first_models_text() -> str:
    """How many models are trained first, for a button."""
    return pluralize(app_data.settings().population, "model")


def _show_waiting(known: KnownDataset) -> None:
    title = escape_markdown(known.title)
    if _is_started(known.name):
        st.info(
            f"The first models of {title} are being sampled. They appear here automatically.",
            icon=":material/hourglass_top:",
        )
    else:
        st.info(f"{title} has no models yet.")
        if app_data.settings().population and visitor.may_change_dataset(known.name):
            st.button(
                f"Train the first {first_models_text()}",
                type="primary",
                key="train-first",
                on_click=start_first_models,
                args=(known.name, f"space-{known.name}"),
            )
            _choose_space(known.name)
        st.page_link("pages/data.py", label="What is in it")
    _show_sent()
    live.watch(lambda: _is_trained(known.name), seen=False)


def _choose_space(name: str) -> None:
    try:
        card = added_card(name, str(app_data.folder().home))
    except RemapError:  # the Data page says why
        return
    choose_space(f"space-{name}", card.input_shape, card.classes, card.split[0])


def _show_sent() -> None:
    """What came of this visitor's last commands; before the first catalogue there is no answer yet."""
    catalogue = app_data.newest()
    if current_session().sent and catalogue:
        sent_commands.answers(catalogue)


def _is_started(name: str) -> bool:
    command = current_session().started.get(name)
    if command is None:
        return False
    catalogue = app_data.newest()
    receipt = catalogue.receipt(command) if catalogue else None
    return receipt is None or receipt.outcome is Outcome.APPLIED


def _is_trained(name: str) -> bool:
    catalogue = app_data.newest()
    return catalogue is not None and name in catalogue.datasets()
