"""What was said of single images becomes a new data set; then, what comes next."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from remap_core.access.roles import Role
from remap_core.datasets.kept import Kept, find_kept
from remap_core.datasets.preparation.corrected import keep_corrected
from remap_core.datasets.preparation.corrections import Corrections, ImageName
from remap_core.errors import RemapError
from remap_core.formatting import dataset_title, pluralize
from remap_core.ui import app_data, navigation, sent_commands
from remap_core.ui.data.first_models import first_models_text, start_first_models
from remap_core.ui.data.issues.image_list import LEFT_OUT
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.people import visitor
from remap_core.ui.people.admission import admit
from remap_core.ui.session import current_session
from remap_core.ui.sidebar.dataset_switch import switch_to

_MADE = "issues-made"
"""Key of the data set that was made last, by its old one."""


def correction_panel(dataset: str) -> None:
    """What was said so far, and the press that makes a data set of it."""
    said = current_session().corrections.get(dataset, {})
    if not said or not visitor.may(Role.ADMIN):
        return
    with st.container(border=True):
        title = escape_markdown(dataset_title(dataset))
        st.markdown(f"**{_summary(said)}** in a new data set; {title} and its models stay as they are.")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.text_input(
                "Name", placeholder=f"{dataset_title(dataset)}-corrected", key="issues-name", width=240
            )
            makes = st.button("Make the data set", type="primary", key="issues-make")
            st.button("Clear", key="issues-clear", on_click=said.clear, help="Forgets what was said of these images.")
        if makes:
            _make(dataset, said, name.strip())


def _summary(said: Mapping[ImageName, str]) -> str:
    left_out = sum(1 for name in said.values() if name == LEFT_OUT)
    wrong = len(said) - left_out
    parts = [f"{pluralize(wrong, 'label')} corrected"] if wrong else []
    if left_out:
        parts.append(f"{pluralize(left_out, 'image')} left out")
    return ", ".join(parts)


def _make(dataset: str, said: dict[ImageName, str], name: str) -> None:
    classes = {image: class_name for image, class_name in said.items() if class_name != LEFT_OUT}
    left_out = [image for image, class_name in said.items() if class_name == LEFT_OUT]
    try:
        admit(Role.ADMIN, "correct a data set")
        with st.spinner("Making …"):
            kept = keep_corrected(dataset, Corrections(classes, left_out), app_data.folder().home, name)
    except RemapError as error:
        st.error(escape_markdown(str(error)))
        return
    said.clear()
    sent_commands.record_dataset(kept.name)
    st.session_state[_MADE] = (dataset, kept.name)
    st.rerun()


def show_made(dataset: str) -> None:
    """The data set that was made of this one just now, and what comes next."""
    made = st.session_state.get(_MADE)
    if made is None or made[0] != dataset:
        return
    kept = find_kept(made[1], app_data.folder().home)
    if kept is None:  # it was removed
        return
    title = escape_markdown(kept.title)
    st.success(f"Made **{title}**: {kept.recipe.corrections_text}. Next: train models on it.", icon=":material/check:")
    with st.container(horizontal=True):
        _next_steps(kept)


def _next_steps(kept: Kept) -> None:
    has_started = kept.name in current_session().started or kept.name in app_data.catalogue().datasets()
    if (
        visitor.may(Role.ADMIN)
        and app_data.settings().population
        and not has_started
        and st.button(f"Train {first_models_text()} on it", type="primary", key="issues-train")
    ):
        start_first_models(kept.name, f"space-{kept.name}")
        switch_to(kept.name)
        navigation.go_to("overview")
    if st.button("Switch to it", key="issues-switch"):
        switch_to(kept.name)
        st.rerun()
