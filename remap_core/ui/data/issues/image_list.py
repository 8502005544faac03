"""Images that the models doubt, one row each: picture, votes, and what a person says of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from remap_core.access.roles import Role
from remap_core.analysis.image_votes import ImageVerdict
from remap_core.drawing.samples import samples_uri
from remap_core.formatting import count, pluralize
from remap_core.services.data.data_issues import DataIssues
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.people import visitor
from remap_core.ui.session import current_session
from remap_core.ui.view_state import bind

PAGE = 8
"""Images that are shown at first, and that are added each time."""
LEFT_OUT = ""
"""Said of an image in place of a class: that it is left out."""
_WRONG = "Label is wrong"
_LEAVE_OUT = "Leave out"
_EDGE = 64
"""Pixels of a picture, about; more than a row shows."""
_NAME = 40
"""Letters of a class's or a file's name in a row."""

Pixels = NDArray[np.uint8]


class ShownImages(NamedTuple):
    """The images of a part of a data set.

    picture: the pixels (height, width, channels) of one of them, where they were published. files: what each is called
    in its source, where that is known.
    """

    issues: DataIssues
    picture: Callable[[int], Pixels] | None
    files: Sequence[str]


def image_list(verdicts: Sequence[ImageVerdict], shown: ShownImages, kind: str) -> None:
    """The first images, and a button that shows more of them. kind: tells the lists of a page apart."""
    key = f"issues-{kind}-shown"
    number = st.session_state.setdefault(key, PAGE)
    for verdict in verdicts[:number]:
        _row(verdict, shown)
    left = len(verdicts) - number
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{pluralize(len(verdicts), 'image')}.", width="content")
        if left > 0:
            more = min(PAGE, left)
            st.button(f"Show {more} more", key=f"{key}-more", type="tertiary", on_click=_show_more, args=(key,))


def _show_more(key: str) -> None:
    st.session_state[key] += PAGE


def _row(verdict: ImageVerdict, shown: ShownImages) -> None:
    picture, text, said = st.columns([1, 5, 6], vertical_alignment="center")
    if shown.picture is not None:
        part = shown.issues.part.title.capitalize()
        picture.html(
            f'<img src="{picture_uri(shown.picture(verdict.row))}" alt="{part} image {verdict.row}" '
            'style="height:48px;max-width:100%;object-fit:contain;image-rendering:pixelated;border-radius:3px">'
        )
    text.markdown(_words(verdict, shown))
    if visitor.may(Role.ADMIN):
        with said.container(horizontal=True, vertical_alignment="center"):
            _choice(verdict, shown.issues)


def _words(verdict: ImageVerdict, shown: ShownImages) -> str:
    issues = shown.issues
    label, other = (escape_markdown(issues.class_names[which][:_NAME]) for which in (verdict.label, verdict.other))
    voters = pluralize(len(issues.models), "model")
    words = (
        f"Labelled **{label}** · {count(verdict.for_other)} of {voters} say **{other}**, "
        f"{count(verdict.for_label)} say **{label}**"
    )
    name = f"Image {verdict.row}"
    if shown.files:
        name += f" · {shown.files[verdict.row][-_NAME:]}"
    return f"{words}  \n:small[:gray[{escape_markdown(name)}]]"


def _choice(verdict: ImageVerdict, issues: DataIssues) -> None:
    """What is said of an image: it is in the session, as a list that is folded away forgets its widgets."""
    name = issues.image_name(verdict)
    said = current_session().corrections.get(issues.dataset, {}).get(name)
    key = f"issues-said-{issues.dataset}-{name}"
    now = None
    if said is not None:
        now = _LEAVE_OUT if said == LEFT_OUT else _WRONG
    st.segmented_control(
        f"Image {name}",
        [_WRONG, _LEAVE_OUT],
        key=bind(key, now),
        label_visibility="collapsed",
        on_change=_say,
        args=(key, verdict, issues),
    )
    if said:
        st.selectbox(
            f"Class of image {name}",
            issues.class_names,
            key=bind(f"{key}-class", said),
            label_visibility="collapsed",
            width=160,
            on_change=_say_class,
            args=(f"{key}-class", verdict, issues),
        )


def _say(key: str, verdict: ImageVerdict, issues: DataIssues) -> None:
    said = current_session().corrections.setdefault(issues.dataset, {})
    chosen = st.session_state[key]
    name = issues.image_name(verdict)
    if chosen == _WRONG:
        said[name] = issues.class_names[verdict.other]
    elif chosen == _LEAVE_OUT:
        said[name] = LEFT_OUT
    else:
        said.pop(name, None)


def _say_class(key: str, verdict: ImageVerdict, issues: DataIssues) -> None:
    current_session().corrections[issues.dataset][issues.image_name(verdict)] = st.session_state[key]


def picture_uri(image: Pixels) -> str:
    """An image as a data URI; a large one with every so many pixels, as a page may have a hundred of them."""
    step = max(1, max(image.shape[:2]) // _EDGE)
    return samples_uri(image[np.newaxis, ::step, ::step])
