"""The children of chosen models: what was edited, what it changed, how far they are; live."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from remap_core import formatting
from remap_core.analysis.mcnemar import PairedTest
from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.charts.layer_contributions import (
    LayerContribution,
    layer_contributions_alt,
    layer_contributions_figure,
)
from remap_core.drawing.palette import BETTER, WITHIN_NOISE, WORSE
from remap_core.drawing.snac.svg import TABLE_ROW, snac_data_uri
from remap_core.errors import RemapError
from remap_core.services.comparison import compare_predictions, edit_sentence
from remap_core.space.edit_marks import marks
from remap_core.space.edits import Remove
from remap_core.trials.commands import Cancel
from remap_core.trials.trial import Origin, Trial, TrialState
from remap_core.ui import app_data, drawer_state, navigation, sent_commands
from remap_core.ui.events.chart_events import draw
from remap_core.ui.tables import ACCURACY, MODEL, PARAMETERS, snac_column, spread_text

SHOWN = 200
"""Children in the table, the newest first; more are only counted."""


STATUS_WIDTH = 120
"""Pixels: "epoch 10 of 10" whole; a failure's sentence is read by a click on its cell."""


def children_of(catalogue: Catalogue, parents: Sequence[Trial]) -> list[tuple[Trial, Trial]]:
    """(parent, child) pairs, the newest child first."""
    pairs = [(parent, child) for parent in parents for child in catalogue.children(parent.id)]
    return sorted(pairs, key=lambda pair: -pair[1].id)


def show_children(catalogue: Catalogue, parents: Sequence[Trial]) -> None:
    """The table with its row actions, and what each layer earns where there are ablations."""
    pairs = children_of(catalogue, parents)
    if not pairs:
        st.caption("No children yet: what you train here appears in a table that fills by itself.")
        return
    if len(pairs) > SHOWN:
        st.caption(f"The newest {SHOWN} of {formatting.count(len(pairs))} children.")
    shown = pairs[:SHOWN]
    tests = {child.id: tested(parent, child) for parent, child in shown}
    selected = _table(catalogue, shown, tests)
    _actions([child for _, child in selected])
    for parent in parents:
        _earnings(parent, [child for owner, child in shown if owner is parent], tests)


def tested(parent: Trial, child: Trial) -> PairedTest | None:
    """The paired test of a child (first) and its parent; None while one of them has no predictions."""
    if TrialState.COMPLETE is not child.state or parent.state is not child.state:
        return None
    return _tested(parent, child)


@st.cache_resource(
    max_entries=5_000, show_spinner=False, hash_funcs={Trial: lambda trial: (trial.id, trial.attempt, trial.created)}
)
def _tested(parent: Trial, child: Trial) -> PairedTest | None:
    try:
        return compare_predictions(app_data.catalogue(), child, parent)
    except RemapError:
        return None


def _table(
    catalogue: Catalogue, pairs: Sequence[tuple[Trial, Trial]], tests: dict[int, PairedTest | None]
) -> list[tuple[Trial, Trial]]:
    """Draws it; returns the pairs whose rows are selected."""
    curves = catalogue.epoch_curves([child.id for _, child in pairs])
    blocks = max(len(child.architecture.layers) for _, child in pairs) + 1
    rows = pd.DataFrame([_row(parent, child, curves[child.id], tests[child.id], blocks) for parent, child in pairs])
    several = len({parent.id for parent, _ in pairs}) > 1
    event = st.dataframe(
        rows.style.apply(lambda row: _colours(row, tests), axis=1),
        key=f"generate-children-{pairs[0][1].id}-{len(pairs)}",  # what is selected is rows: other rows, another table
        hide_index=True,
        row_height=TABLE_ROW,
        on_select="rerun",
        selection_mode="multi-row",
        column_order=_shown_columns(rows, several),
        column_config={
            "SNAC": snac_column(child.architecture for _, child in pairs),
            "Model": MODEL,
            "Parent": st.column_config.NumberColumn("Parent", format="#%d", width="small"),
            "Edit": st.column_config.TextColumn("Edit", width="medium"),
            "Status": st.column_config.TextColumn("Status", width=STATUS_WIDTH),
            "Accuracy": ACCURACY,
            "Change": st.column_config.NumberColumn(
                "Change", format="%+.1f", help="Points of validation accuracy against the parent; grey: within noise."
            ),
            "Parameters": PARAMETERS,
            "Saved": st.column_config.NumberColumn("± parameters", format="%+d", help="Parameters against the parent."),
            "Loss": st.column_config.LineChartColumn(
                "Loss", width="small", help="Of the validation images, epoch by epoch."
            ),
        },
        alt="Children with their edits and what these changed; rows can be selected.",
    )
    return [pairs[row] for row in event.selection.rows if row < len(pairs)]


def _shown_columns(rows: pd.DataFrame, several: bool) -> list[str]:
    """Without the parent where there is one alone, and without the spread where nobody was repeated."""
    left_out = {"Parent"} if not several else set()
    left_out |= {"Over seeds"} if not rows["Over seeds"].any() else set()
    return [name for name in rows.columns if name not in left_out]


def _row(parent: Trial, child: Trial, epochs: Sequence[Any], test: PairedTest | None, blocks: int) -> dict[str, Any]:
    return {
        "SNAC": snac_data_uri(
            child.architecture, blocks=blocks, marks=marks(parent.architecture, child.proposal.edits)
        ),
        "Model": child.id,
        "Parent": parent.id,
        "Edit": edit_sentence(parent, child),
        "Status": _status(child),
        "Loss": [result.validation_loss for result in epochs],
        "Accuracy": child.accuracy,
        "Over seeds": spread_text(child),
        "Change": _change(parent, child),
        "Test": _test_text(test),
        "Parameters": child.architecture.parameters,
        "Saved": child.architecture.parameters - parent.architecture.parameters,
        "Time": formatting.duration(sum(result.seconds for result in epochs)) if epochs else "",
        "Kind": child.proposal.origin.value,
    }


def _change(parent: Trial, child: Trial) -> float | None:
    """Points of accuracy that the child has more than its parent; None while one of them has none."""
    if child.accuracy is None or parent.accuracy is None:
        return None
    return 100 * (child.accuracy - parent.accuracy)


def _test_text(test: PairedTest | None) -> str:
    if test is None:
        return ""
    value = f"p = {test.p:.2g}" if test.p >= 0.001 else "p < 0.001"
    return f"within noise, {value}" if test.is_noise else value


def _status(child: Trial) -> str:
    epochs = f"epoch {child.epochs_done} of {child.proposal.config.epochs}"
    match child.state:
        case TrialState.RUNNING:
            return epochs
        case TrialState.FAILED:
            return f"failed: {child.error}"
        case TrialState.COMPLETE:
            return "complete"
    return child.state.value


def _colours(row: pd.Series[Any], tests: dict[int, PairedTest | None]) -> list[str]:
    """Colour of each cell's text: of the change alone, grey within noise."""
    test, change = tests[row["Model"]], row["Change"]
    colour = WITHIN_NOISE if test is None or test.is_noise else BETTER if change > 0 else WORSE
    return [f"color: {colour}" if name in ("Change", "Test") else "" for name in row.index]


def _actions(chosen: Sequence[Trial]) -> None:
    if not chosen:
        st.caption("Select rows at their left edge to keep, open or cancel them.")
        return
    names = ", ".join(f"#{child.id}" for child in chosen)
    open_ones = [child for child in chosen if not child.state.is_finished()]
    with st.container(horizontal=True):
        if st.button(f"{names} to the drawer", key="generate-to-drawer", icon=":material/inventory_2:"):
            drawer_state.add([child.id for child in chosen])
            st.rerun()  # the whole page: the drawer is not in this part of it
        _page_button("Inspect", chosen, lambda: navigation.open_model(chosen[0].id), "search")
        _page_button("Generate from it", chosen, lambda: navigation.open_model(chosen[0].id, "generate"), "call_split")
        st.button(
            f"Cancel {formatting.pluralize(len(open_ones), 'training')}",
            disabled=not open_ones,
            on_click=_cancel,
            args=(open_ones,),
            key="generate-cancel",
            icon=":material/cancel:",
        )


def _page_button(label: str, chosen: Sequence[Trial], go: Callable[[], None], icon: str) -> None:
    key = f"generate-{label.split(maxsplit=1)[0].lower()}-child"
    if st.button(label, disabled=len(chosen) != 1, key=key, icon=f":material/{icon}:"):
        go()


def _cancel(children: Sequence[Trial]) -> None:
    for child in children:
        sent_commands.send(Cancel(child.id))


def _earnings(parent: Trial, children: Sequence[Trial], tests: dict[int, PairedTest | None]) -> None:
    earned = [
        earning
        for child in sorted(children, key=lambda child: child.id)
        if (earning := _earning(parent, child, tests[child.id])) is not None
    ]
    found = list({earning.index: earning for earning in earned}.values())
    if found:
        found.sort(key=lambda earning: earning.index)
        st.markdown(f"##### What each layer of #{parent.id} earns")
        draw(layer_contributions_figure(found), f"generate-earnings-{parent.id}", layer_contributions_alt(found))


def _earning(parent: Trial, child: Trial, test: PairedTest | None) -> LayerContribution | None:
    edits = child.proposal.edits
    is_ablation = child.proposal.origin is Origin.ABLATION and len(edits) == 1 and isinstance(edits[0], Remove)
    if not is_ablation or child.state is not TrialState.COMPLETE or child.accuracy is None or parent.accuracy is None:
        return None
    return LayerContribution(
        edits[0].index,
        parent.architecture.costs[edits[0].index].text,
        parent.accuracy - child.accuracy,
        parent.architecture.parameters - child.architecture.parameters,
        test.is_noise if test else None,
    )
