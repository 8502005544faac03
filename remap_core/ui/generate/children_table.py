"""The children of chosen models: their edits, what these changed, and how far their training is; live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from remap_core.access.roles import Role
from remap_core.analysis.mcnemar import PairedTest
from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.palette import BETTER, WITHIN_NOISE, WORSE
from remap_core.drawing.snac.chips import Size
from remap_core.drawing.snac.svg import TABLE_ROW, snac_data_uri
from remap_core.errors import RemapError
from remap_core.formatting import count, duration, model_tags, pluralize, relative_change, signed_points
from remap_core.services.comparison import compare_predictions
from remap_core.services.lineage import edit_sentence
from remap_core.space.edit_marks import marks
from remap_core.trials.commands import Cancel
from remap_core.trials.evaluation import EpochResult
from remap_core.trials.trial import Trial, TrialId, TrialState
from remap_core.ui import app_data, drawer_state, navigation, sent_commands
from remap_core.ui.generate.contributions_panel import show_contributions
from remap_core.ui.people import visitor
from remap_core.ui.tables import (
    narrow_size,
    short_edit,
    snac_blocks,
    snac_column,
)

MAX_CHILDREN = 200
"""Children in the table, the newest first; older ones are only counted."""

INHERITED_MARK = "▲"
"""Of a child that started from its parent's weights; it is a triangle on the map, too."""

COLUMNS: dict[str, Any] = {
    "Model": st.column_config.NumberColumn("Model", format="#%d", width=52),
    "Parent": st.column_config.NumberColumn("Parent", format="#%d", width=52),
    "Edit": st.column_config.TextColumn("Edit", width=110),
    "Result": st.column_config.TextColumn(
        "Result",
        width=74,
        help=f"Validation accuracy, or how far the training is. {INHERITED_MARK}: started from the parent's weights, "
        "not compared with full trainings.",
    ),
    "Change": st.column_config.TextColumn(
        "Change", width=56, help="Validation accuracy minus the parent's, in points. Grey: within noise."
    ),
    "Parameters": st.column_config.TextColumn("Parameters", width=72, help="Child minus parent, in percent."),
    "Start": st.column_config.TextColumn("Start", width=150),
    "Loss": st.column_config.LineChartColumn("Loss", width=60, help="Validation loss by epoch."),
}

Pair = tuple[Trial, Trial]
"""A parent and its child."""
Tests = Mapping[TrialId, PairedTest | None]
"""By child, the paired test against its parent."""


def children_of(catalogue: Catalogue, parents: Sequence[Trial]) -> list[Pair]:
    """(parent, child) pairs, the newest child first."""
    pairs = [(parent, child) for parent in parents for child in catalogue.children(parent.id)]
    return sorted(pairs, key=lambda pair: -pair[1].id)


def show_children(catalogue: Catalogue, parents: Sequence[Trial]) -> None:
    """The table with actions for its rows, and what each layer contributes if there are ablations."""
    pairs = children_of(catalogue, parents)
    if not pairs:
        hint = " Models that you train here appear in this table." if visitor.may(Role.BUILDER) else ""
        st.caption(f"No children yet.{hint}")
        return
    if len(pairs) > MAX_CHILDREN:
        st.caption(f"The newest {MAX_CHILDREN} of {count(len(pairs))} children.")
    shown = pairs[:MAX_CHILDREN]
    tests = {child.id: paired_test(parent, child) for parent, child in shown}
    _actions(_table(catalogue, shown, tests))
    for parent in parents:
        children = [child for owner, child in shown if owner is parent]
        show_contributions(parent, children, tests)


def paired_test(parent: Trial, child: Trial) -> PairedTest | None:
    """The paired test of a child (first) and its parent; None while one of them has no predictions.

    None also for a child that started from the parent's weights: it is not compared with a full training.
    """
    if child.proposal.inherits or child.state is not TrialState.COMPLETE or parent.state is not TrialState.COMPLETE:
        return None
    return _paired_test(parent, child)


@st.cache_resource(
    max_entries=5_000,
    show_spinner=False,
    hash_funcs={Trial: lambda trial: (trial.id, trial.attempt, trial.created)},
)
def _paired_test(parent: Trial, child: Trial) -> PairedTest | None:
    try:
        return compare_predictions(app_data.catalogue(), child, parent)
    except RemapError:
        return None


def _table(catalogue: Catalogue, pairs: Sequence[Pair], tests: Tests) -> list[Trial]:
    """Draw the table and return the children whose rows are selected."""
    curves = catalogue.epoch_curves([child.id for _, child in pairs])
    architectures = [child.architecture for _, child in pairs]
    size = narrow_size(architectures)
    blocks = snac_blocks(architectures)
    rows = pd.DataFrame([_row(pair, curves[pair[1].id], tests[pair[1].id], blocks, size) for pair in pairs])
    event = st.dataframe(
        rows.style.apply(lambda row: _colours(row, tests), axis=1),
        key=f"generate-children-{pairs[0][1].id}-{len(pairs)}",  # other rows, another table: a selection is by row
        hide_index=True,
        row_height=TABLE_ROW,
        on_select="rerun",
        selection_mode="multi-row",
        column_order=_shown_columns(rows),
        column_config=COLUMNS | {"SNAC": snac_column(architectures, size)},
        alt="Children with their edits and what these changed; rows can be selected.",
    )
    return [pairs[row][1] for row in event.selection.rows if row < len(pairs)]


def _shown_columns(rows: pd.DataFrame) -> list[str]:
    """Without the parent if there is only one, without the start if all began with new weights."""
    silent = set()
    if rows["Parent"].nunique() == 1:
        silent.add("Parent")
    if not rows["Start"].any():
        silent.add("Start")
    return [name for name in rows.columns if name not in silent]


def _row(
    pair: Pair,
    epochs: Sequence[EpochResult],
    test: PairedTest | None,
    blocks: int,
    size: Size,
) -> dict[str, Any]:
    parent, child = pair
    edit_marks = marks(parent.architecture, child.proposal.edits)
    return {
        "SNAC": snac_data_uri(child.architecture, blocks=blocks, size=size, marks=edit_marks),
        "Edit": short_edit(edit_sentence(parent, child)),
        "Result": _result(child),
        "Change": _change_text(parent, child),
        "Parameters": relative_change(child.architecture.parameters, parent.architecture.parameters),
        "Model": child.id,
        "Parent": parent.id,
        "Test": _test_text(test),
        "Loss": [epoch.validation_loss for epoch in epochs],
        "Time": duration(sum(epoch.seconds for epoch in epochs)) if epochs else "",
        "Origin": child.proposal.origin.value,
        "Start": _start_text(child),
    }


def _change(parent: Trial, child: Trial) -> float | None:
    """Points of accuracy that the child gains over its parent; None while one of them has no accuracy."""
    if child.proposal.inherits or child.accuracy is None or parent.accuracy is None:
        return None
    return 100 * (child.accuracy - parent.accuracy)


def _test_text(test: PairedTest | None) -> str:
    if test is None:
        return ""
    p = f"p = {test.p:.2g}" if test.p >= 0.001 else "p < 0.001"
    return f"within noise, {p}" if test.is_noise else p


def _result(child: Trial) -> str:
    """The accuracy of a finished child, else how far its training is."""
    if child.state is TrialState.FAILED:
        return f"failed: {child.error}"
    if child.state is TrialState.COMPLETE:
        mark = f"{INHERITED_MARK} " if child.proposal.inherits else ""
        return f"{mark}{child.accuracy_text(brief=True)}"
    if child.state is TrialState.RUNNING:
        return f"epoch {child.epochs_done}/{child.proposal.config.epochs}"
    return child.state.value


def _start_text(child: Trial) -> str:
    if not child.proposal.inherits:
        return ""
    return f"parent's weights, {pluralize(child.proposal.config.epochs, 'epoch')}"


def _change_text(parent: Trial, child: Trial) -> str:
    change = _change(parent, child)
    return "" if change is None else signed_points(change)


def _colours(row: pd.Series[Any], tests: Tests) -> list[str]:
    """The text colour of each cell: only of the change and its test, grey within noise."""
    colour = _change_colour(tests[row["Model"]], row["Change"].startswith("+"))
    return [f"color: {colour}" if name in ("Change", "Test") else "" for name in row.index]


def _change_colour(test: PairedTest | None, is_better: bool) -> str:
    if test is None or test.is_noise:
        return WITHIN_NOISE
    return BETTER if is_better else WORSE


def _actions(selected: Sequence[Trial]) -> None:
    if not selected:
        rest = "open or cancel them" if visitor.may(Role.BUILDER) else "or open them"
        st.caption(f"Select rows at their left edge to add children to the drawer, {rest}.")
        return
    models = [child.id for child in selected]
    unfinished = [child for child in selected if not child.state.is_finished()]
    own = [child.id for child in unfinished if visitor.may_change(child.owner)]
    several = len(models) > 1
    with st.container(horizontal=True):
        if st.button(
            f"Add {model_tags(models)} to drawer",
            key="generate-to-drawer",
            icon=":material/inventory_2:",
        ):
            drawer_state.add(models)
            st.rerun()  # the whole page: the drawer is outside this fragment
        if st.button("Inspect", key="generate-inspect-child", icon=":material/search:", disabled=several):
            navigation.open_model(models[0])
        if st.button("Generate from it", key="generate-from-child", icon=":material/call_split:", disabled=several):
            navigation.open_model(models[0], "generate")
        if own or (visitor.may(Role.BUILDER) and not unfinished):
            st.button(
                f"Cancel {pluralize(len(own), 'training')}",
                key="generate-cancel",
                icon=":material/cancel:",
                disabled=not own,
                on_click=_cancel,
                args=(own,),
            )


def _cancel(models: Sequence[TrialId]) -> None:
    for model in models:
        sent_commands.send(Cancel(model))
