"""Note and tags of a model: shown, and edited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from remap_core.access.roles import Role
from remap_core.catalogue.reader import Catalogue
from remap_core.errors import InvalidAnnotation, RemapError
from remap_core.formatting import count, model_tag
from remap_core.trials.annotations import MAX_NOTE_LENGTH, MAX_TAG_LENGTH, Annotation
from remap_core.trials.commands import Annotate
from remap_core.trials.trial import Trial, TrialId
from remap_core.ui import app_data, sent_commands
from remap_core.ui.drawer.note_draft import Edited, NoteDraft
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.people import visitor
from remap_core.ui.session import current_session
from remap_core.ui.view_state import bind

NOTE, TAGS = "note", "tags"
"""How the keys of the fields begin."""

MAX_FIRST_LINE = 120
"""Characters of a note that a table shows."""


class Noted(NamedTuple):
    """Which model a note is on, and whose it is; empty: shared."""

    model: TrialId
    person: str = ""

    def key(self, part: str) -> str:
        """Of a widget for that note. part: what the widget is for."""
        return "-".join(filter(None, (part, self.person, str(self.model))))

    def stored(self, catalogue: Catalogue) -> Annotation:
        """What the catalogue has."""
        return catalogue.annotations([self.model], self.person)[self.model]


def edit_notes(catalogue: Catalogue, trial: Trial) -> None:
    """Note and tags of a model; where people sign in, one's own and the shared ones, which viewers only read."""
    shared = Noted(trial.id)
    if visitor.is_open():
        _edit(catalogue, shared)
        return
    st.markdown("###### Only for me")
    _edit(catalogue, Noted(trial.id, visitor.person().name))
    st.markdown("###### Shared with everybody")
    if visitor.may(Role.BUILDER):
        _edit(catalogue, shared)
    else:
        _show(shared.stored(catalogue))


def _show(annotation: Annotation) -> None:
    if annotation.is_empty:
        st.caption("No shared note.")
    if annotation.note:
        st.text(annotation.note)
    if annotation.tags:
        st.caption(f"Tags: {escape_markdown(', '.join(annotation.tags))}")


def _edit(catalogue: Catalogue, noted: Noted) -> None:
    """Both as they are stored, or as they were typed, and a button that saves what was changed."""
    stored = noted.stored(catalogue)
    draft = current_session().notes.setdefault(noted, NoteDraft.of(stored))
    _follow(noted, draft, stored)
    readers = "for nobody else" if noted.person else "for everyone who opens this catalogue"
    whose = "My note" if noted.person else "Note"
    st.text_area(
        f"{whose} on {model_tag(noted.model)}",
        st.session_state[noted.key(NOTE)],
        key=noted.key(NOTE),
        persist_state="session",
        help=f"Up to {count(MAX_NOTE_LENGTH)} characters of plain text, {readers}.",
    )
    st.text_input(
        f"{'My tags' if noted.person else 'Tags'} of {model_tag(noted.model)}",
        st.session_state[noted.key(TAGS)],
        key=noted.key(TAGS),
        persist_state="session",
        placeholder="small, no pooling",
        help=f"Separated by commas, up to {MAX_TAG_LENGTH} characters each.",
    )
    _say_conflicts(noted, draft, stored)
    # Never disabled: a click on it is what ends the typing in a field.
    key = noted.key("save")
    label = "Save my note and tags" if noted.person else "Save note and tags"
    st.button(label, key=key, on_click=_save, args=(noted, stored, sent_commands.press(key)))


def _typed(noted: Noted) -> Annotation:
    """What the fields hold; raises InvalidAnnotation."""
    return Annotation.typed(st.session_state[noted.key(NOTE)], st.session_state[noted.key(TAGS)])


def _follow(noted: Noted, draft: NoteDraft, stored: Annotation) -> None:
    """Let the fields show what is stored, where the visitor has typed nothing else."""
    if noted.key(NOTE) not in st.session_state:
        bind(noted.key(NOTE), draft.note.opened)
        bind(noted.key(TAGS), ", ".join(draft.tags.opened))
    try:
        typed = _typed(noted)
    except InvalidAnnotation:
        return
    note = draft.note.follow(typed.note, stored.note)
    if note != typed.note:
        bind(noted.key(NOTE), note)
    tags = draft.tags.follow(typed.tags, stored.tags)
    if tags != typed.tags:
        bind(noted.key(TAGS), ", ".join(tags))


def _say_conflicts(noted: Noted, draft: NoteDraft, stored: Annotation) -> None:
    """Why the text cannot be saved, or what a save would replace."""
    try:
        typed = _typed(noted)
    except InvalidAnnotation as error:
        st.error(escape_markdown(str(error)))
        return
    if draft.note.is_conflict(typed.note, stored.note):
        st.warning("The stored note has changed since you began to edit. Saving replaces it:")
        st.text(stored.note or "(empty)")
    if draft.tags.is_conflict(typed.tags, stored.tags):
        tags = escape_markdown(", ".join(stored.tags) or "none")
        st.warning(f"The stored tags have changed since you began to edit. Saving replaces them: {tags}.")


def _save(noted: Noted, seen: Annotation, press: sent_commands.Press) -> None:
    """Send what was changed, unless it would replace something that the visitor has not seen."""
    draft = current_session().notes[noted]
    try:
        typed = _typed(noted)
        app_data.look()
        stored = noted.stored(app_data.catalogue())  # now, not when the page was drawn
    except RemapError:  # the page says why
        return
    note = typed.note if draft.note.is_changed(typed.note) else None
    tags = typed.tags if draft.tags.is_changed(typed.tags) else None
    if note is None and tags is None:
        st.toast("Nothing to save.")
        return
    if note is not None and stored.note not in (seen.note, note):
        return
    if tags is not None and stored.tags not in (seen.tags, tags):
        return
    if note is not None:
        draft.note = Edited(seen.note, note)
    if tags is not None:
        draft.tags = Edited(seen.tags, tags)
    sent_commands.send(Annotate(noted.model, note, tags, bool(noted.person)), press)


class Notes(NamedTuple):
    """What a table shows of a model's notes: the shared one, then one's own, which is marked."""

    shared: Annotation
    own: Annotation

    @property
    def tags(self) -> list[str]:
        """Those of both."""
        return [*self.shared.tags, *(f"{tag} (mine)" for tag in self.own.tags)]

    @property
    def line(self) -> str:
        """The beginning of both notes."""
        own = first_line(self.own)
        return " · ".join(filter(None, (first_line(self.shared), f"mine: {own}" if own else "")))


def notes_of(catalogue: Catalogue, models: Sequence[TrialId]) -> dict[TrialId, Notes]:
    """Both notes of each model; in an open app nobody has one of their own."""
    shared = catalogue.annotations(models)
    own = dict.fromkeys(models, Annotation())
    if not visitor.is_open():
        own = catalogue.annotations(models, visitor.person().name)
    return {model: Notes(shared[model], own[model]) for model in models}


def first_line(annotation: Annotation) -> str:
    """The beginning of a note, for a table."""
    lines = annotation.note.splitlines()
    if not lines:
        return ""
    start = lines[0][:MAX_FIRST_LINE]
    is_cut = len(lines) > 1 or start != lines[0]
    return f"{start}…" if is_cut else start
