"""All that could be trained next, best first, with what is expected of it and why."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from typing import Any

import streamlit as st

from remap_core.access.roles import Role
from remap_core.analysis.suggest.batch import PLAIN
from remap_core.analysis.suggest.suggestion import Suggestion
from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.snac.svg import TABLE_ROW
from remap_core.errors import RemapError
from remap_core.formatting import count, duration, percent, predicted_accuracy
from remap_core.services.suggestions.outlook import Outlook
from remap_core.services.suggestions.suggesting import MAX_STEP, propose_suggestions
from remap_core.ui import sent_commands
from remap_core.ui.generate.preview_table import train_bar
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.people import visitor
from remap_core.ui.session import current_session
from remap_core.ui.suggest.present_outlook import PRESS, best_suggestions, present_outlook, train
from remap_core.ui.suggest.suggestion_words import snac_uri
from remap_core.ui.tables import PARENT, narrow_size, short_edit, snac_blocks, snac_column

TICKED = 5
"""Suggestions that are ticked: they are chosen together, so that they are not five times the same."""

MAX_ROWS = 100

EXPLORE, STEP = "suggest-explore", "suggest-step"
"""Keys of the choices."""

COLUMNS: dict[str, Any] = {
    "Train": st.column_config.CheckboxColumn("", width=36, help="Whether it is trained."),
    "Parent": PARENT,
    "Edit": st.column_config.TextColumn("Edit", width=112),
    "Expected": st.column_config.TextColumn(
        "Expected", width=100, help="Accuracy under the objective; in brackets the middle 80 % of the prediction."
    ),
    "Chance": st.column_config.TextColumn("Chance", width=60, help="Of moving the Pareto front."),
    "Size, time": st.column_config.TextColumn("Size, time", width=96, help="Parameters; expected time."),
    "Why": st.column_config.TextColumn("Why", width=320),
}
ORDER = ("Train", "SNAC", "Edit", "Chance", "Expected", "Size, time", "Parent", "Why")


def forget_suggestions() -> None:
    """Take the suggestions of the page before from the map."""
    current_session().suggested = ()


def show_candidates(catalogue: Catalogue) -> None:
    """The table of candidates with the best few ticked, and the button that trains what is ticked."""
    explore, step = _choices()
    chosen: list[Suggestion] = []
    try:
        ahead = present_outlook(step)
        best = best_suggestions(TICKED, explore, step)
    except RemapError as error:
        st.info(escape_markdown(str(error)))
    else:
        current_session().suggested = tuple(best)
        st.caption(f"{escape_markdown(ahead.basis)} {count(len(ahead.proposals))} candidates.")
        chosen = _choose(catalogue, [*best, *_others(ahead, best, explore)], len(best))
    press = sent_commands.press(PRESS)
    train_bar(catalogue, propose_suggestions(chosen, 0.0), "suggestion", partial(train, chosen, press))


def _choices() -> tuple[float, int]:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        explore = st.slider(
            "Explore",
            0.0,
            1.0,
            PLAIN,
            0.1,
            key=EXPLORE,
            persist_state="session",
            help="0 takes predictions for granted; 1 counts their uncertainty double.",
            width=190,
        )
        step = st.slider(
            "Edits per child",
            1,
            MAX_STEP,
            1,
            key=STEP,
            persist_state="session",
            help="How far a candidate is from its parent.",
            width=150,
        )
    return float(explore), int(step)


def _others(ahead: Outlook, best: Sequence[Suggestion], explore: float) -> list[Suggestion]:
    """The other candidates, each by what it alone would add."""
    known = {suggestion.architecture.fingerprint for suggestion in best} | set(current_session().suggestions_sent)
    ranked = ahead.everything(explore)
    return [one for one in ranked if one.architecture.fingerprint not in known][: MAX_ROWS - len(best)]


def _choose(catalogue: Catalogue, suggestions: Sequence[Suggestion], ticked: int) -> list[Suggestion]:
    architectures = [suggestion.architecture for suggestion in suggestions]
    blocks, size = snac_blocks(architectures), narrow_size(architectures)
    digest = sha256(repr([architecture.fingerprint for architecture in architectures]).encode()).hexdigest()[:16]
    rows = [
        _row(suggestion, place < ticked) | {"SNAC": snac_uri(catalogue, suggestion, blocks, size)}
        for place, suggestion in enumerate(suggestions)
    ]
    edited: list[dict[str, Any]] = st.data_editor(
        rows,
        key=f"suggest-candidates-{digest}",  # other candidates, another table: a tick belongs to a candidate
        hide_index=True,
        row_height=TABLE_ROW,
        height=12 * TABLE_ROW,
        disabled=ORDER[1:],
        column_order=ORDER if visitor.may(Role.BUILDER) else ORDER[1:],
        column_config=COLUMNS | {"SNAC": snac_column(architectures, size)},
        alt="Candidates with a checkbox each, the most promising first.",
    )
    return [suggestion for suggestion, row in zip(suggestions, edited, strict=True) if row["Train"]]


def _row(suggestion: Suggestion, is_ticked: bool) -> dict[str, Any]:
    expected = predicted_accuracy(suggestion.accuracy, suggestion.low, suggestion.high)
    return {
        "Train": is_ticked,
        "Parent": suggestion.parent,
        "Edit": short_edit(suggestion.edit) or f"New sample of {suggestion.proposal.space}",
        "Expected": "" if suggestion.is_guess else expected,
        "Chance": "" if suggestion.is_guess else percent(suggestion.chance, decimals=0),
        "Size, time": f"{count(suggestion.parameters)}, {duration(suggestion.seconds)}",
        "Why": suggestion.reason,
    }
