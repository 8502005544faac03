"""Note and tags of a model, to be read and written."""

from __future__ import annotations

import streamlit as st

from remap_core.annotations import MOST_LETTERS, TAG_LETTERS, Annotation
from remap_core.catalogue.reader import Catalogue
from remap_core.commands import Annotate
from remap_core.errors import InvalidAnnotation
from remap_core.trials import Trial
from remap_core.ui import shell, state
from remap_core.ui.plain import plain


def edit_notes(catalogue: Catalogue, trial: Trial) -> None:
    """Both as they are kept, and a button that keeps what was typed; the last one who keeps something counts."""
    written = catalogue.annotations([trial.id])[trial.id]
    note = st.text_area(
        f"Note on #{trial.id}",
        written.note,
        max_chars=MOST_LETTERS,
        key=f"note-{trial.id}",
        help=f"Up to {MOST_LETTERS:,} characters, kept as plain text for everybody who opens this catalogue.",
    )
    tags = st.text_input(
        f"Tags of #{trial.id}",
        ", ".join(written.tags),
        key=f"tags-{trial.id}",
        placeholder="small, no pooling",
        help=f"Separated by commas, up to {TAG_LETTERS} characters each.",
    )
    try:
        typed = Annotation.typed(note or "", tags or "")
    except InvalidAnnotation as error:
        st.error(plain(str(error)))
        return
    st.button(
        "Keep note and tags",
        key=f"keep-{trial.id}",
        disabled=typed == written,
        on_click=state.send,
        args=(Annotate(trial.id, typed),),
    )


def first_line(annotation: Annotation) -> str:
    """The beginning of a note, for a table."""
    lines = annotation.note.splitlines() or [""]
    return lines[0][:120] + ("…" if len(lines) > 1 or len(lines[0]) > 120 else "")


def show_receipts() -> None:
    """What became of the last commands, as soon as that is known."""
    if state.session().sent:
        shell.live(shell.show_receipts)
