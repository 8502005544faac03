"""What would be trained, shown before it is: every child with its verdict, ticked or not, then sent to the trainer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import streamlit as st

from remap_core.analysis.previews import Children, Preview, PreviewStatus
from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.snac.svg import NO_MARKS, TABLE_ROW, snac_data_uri
from remap_core.formatting import NOT_AVAILABLE, count, duration, pluralize, predicted_accuracy
from remap_core.services.expected_time import expected_time, time_sentence, workers_of
from remap_core.services.proposals import preview_children, propose_children
from remap_core.space.edit_marks import Marks, marks
from remap_core.trials.commands import Enqueue
from remap_core.trials.trial import Origin, TrialId
from remap_core.ui import app_data, drawer_state, sent_commands, view_state
from remap_core.ui.session import current_session
from remap_core.ui.tables import cell, snac_column

SHOWN = ("SNAC", "Parent", "Edit", "Parameters", "Change", "Multiply-adds")
COLUMNS: dict[str, Any] = {
    "Train": st.column_config.CheckboxColumn("Train", width="small"),
    "Parent": st.column_config.NumberColumn("Parent", format="#%d", width="small"),
    "Edit": st.column_config.TextColumn("Edit", width="medium"),
    "Parameters": st.column_config.NumberColumn("Parameters", format="localized"),
    "Change": st.column_config.NumberColumn("Change", format="%+d", help="In parameters, against the parent."),
    "Multiply-adds": st.column_config.NumberColumn("Multiply-adds", format="localized"),
    "Why not": st.column_config.TextColumn("Why not", width="large"),
}


def preview(catalogue: Catalogue, origin: Origin, children: Children, noun: str) -> None:
    """The children with what they would cost; those that are ticked are trained when the button is pressed."""
    dataset = children[0][0].proposal.dataset
    cap = view_state.parameter_cap(dataset)
    surrogate = app_data.dataset_view(dataset).surrogate(children[0][0].proposal.config.epochs)
    found = preview_children(catalogue, children, cap, app_data.dataset_view(dataset).time_estimate, surrogate)
    fresh = [one for one in found if one.verdict is PreviewStatus.NEW]
    several = len({parent.id for parent, _ in children}) > 1
    chosen = _ticked(fresh, several)
    _refused([one for one in found if one.verdict is not PreviewStatus.NEW], several)
    st.button(
        f"Train {pluralize(len(chosen), noun)}",
        type="primary",
        disabled=not chosen,
        on_click=_train,
        args=(origin, chosen),
        key="generate-train",
    )
    _expected(catalogue, origin, chosen)
    if surrogate and any(one.accuracy for one in fresh):
        st.caption(
            f"Accuracies are predicted from the layers and sizes of {pluralize(surrogate.models, 'model')}; two of "
            f"three should end between the numbers in brackets. Predicted so from the others, half of the known models "
            f"are off by more than {100 * surrogate.error:.1f} points; with one guess for all, by more than "
            f"{100 * surrogate.guess:.1f}."
        )


def _train(origin: Origin, chosen: Sequence[Preview]) -> None:
    proposals = propose_children(origin, chosen, time.time())
    sent_commands.send(Enqueue(proposals))
    current_session().batches.append(proposals[0].batch)


def _ticked(fresh: Sequence[Preview], several: bool) -> list[Preview]:
    if not fresh:
        return []
    rows = [
        {
            "Train": True,
            **_row(one, _blocks(fresh)),
            **({"Predicted": predicted_accuracy(*one.accuracy)} if one.accuracy else {}),
            **({"Note": one.reason} if one.reason else {}),
        }
        for one in fresh
    ]
    digest = sha256(repr([one.candidate.edits for one in fresh]).encode()).hexdigest()[:16]
    shown = ("Train", *SHOWN[:3], "Predicted", *SHOWN[3:], "Expected", "Note")
    edited: list[dict[str, Any]] = st.data_editor(
        rows,
        key=f"generate-preview-{digest}",
        hide_index=True,
        row_height=TABLE_ROW,
        disabled=[name for name in rows[0] if name != "Train"] + ["Note"],
        column_order=[name for name in shown if several or name != "Parent"],
        column_config=_columns(fresh),
        alt="Children that can be trained; the first column chooses.",
    )
    return [one for one, row in zip(fresh, edited, strict=True) if row["Train"]]


def _refused(found: Sequence[Preview], several: bool) -> None:
    if not found:
        return
    st.caption(f"Not to be trained: {count(len(found))}.")
    st.dataframe(
        [{**_row(one, _blocks(found)), "Why not": one.reason} for one in found],
        key="generate-refused",
        hide_index=True,
        row_height=TABLE_ROW,
        column_order=[
            name for name in ("SNAC", "Parent", "Edit", "Why not", *SHOWN[3:]) if several or name != "Parent"
        ],
        column_config=_columns(found),
        alt="Children that are not trained, and why.",
    )
    known = [one.same for one in found if one.same is not None]
    if known:
        names = ", ".join(f"#{model}" for model in known)
        st.button(f"Put {names} into the drawer", on_click=_keep, args=(known,), key="generate-keep-known")


def _keep(models: list[TrialId]) -> None:
    drawer_state.add(models)


def _expected(catalogue: Catalogue, origin: Origin, chosen: Sequence[Preview]) -> None:
    """The time of all together, and how sure that is."""
    if not chosen:
        return
    proposals = propose_children(origin, chosen, time.time())
    estimates = app_data.time_estimates({proposals[0].dataset})
    expected = expected_time(catalogue, proposals, workers=workers_of(app_data.trainer()), estimates=estimates)
    st.caption(time_sentence(expected))


def _columns(found: Sequence[Preview]) -> dict[str, Any]:
    return COLUMNS | {"SNAC": snac_column(one.candidate.child for one in found if one.candidate.child)}


def _blocks(found: Sequence[Preview]) -> int:
    return max((len(one.candidate.child.layers) for one in found if one.candidate.child), default=0) + 1


def _row(one: Preview, blocks: int) -> dict[str, Any]:
    child = one.candidate.child
    return {
        "SNAC": _snac(one, blocks),
        "Parent": one.parent.id,
        "Edit": one.edit,
        "Parameters": cell(child.parameters) if child else None,
        "Change": cell(child.parameters - one.parent.architecture.parameters) if child else None,
        "Multiply-adds": cell(child.multiply_adds) if child else None,
        "Expected": duration(one.seconds) if one.seconds is not None else NOT_AVAILABLE,
    }


def _snac(one: Preview, blocks: int) -> str | None:
    child = one.candidate.child
    if child is None:
        return None
    found: Marks = marks(one.parent.architecture, one.candidate.edits) if one.candidate.edits else NO_MARKS
    return snac_data_uri(child, blocks=blocks, marks=found)
