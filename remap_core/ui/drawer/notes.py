"""Note and tags of a model, to be read and written."""

from __future__ import annotations

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.errors import InvalidAnnotation
from remap_core.trials.annotations import MAX_NOTE_LENGTH, MAX_TAG_LENGTH, Annotation
from remap_core.trials.commands import Annotate
from remap_core.trials.trial import Trial
from remap_core.ui import live, receipts, sent_commands
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.session import current_session


def edit_notes(catalogue: Catalogue, trial: Trial) -> None:
    """Both as they are kept, and a button that keeps what was typed; the last one who keeps something counts."""
    written = catalogue.annotations([trial.id])[trial.id]
    note = st.text_area(
        f"Note on #{trial.id}",
        written.note,
        max_chars=MAX_NOTE_LENGTH,
        key=f"note-{trial.id}",
        help=f"Up to {MAX_NOTE_LENGTH:,} characters, kept as plain text for everybody who opens this catalogue.",
    )
    tags = st.text_input(
        f"Tags of #{trial.id}",
        ", ".join(written.tags),
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
        "Keep note and tags",
        key=f"keep-{trial.id}",
        disabled=typed == written,
        on_click=sent_commands.send,
        args=(Annotate(trial.id, typed),),
    )


def first_line(annotation: Annotation) -> str:
    """The beginning of a note, for a table."""
    lines = annotation.note.splitlines() or [""]
    return lines[0][:120] + ("…" if len(lines) > 1 or len(lines[0]) > 120 else "")


def show_receipts() -> None:
    """What became of the last commands, as soon as that is known."""
    if current_session().sent:
        live.live(receipts.show_receipts)
