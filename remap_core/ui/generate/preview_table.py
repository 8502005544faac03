"""What would be trained: every child with its verdict, ticked or not, then sent to the trainer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from hashlib import sha256
from typing import Any

import streamlit as st

from remap_core.access.roles import Role
from remap_core.analysis.previews import Children, Preview, PreviewStatus
from remap_core.analysis.surrogate import Surrogate
from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.snac.chips import Size
from remap_core.drawing.snac.svg import NO_MARKS, TABLE_ROW, snac_data_uri
from remap_core.formatting import (
    count,
    duration,
    model_tags,
    pluralize,
    predicted_accuracy,
    relative_change,
)
from remap_core.services.child_trainings import child_config
from remap_core.services.proposals import preview_children, propose_children
from remap_core.space.architecture import Architecture
from remap_core.space.edit_marks import marks
from remap_core.trials.trial import Origin, Proposal
from remap_core.ui import app_data, drawer_state, sent_commands, view_state
from remap_core.ui.generate.start_choice import choose_start
from remap_core.ui.people import visitor
from remap_core.ui.people.role_captions import say_viewers_cannot_train
from remap_core.ui.tables import PARENT, narrow_size, short_edit, snac_blocks, snac_column
from remap_core.ui.time_labels import expected_now, time_caption, with_time

COST = "Size, time"

TRAINED_COLUMNS = ("Train", "SNAC", "Parent", "Edit", "Predicted", COST, "Note")
SKIPPED_COLUMNS = ("SNAC", "Parent", "Edit", "Reason")
COLUMNS: dict[str, Any] = {
    "Train": st.column_config.CheckboxColumn("", width=36, help="Whether it is trained."),
    "Parent": PARENT,
    "Edit": st.column_config.TextColumn("Edit", width=112),
    COST: st.column_config.TextColumn(
        COST, width=96, help="Parameters: child minus parent, in percent. Expected time of the training."
    ),
    "Predicted": st.column_config.TextColumn(
        "Predicted", width=88, help="Predicted accuracy; in brackets the middle 68 % of the prediction."
    ),
    "Note": st.column_config.TextColumn("Note", width=120),
    "Reason": st.column_config.TextColumn("Reason", width=200),
}


def preview(catalogue: Catalogue, children: Children) -> list[Preview]:
    """The children with their expected costs and accuracies; returns those that are ticked."""
    parents = list({parent.id: parent for parent, _ in children}.values())
    inherit = choose_start(catalogue, parents)
    dataset = app_data.dataset_view(parents[0].proposal.dataset)
    surrogate = dataset.surrogate(child_config(catalogue, parents[0], inherit))
    caps = view_state.caps(dataset.name)
    previews = preview_children(catalogue, children, caps, dataset.time_estimate, surrogate, inherit=inherit)
    trainable = [preview for preview in previews if preview.verdict is PreviewStatus.NEW]
    skipped = [preview for preview in previews if preview.verdict is not PreviewStatus.NEW]
    several_parents = len({parent.id for parent, _ in children}) > 1
    chosen = _choose(trainable, several_parents)
    if surrogate and any(preview.accuracy for preview in trainable):
        st.caption(surrogate_sentence(surrogate))
    _skipped(skipped, several_parents)
    return chosen


def surrogate_sentence(surrogate: Surrogate) -> str:
    """How good the predictions are."""
    error = f"{100 * surrogate.error:.1f}"
    guess = f"{100 * surrogate.guess:.1f}"
    models = pluralize(surrogate.models, "trained model")
    return f"Predicted accuracy (median error {error} points; guessing the mean: {guess}), from {models}."


def train_children_bar(catalogue: Catalogue, origin: Origin, chosen: Sequence[Preview], noun: str) -> None:
    """The button that trains what is ticked of a preview."""
    proposals = propose_children(origin, chosen, time.time()) if chosen else ()
    train_bar(catalogue, proposals, noun, partial(_train, origin, chosen, sent_commands.press("generate-train")))


def train_bar(catalogue: Catalogue, proposals: Sequence[Proposal], noun: str, train: Callable[[], None]) -> None:
    """The button that trains what is ticked, with the expected time; it stays in view below a long page.

    For a viewer it is a sentence.
    """
    if not visitor.may(Role.BUILDER):
        say_viewers_cannot_train()
        return
    expected = None
    label = "Nothing new to train"
    if proposals:
        label = f"Train {pluralize(len(proposals), noun)}"
        expected = expected_now(catalogue, proposals)
    with st.container(key="train-bar", gap="xsmall"):
        st.button(
            with_time(label, expected),
            type="primary",
            width="stretch",
            disabled=not proposals,
            on_click=train,
            key="generate-train",
        )
        if proposals:
            time_caption(expected)


def _train(origin: Origin, chosen: Sequence[Preview], press: sent_commands.Press) -> None:
    sent_commands.enqueue(propose_children(origin, chosen, time.time()), press)


def _choose(previews: Sequence[Preview], several_parents: bool) -> list[Preview]:
    """The table of what can be trained; returns what is ticked."""
    if not previews:
        return []
    rows = [_trainable_row(preview, row) for preview, row in zip(previews, _rows(previews), strict=True)]
    digest = sha256(repr([preview.candidate.edits for preview in previews]).encode()).hexdigest()[:16]
    edited: list[dict[str, Any]] = st.data_editor(
        rows,
        key=f"generate-preview-{digest}",  # other children, another table: a tick belongs to a child
        hide_index=True,
        row_height=TABLE_ROW,
        disabled=TRAINED_COLUMNS[1:],
        column_order=_shown(TRAINED_COLUMNS, several_parents),
        column_config=_column_config(previews),
        alt="Children that can be trained, with a checkbox each.",
    )
    return [preview for preview, row in zip(previews, edited, strict=True) if row["Train"]]


def _trainable_row(preview: Preview, row: dict[str, Any]) -> dict[str, Any]:
    row = {"Train": True, **row}
    if preview.accuracy:
        row["Predicted"] = predicted_accuracy(*preview.accuracy)
    if preview.reason:
        row["Note"] = preview.reason
    return row


def _skipped(previews: Sequence[Preview], several_parents: bool) -> None:
    """What is not trained, with the reasons."""
    if not previews:
        return
    known = [preview.same for preview in previews if preview.same is not None]
    with st.expander(_skipped_text(len(previews), len(known)), expanded=len(known) < len(previews)):
        st.dataframe(
            [row | {"Reason": preview.reason} for preview, row in zip(previews, _rows(previews), strict=True)],
            key="generate-skipped",
            hide_index=True,
            row_height=TABLE_ROW,
            column_order=_shown(SKIPPED_COLUMNS, several_parents),
            column_config=_column_config(previews),
            alt="Children that are skipped, and why.",
        )
        if known:
            label = f"Add {model_tags(known)} to drawer"
            st.button(label, on_click=drawer_state.add, args=(known,), key="generate-add-known")


def _skipped_text(skipped: int, known: int) -> str:
    """How many children are not trained.

    >>> _skipped_text(4, 4), _skipped_text(4, 1)
    ('4 already trained or queued', 'Skipped: 4')
    """
    if known == skipped:
        return f"{count(known)} already trained or queued"
    return f"Skipped: {count(skipped)}"


def _shown(columns: Sequence[str], several_parents: bool) -> list[str]:
    """Without the parent if there is only one, without ticks for who may not train."""
    silent = set() if several_parents else {"Parent"}
    if not visitor.may(Role.BUILDER):
        silent.add("Train")
    return [name for name in columns if name not in silent]


def _architectures(previews: Iterable[Preview]) -> list[Architecture]:
    return [preview.candidate.child for preview in previews if preview.candidate.child]


def _column_config(previews: Sequence[Preview]) -> dict[str, Any]:
    architectures = _architectures(previews)
    return COLUMNS | {"SNAC": snac_column(architectures, narrow_size(architectures))}


def _rows(previews: Sequence[Preview]) -> list[dict[str, Any]]:
    architectures = _architectures(previews)
    blocks = snac_blocks(architectures)
    size = narrow_size(architectures)
    return [_row(preview, blocks, size) for preview in previews]


def _row(preview: Preview, blocks: int, size: Size) -> dict[str, Any]:
    row: dict[str, Any] = {"Parent": preview.parent.id, "Edit": short_edit(preview.edit)}
    child = preview.candidate.child
    if child is None:
        return row
    edits = preview.candidate.edits
    edit_marks = marks(preview.parent.architecture, edits) if edits else NO_MARKS
    return row | {
        "SNAC": snac_data_uri(child, blocks=blocks, size=size, marks=edit_marks),
        COST: _cost(preview, child),
    }


def _cost(preview: Preview, child: Architecture) -> str:
    size = relative_change(child.parameters, preview.parent.architecture.parameters)
    if preview.seconds is None:
        return size
    return f"{size}, {duration(preview.seconds)}"
