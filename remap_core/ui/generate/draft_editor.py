"""Handcrafted: a draft whose blocks are clicked to be changed, and whose handles are clicked to insert."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import streamlit as st

from remap_core.analysis.previews import Children
from remap_core.drawing.snac.chips import Size, draft_chips, snac_alt
from remap_core.drawing.snac.snac_figure import row_figure
from remap_core.errors import InvalidArchitecture
from remap_core.formatting import pluralize
from remap_core.space.draft import Draft
from remap_core.space.edits import Remove
from remap_core.space.grid import Grid, grid_values, layers_of
from remap_core.space.layers import Layer, offered_layers
from remap_core.space.search_spaces import SPACES
from remap_core.space.text import layer_text, layers_text
from remap_core.trials.trial import Trial
from remap_core.ui import app_data
from remap_core.ui.events.chart_events import Point, draw
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.session import current_session
from remap_core.ui.tables import layer_table, merging_sentence

CHART, LAYER, PLACE, KIND, PASTE = (f"handcraft-{part}" for part in ("snac", "layer", "place", "kind", "paste"))
REFUSED = "handcraft-refused"


def handcraft(parent: Trial) -> Children:
    """The draft of a parent, as the one child that it would be."""
    draft = current_session().drafts.get(parent.id) or Draft.of(parent.architecture)
    _drawn(parent, draft)
    _history(parent, draft)
    _verdict(draft)
    _merging(parent, draft)
    left, right = st.columns(2)
    with left.container(border=True):
        _change_layer(parent, draft)
    with right.container(border=True):
        _insert_layer(parent, draft)
    _as_text(parent, draft)
    return [(parent, draft.candidate())] if draft.layers != parent.architecture.layers else []


def _drawn(parent: Trial, draft: Draft) -> None:
    chosen = st.session_state.get(LAYER)
    misfit = draft.mismatch.index if draft.mismatch else None
    figure = row_figure(
        draft_chips(draft, Size.LARGE),
        Size.LARGE,
        chosen=[] if chosen is None else [chosen],
        handles=True,
        misfit=misfit,
    )
    st.caption(f"Click a block of #{parent.id} to change it, a triangle to insert before it.")
    alt = snac_alt(draft.architecture) if draft.architecture else layers_text(draft.layers)
    draw(figure, CHART, alt, on_click=_point_at, shrinks=False)


def _point_at(point: Point) -> None:
    match point.customdata:
        case ["insert", index]:
            st.session_state[PLACE] = int(index)
        case int(index) | [int(index)]:
            st.session_state[LAYER] = index


def _history(parent: Trial, draft: Draft) -> None:
    with st.container(horizontal=True):
        for label, after, icon in (
            ("Undo", draft.undone(), "undo"),
            ("Redo", draft.redone(), "redo"),
            ("Start over", draft.with_layers(parent.architecture.layers), "restart_alt"),
        ):
            st.button(
                label,
                key=f"handcraft-{label.lower().replace(' ', '-')}",
                icon=f":material/{icon}:",
                disabled=after is draft,
                on_click=_keep,
                args=(parent, lambda after=after: after),
            )


def _verdict(draft: Draft) -> None:
    refused = st.session_state.pop(REFUSED, None)
    if refused:
        st.error(escape_markdown(refused))
    if draft.mismatch:
        st.warning(draft.mismatch.sentence, icon=":material/block:")
    elif draft.architecture:
        parent, child = draft.parent, draft.architecture
        change = child.parameters - parent.parameters
        st.caption(
            f"Fits: {pluralize(child.parameters, 'parameter')} ({change:+,}), "
            f"{pluralize(child.multiply_adds, 'multiply-add')} ({child.multiply_adds - parent.multiply_adds:+,})."
        )
        with st.expander("Shapes and counts of every layer"):
            layer_table(child, key="handcraft-layers")


def _merging(parent: Trial, draft: Draft) -> None:
    """Linear layers that can be one, offered as one."""
    sentence = merging_sentence(draft.architecture) if draft.architecture else None
    if sentence:
        with st.container(horizontal=True, vertical_alignment="center"):
            _action(parent, "Merge linear layers", "merge", draft.fused)
            st.caption(sentence)


def _change_layer(parent: Trial, draft: Draft) -> None:
    index = st.selectbox(
        "Change layer",
        range(len(draft.layers)),
        index=None,
        format_func=lambda index: f"{index + 1} {layer_text(draft.layers[index])}",
        placeholder="Click a block, or choose one here",
        key=LAYER,
    )
    if index is None:
        return
    with st.container(horizontal=True):
        _action(parent, "Remove", "delete", lambda: draft.edited(Remove(index)))
        _action(parent, "Left", "arrow_back", lambda: draft.moved(index, -1), disabled=index == 0, follow=index - 1)
        at_end = index == len(draft.layers) - 1
        _action(parent, "Right", "arrow_forward", lambda: draft.moved(index, 1), disabled=at_end, follow=index + 1)
    values = _hyperparameters(draft.layers[index], f"{parent.id}-{index}-{len(draft.past)}")
    _action(parent, "Change", "check", lambda: draft.reparameterized(index, values), follow=index)


def _insert_layer(parent: Trial, draft: Draft) -> None:
    ends = [*(f"{number + 1} {layer_text(layer)}" for number, layer in enumerate(draft.layers)), "the head"]
    place = st.selectbox("Insert before", range(len(ends)), format_func=lambda place: ends[place], key=PLACE)
    examples: dict[str, Layer] = {}
    for layer in _grid():
        examples.setdefault(layer.kind, layer)
    kind = st.selectbox("Kind", examples, format_func=lambda kind: examples[kind].title, key=KIND)
    values = _hyperparameters(examples[kind], f"new-{kind}")
    _action(parent, "Insert", "add", lambda: draft.inserted(place, kind, values))


def _grid() -> Grid:
    """The layers of the space in use, then those of every other kind."""
    return (*layers_of(SPACES[app_data.settings().space]), *offered_layers())


def _hyperparameters(layer: Layer, key: str) -> dict[str, Any]:
    """One control a hyperparameter: the grid's values are offered, others can be typed."""
    offered = grid_values(_grid(), layer.kind)
    chosen: dict[str, Any] = {}
    names = fields(layer)  # type: ignore[arg-type]
    if not names:
        st.caption(f"{layer.title} has no hyperparameters.")
        return chosen
    for column, field in zip(st.columns(len(names)), names, strict=True):
        present = getattr(layer, field.name)
        known = sorted({present, *offered.get(field.name, ())}, key=lambda value: (str(type(value)), value))
        picked = column.selectbox(
            field.name.replace("_", " ").capitalize(),
            known,
            index=known.index(present),
            key=f"handcraft-{field.name}-{key}",
            accept_new_options=True,
        )
        chosen[field.name] = picked
    return chosen


def _as_text(parent: Trial, draft: Draft) -> None:
    with st.expander("As text"):
        st.code(layers_text(draft.layers) or "(only the head)", language=None)
        st.text_area(
            "Paste layers in words (Conv 32x3, ReLU) or as JSON", key=PASTE, placeholder="Conv 32x3, ReLU, MaxPool 2"
        )
        _action(parent, "Take over", "content_paste", lambda: draft.pasted(st.session_state[PASTE]))


def _action(
    parent: Trial,
    label: str,
    icon: str,
    change: Callable[[], Draft],
    *,
    disabled: bool = False,
    follow: int | None = None,
) -> None:
    key = f"handcraft-{label.lower().replace(' ', '-')}"
    st.button(
        label, key=key, icon=f":material/{icon}:", disabled=disabled, on_click=_keep, args=(parent, change, follow)
    )


def _keep(parent: Trial, change: Callable[[], Draft], follow: int | None = None) -> None:
    """Keep the changed draft; what cannot be done is said above it, and the draft stays as it was."""
    try:
        current_session().drafts[parent.id] = change()
    except InvalidArchitecture as error:
        st.session_state[REFUSED] = str(error)
        return
    st.session_state[LAYER] = follow
