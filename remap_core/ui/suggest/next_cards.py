"""What to train next: the best suggestions as cards, each trained by one click."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from remap_core.access.roles import Role
from remap_core.analysis.suggest.suggestion import Suggestion
from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.snac.chips import Size, snac_alt
from remap_core.errors import RemapError
from remap_core.formatting import pluralize
from remap_core.ui import live, navigation, sent_commands
from remap_core.ui.generate.ways import SUGGESTED, WAY
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.people import visitor
from remap_core.ui.pictures import picture
from remap_core.ui.session import current_session
from remap_core.ui.suggest.present_outlook import PRESS, best_suggestions, present_outlook, train
from remap_core.ui.suggest.suggestion_words import chance, numbers, snac_uri, title

CARDS = 3


def show_next() -> None:
    """The current suggestions, and what they are based on."""
    live.live(_show)


def _show(catalogue: Catalogue) -> None:
    try:
        suggestions = best_suggestions(CARDS)
        basis = present_outlook().basis
    except RemapError as error:
        current_session().suggested = ()
        st.markdown("###### Next")
        st.info(escape_markdown(str(error)))
        return
    current_session().suggested = tuple(suggestions)
    is_guess = any(suggestion.is_guess for suggestion in suggestions)
    st.markdown("###### Next", help=None if is_guess else escape_markdown(basis))
    if is_guess:
        st.caption(escape_markdown(basis))
    for place, suggestion in enumerate(suggestions):
        _card(catalogue, suggestion, place)
    with st.container(horizontal=True, gap="small"):
        if len(suggestions) > 1:
            _train_button(suggestions, f"Train all {len(suggestions)}", "next-train-all")
        if st.button("All candidates", key="next-all"):
            st.session_state[WAY] = SUGGESTED
            navigation.go_to("generate")


def _card(catalogue: Catalogue, suggestion: Suggestion, place: int) -> None:
    with st.container(border=True, key=f"next-{place}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"**{escape_markdown(title(suggestion))}**", width="content")
            _train_button([suggestion], "Train", f"next-train-{place}")
        picture(snac_uri(catalogue, suggestion, 0, Size.MEDIUM), snac_alt(suggestion.architecture))
        if suggestion.is_guess:
            st.caption(pluralize(suggestion.parameters, "parameter"))
        else:
            st.caption(f"{numbers(suggestion)}. {chance(suggestion)}. {escape_markdown(suggestion.reason)}")


def _train_button(suggestions: Sequence[Suggestion], label: str, key: str) -> None:
    if not visitor.may(Role.BUILDER):
        return
    press = sent_commands.press(PRESS)
    st.button(label, key=key, on_click=train, args=(suggestions, press))
