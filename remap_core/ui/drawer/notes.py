"""Note and tags of a model: shown, and edited."""

from __future__ import annotations

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.errors import InvalidAnnotation, RemapError
from remap_core.formatting import count, model_tag
from remap_core.trials.annotations import MAX_NOTE_LENGTH, MAX_TAG_LENGTH, Annotation
from remap_core.trials.commands import Annotate
from remap_core.trials.trial import Trial, TrialId
from remap_core.ui import app_data, sent_commands
from remap_core.ui.drawer.note_draft import Edited, NoteDraft
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.session import current_session
from remap_core.ui.view_state import bind

MAX_FIRST_LINE = 120
"""Characters of a note that a table shows."""


def edit_notes(catalogue: Catalogue, trial: Trial) -> None:
    """Both as they are stored, or as they were typed, and a button that saves what was changed."""
    model = trial.id
    stored = catalogue.annotations([model])[model]
    draft = current_session().notes.setdefault(model, NoteDraft.of(stored))
    _follow(model, draft, stored)
    st.text_area(
        f"Note on {model_tag(model)}",
        st.session_state[_note_key(model)],
        key=_note_key(model),
        persist_state="session",
        help=f"Up to {count(MAX_NOTE_LENGTH)} characters of plain text, for everyone who opens this catalogue.",
    )
    st.text_input(
        f"Tags of {model_tag(model)}",
        st.session_state[_tags_key(model)],
        key=_tags_key(model),
        persist_state="session",
        placeholder="small, no pooling",
        help=f"Separated by commas, up to {MAX_TAG_LENGTH} characters each.",
    )
    _say_conflicts(model, draft, stored)
    # Never disabled: a click on it is what ends the typing in a field.
    key = f"save-{model}"
    st.button("Save note and tags", key=key, on_click=_save, args=(model, stored, sent_commands.press(key)))


def _note_key(model: TrialId) -> str:
    return f"note-{model}"


def _tags_key(model: TrialId) -> str:
    return f"tags-{model}"


def _typed(model: TrialId) -> Annotation:
    """What the fields hold; raises InvalidAnnotation."""
    return Annotation.typed(st.session_state[_note_key(model)], st.session_state[_tags_key(model)])


def _follow(model: TrialId, draft: NoteDraft, stored: Annotation) -> None:
    """Let the fields show what is stored, where the visitor has typed nothing else."""
    if _note_key(model) not in st.session_state:
        bind(_note_key(model), draft.note.opened)
        bind(_tags_key(model), ", ".join(draft.tags.opened))
    try:
        typed = _typed(model)
    except InvalidAnnotation:
        return
    note = draft.note.follow(typed.note, stored.note)
    if note != typed.note:
        bind(_note_key(model), note)
    tags = draft.tags.follow(typed.tags, stored.tags)
    if tags != typed.tags:
        bind(_tags_key(model), ", ".join(tags))


def _say_conflicts(model: TrialId, draft: NoteDraft, stored: Annotation) -> None:
    """Why the text cannot be saved, or what a save would replace."""
    try:
        typed = _typed(model)
    except InvalidAnnotation as error:
        st.error(escape_markdown(str(error)))
        return
    if draft.note.is_conflict(typed.note, stored.note):
        st.warning("The stored note has changed since you began to edit. Saving replaces it:")
        st.text(stored.note or "(empty)")
    if draft.tags.is_conflict(typed.tags, stored.tags):
        tags = escape_markdown(", ".join(stored.tags) or "none")
        st.warning(f"The stored tags have changed since you began to edit. Saving replaces them: {tags}.")


def _save(model: TrialId, seen: Annotation, press: sent_commands.Press) -> None:
    """Send what was changed, unless it would replace something that the visitor has not seen."""
    draft = current_session().notes[model]
    try:
        typed = _typed(model)
        stored = _newest(model)
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
    sent_commands.send(Annotate(model, note, tags), press)


def _newest(model: TrialId) -> Annotation:
    """What is stored now, not when the page was drawn; raises NoCatalogue."""
    app_data.look()
    return app_data.catalogue().annotations([model])[model]


def first_line(annotation: Annotation) -> str:
    """The beginning of a note, for a table."""
    lines = annotation.note.splitlines()
    if not lines:
        return ""
    start = lines[0][:MAX_FIRST_LINE]
    is_cut = len(lines) > 1 or start != lines[0]
    return f"{start}…" if is_cut else start
