"""The data sets of this data folder, one row each, and the dialog that removes one."""

from __future__ import annotations

import time

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.samples import samples_uri
from remap_core.errors import RemapError
from remap_core.formatting import count, percent, pluralize
from remap_core.services.data.known_datasets import (
    KnownDataset,
    removal_of,
    remove_dataset,
    size_text,
    split_text,
)
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.trial import TrialState
from remap_core.ui import app_data, live, navigation
from remap_core.ui.data.first_models import added_card, first_models_text, start_first_models
from remap_core.ui.data.space_choice import choose_space, shown_space
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.people import visitor
from remap_core.ui.people.admission import admit_removal
from remap_core.ui.session import current_session
from remap_core.ui.sidebar.dataset_switch import switch_to

REPORTED = "data-reported"
"""Key of the data set whose report is open."""
_REMOVED = "data-removed"
_SAMPLES = 6


def show_datasets() -> None:
    """One row for each data set, live."""
    removed = st.session_state.pop(_REMOVED, None)
    if removed:
        _confirm_removal(removed)
    _rows()


def _rows() -> None:
    @st.fragment(run_every=live.timer())
    def redraw() -> None:
        app_data.look()
        with live.errors_as_sentences():
            _show_rows()

    redraw()


def _show_rows() -> None:
    known = app_data.known_datasets()
    if not known:
        st.caption("None yet. Add your own images below." if visitor.may_add_images() else "None yet.")
    shown = app_data.looked_at()
    for place, found in enumerate(known):
        _row(found, place, is_shown=found.name == shown)


def _row(known: KnownDataset, place: int, *, is_shown: bool) -> None:
    with st.container(border=True):
        text, pictures, actions = st.columns([5, 4, 3], vertical_alignment="center")
        with text:
            _texts(known, is_shown)
        with pictures:
            _samples(known)
        with actions.container(horizontal=True, gap="small", horizontal_alignment="right"):
            _actions(known, place, is_shown)


def _texts(known: KnownDataset, is_shown: bool) -> None:
    title = f"**{escape_markdown(known.title)}**"
    if is_shown:
        title += " :primary-badge[shown]"
    st.markdown(title)
    try:
        card = _card(known)
    except RemapError as error:
        st.caption(escape_markdown(str(error)))
        return
    images = pluralize(sum(card.split), "image")
    classes = f"{count(card.classes)} classes"
    st.caption(f"{images} · {classes} · {size_text(card.input_shape)}  \n{split_text(card.split)}  \n{_models(known)}")


def _models(known: KnownDataset) -> str:
    catalogue = app_data.newest()
    if catalogue is None or not known.is_trained:
        return "No models"
    states = catalogue.states_of(known.name)
    parts = [pluralize(states[TrialState.COMPLETE], "training") + " complete"]
    if states[TrialState.RUNNING]:
        parts.append(f"{count(states[TrialState.RUNNING])} running")
    if states[TrialState.WAITING]:
        parts.append(f"{count(states[TrialState.WAITING])} waiting")
    best = catalogue.best(known.name)
    if best and best.accuracy is not None:
        parts.append(f"best {percent(best.accuracy)}")
    return ", ".join(parts)


def _card(known: KnownDataset) -> DatasetCard:
    if known.is_trained:
        return app_data.dataset_view(known.name).card
    return added_card(known.name, str(app_data.folder().home))


@st.cache_data(max_entries=32, show_spinner=False)
def _samples_of(name: str, home: str, is_trained: bool) -> str:
    card = app_data.dataset_view(name).card if is_trained else added_card(name, home)
    step = max(1, card.classes // _SAMPLES)
    images = card.examples[::step, 0][:_SAMPLES]
    return samples_uri(images, limit=_SAMPLES)


def _samples(known: KnownDataset) -> None:
    try:
        uri = _samples_of(known.name, str(app_data.folder().home), known.is_trained)
    except RemapError:  # the text beside it says why
        return
    st.html(
        f'<img src="{uri}" alt="Sample images" '
        'style="max-width:100%;max-height:56px;image-rendering:pixelated;display:block;border-radius:3px">'
    )


def _actions(known: KnownDataset, place: int, is_shown: bool) -> None:
    if not is_shown and st.button("Switch to", key=f"data-switch-{place}", help="Every page shows this data set."):
        switch_to(known.name)
        st.rerun()
    may_change = visitor.may_change_dataset(known.name)
    if may_change and not known.is_trained and app_data.settings().population:
        label = f"Train {first_models_text()}"
        if st.button(label, key=f"data-start-{place}", disabled=known.name in current_session().started):
            start_first_models(known.name, f"space-{known.name}")
            switch_to(known.name)
            navigation.go_to("overview")
    _space(known)
    if known.kept and st.button("What was done", key=f"data-report-{place}", type="tertiary"):
        st.session_state[REPORTED] = known.name
        st.rerun()
    if may_change and st.button("Remove", key=f"data-remove-{place}", type="tertiary", icon=":material/delete:"):
        st.session_state[_REMOVED] = known.name
        st.rerun()


def _space(known: KnownDataset) -> None:
    """The search space that the first models were sampled from, or will be."""
    try:
        card = _card(known)
    except RemapError:  # the text beside it says why
        return
    catalogue = app_data.newest()
    if catalogue and known.is_trained:
        shown_space(f"space-{known.name}", catalogue.spaces(known.name), card.input_shape)
    elif (
        visitor.may_change_dataset(known.name)
        and app_data.settings().population
        and known.name not in current_session().started
    ):
        choose_space(f"space-{known.name}", card.input_shape, card.classes, card.split[0])


def _confirm_removal(name: str) -> None:
    for known in app_data.known_datasets():
        if known.name == name:
            st.dialog(f"Remove {escape_markdown(known.title)}?")(_removal)(known, app_data.newest())


def _removal(known: KnownDataset, catalogue: Catalogue | None) -> None:
    going = removal_of(known, catalogue, app_data.folder()).sentences
    if going:
        st.markdown("This deletes, for good:\n" + "\n".join(f"- {line}" for line in going))
    st.caption("Your own files stay as they are.")
    with st.container(horizontal=True):
        if st.button("Remove", type="primary", key="data-remove-confirmed", on_click=_remove, args=(known,)):
            st.rerun()
        if st.button("Keep", key="data-remove-not"):
            st.rerun()


def _remove(known: KnownDataset) -> None:
    session = current_session()
    try:
        sender = admit_removal(known.name)
        command = remove_dataset(known, app_data.folder(), time.time(), sender)
    except RemapError as error:
        session.send_error = f"Not removed: {error}"
        return
    if command:
        session.sent.append(command)
    session.send_error = ""
    session.put_away.pop(known.name, None)
    session.started.pop(known.name, None)
    if st.session_state.get(REPORTED) == known.name:
        del st.session_state[REPORTED]
    if app_data.looked_at() == known.name:
        _look_elsewhere(known.name)


def _look_elsewhere(name: str) -> None:
    others = [known.name for known in app_data.known_datasets() if known.name != name]
    if others:
        switch_to(others[0])
    session = current_session()
    session.put_away.pop(name, None)
    if not others:
        session.drawer = []
        session.selected = None
