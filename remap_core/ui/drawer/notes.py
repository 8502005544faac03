"""Note and tags of a model: shown, and edited."""

from __future__ import annotations

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.errors import InvalidAnnotation
from remap_core.formatting import count, model_tag
from remap_core.trials.annotations import MAX_NOTE_LENGTH, MAX_TAG_LENGTH, Annotation
from remap_core.trials.commands import Annotate
from remap_core.trials.trial import Trial
from remap_core.ui import sent_commands
from remap_core.ui.markdown import escape_markdown

MAX_FIRST_LINE = 120
"""Characters of a note that a table shows."""


def edit_notes(catalogue: Catalogue, trial: Trial) -> None:
    """Both as they are stored, and a button that saves what was typed. The last save wins."""
    stored = catalogue.annotations([trial.id])[trial.id]
    note = st.text_area(
        f"Note on {model_tag(trial.id)}",
        stored.note,
        max_chars=MAX_NOTE_LENGTH,
        key=f"note-{trial.id}",
        help=f"Up to {count(MAX_NOTE_LENGTH)} characters of plain text, for everyone who opens this catalogue.",
    )
    tags = st.text_input(
        f"Tags of {model_tag(trial.id)}",
        ", ".join(stored.tags),
        key=f"tags-{trial.id}",
        placeholder="small, no pooling",
        help=f"Separated by commas, up to {MAX_TAG_LENGTH} characters each.",
    )
    try:
        typed = Annotation.typed(note or "", tags or "")
    except InvalidAnnotation as error:
        st.error(escape_markdown(str(error)))
        return
    st.button(
        "Save note and tags",
        key=f"save-{trial.id}",
        disabled=typed == stored,
        on_click=sent_commands.send,
        args=(Annotate(trial.id, typed),),
    )


def first_line(annotation: Annotation) -> str:
    """The beginning of a note, for a table."""
    lines = annotation.note.splitlines()
    if not lines:
        return ""
    start = lines[0][:MAX_FIRST_LINE]
    is_cut = len(lines) > 1 or start != lines[0]
    return f"{start}…" if is_cut else start
