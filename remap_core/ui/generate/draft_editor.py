"""Handcrafted: a draft whose blocks are clicked to be changed, and whose handles are clicked to insert."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

from remap_core.access.roles import Role
from remap_core.analysis.previews import Children
from remap_core.drawing.snac.chips import Size, draft_chips, snac_alt
from remap_core.drawing.snac.snac_figure import row_figure
from remap_core.errors import InvalidArchitecture
from remap_core.formatting import model_tag, pluralize, signed_count
from remap_core.services.sampling import lineage_space
from remap_core.space.architecture import Architecture
from remap_core.space.caps import exceeded
from remap_core.space.draft import Draft
from remap_core.space.edits import Remove
from remap_core.space.grid import Grid, grid_values, layers_of
from remap_core.space.layers import Layer, offered_layers
from remap_core.space.text import layer_text, layers_text
from remap_core.trials.trial import Trial
from remap_core.ui import app_data, view_state
from remap_core.ui.events.chart_events import Point, draw
from remap_core.ui.generate.import_panel import import_file
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.people import visitor
from remap_core.ui.session import current_session
from remap_core.ui.tables import fusing_sentence, layer_table

T = TypeVar("T")

CHART = "handcraft-snac"
LAYER = "handcraft-layer"
PLACE = "handcraft-place"
KIND = "handcraft-kind"
PASTE = "handcraft-paste"
REFUSED = "handcraft-refused"
REFUSED_TEXT = "handcraft-refused-text"

MAX_NUMBER = 2**31 - 1
"""Largest hyperparameter that can be typed."""


def handcraft(parent: Trial) -> Children:
    """The draft of a parent, as its one child; no child while nothing is changed."""
    draft = current_session().drafts.get(parent.id) or Draft.of(parent.architecture)
    _chart(parent, draft)
    _history(parent, draft)
    _verdict(parent, draft)
    _fusing(parent, draft)
    with st.container(border=True, gap="small"):
        _change_layer(parent, draft)
    with st.container(border=True, gap="small"):
        _insert_layer(parent, draft)
    _as_text(parent, draft)
    if draft.layers == parent.architecture.layers:
        return []
    return [(parent, draft.candidate())]


def _chart(parent: Trial, draft: Draft) -> None:
    chosen = st.session_state.get(LAYER)
    figure = row_figure(
        draft_chips(draft, Size.LARGE),
        Size.LARGE,
        chosen=[] if chosen is None else [chosen],
        handles=True,
        mismatch=draft.mismatch.index if draft.mismatch else None,
    )
    st.caption(f"Click a block of {model_tag(parent.id)} to change it, or a triangle to insert a layer there.")
    alt = layers_text(draft.layers)
    if draft.architecture:
        alt = snac_alt(draft.architecture)
    draw(figure, CHART, alt, on_click=_point_at, shrinks=False)


def _point_at(point: Point) -> None:
    match point.customdata:
        case ["insert", index]:
            st.session_state[PLACE] = int(index)
        case int(index) | [int(index)]:
            st.session_state[LAYER] = index


def _history(parent: Trial, draft: Draft) -> None:
    undone = draft.undone()
    redone = draft.redone()
    restarted = draft.with_layers(parent.architecture.layers)
    with st.container(horizontal=True):
        _action(parent, "Undo", "undo", lambda: undone, disabled=undone is draft)
        _action(parent, "Redo", "redo", lambda: redone, disabled=redone is draft)
        _action(parent, "Start over", "restart_alt", lambda: restarted, disabled=restarted is draft)


def _verdict(parent: Trial, draft: Draft) -> None:
    refused = st.session_state.pop(REFUSED, None)
    if refused:
        st.error(escape_markdown(refused))
    if draft.mismatch:
        st.warning(draft.mismatch.sentence, icon=":material/block:")
    elif draft.architecture:
        _costs(parent, draft.parent, draft.architecture)
        with st.expander("Shapes and costs of every layer"):
            layer_table(draft.architecture, key="handcraft-layers")


def _costs(trial: Trial, parent: Architecture, child: Architecture) -> None:
    over = exceeded(view_state.caps(trial.proposal.dataset), child)
    sentence = _costs_sentence(parent, child)
    if over:
        st.warning(f"Over the cap of {over.text}. {sentence}")
    else:
        st.caption(sentence)


def _costs_sentence(parent: Architecture, child: Architecture) -> str:
    parameters = signed_count(child.parameters - parent.parameters)
    multiply_adds = signed_count(child.multiply_adds - parent.multiply_adds)
    return (
        f"Fits: {pluralize(child.parameters, 'parameter')} ({parameters}), "
        f"{pluralize(child.multiply_adds, 'multiply-add')} ({multiply_adds})."
    )


def _fusing(parent: Trial, draft: Draft) -> None:
    """A button that fuses consecutive linear layers, if there are any."""
    if draft.architecture is None:
        return
    sentence = fusing_sentence(draft.architecture)
    if sentence:
        with st.container(horizontal=True, vertical_alignment="center"):
            _action(parent, "Fuse linear layers", "merge", draft.fused)
            st.caption(sentence)


def _change_layer(parent: Trial, draft: Draft) -> None:
    chosen = st.session_state.get(LAYER)
    index = st.selectbox(
        "Change layer",
        range(len(draft.layers)),
        index=chosen if chosen in range(len(draft.layers)) else None,  # a draft gets shorter
        format_func=lambda index: _numbered(index, draft.layers[index]),
        placeholder="Click a block, or choose one here",
        key=LAYER,
    )
    if index is None:
        return
    at_start = index == 0
    at_end = index == len(draft.layers) - 1
    with st.container(horizontal=True):
        _action(parent, "Remove", "delete", lambda: draft.edited(Remove(index)))
        _action(
            parent,
            "Left",
            "arrow_back",
            lambda: draft.moved(index, -1),
            disabled=at_start,
            choose=index - 1,
        )
        _action(
            parent,
            "Right",
            "arrow_forward",
            lambda: draft.moved(index, 1),
            disabled=at_end,
            choose=index + 1,
        )
    layer, place = draft.layers[index], f"{parent.id}-{index}-{len(draft.past)}"
    _hyperparameters(parent, layer, place)
    _action(
        parent,
        "Change",
        "check",
        lambda: draft.reparameterized(index, _typed_values(layer, place)),
        choose=index,
    )


def _insert_layer(parent: Trial, draft: Draft) -> None:
    places = [_numbered(index, layer) for index, layer in enumerate(draft.layers)]
    places.append("the head")
    chosen: Any = st.session_state.get(PLACE)
    shown = int(chosen) if chosen in range(len(places)) else 0
    place = st.selectbox(
        "Insert before",
        range(len(places)),
        index=shown,
        format_func=places.__getitem__,
        key=PLACE,
    )
    examples: dict[str, Layer] = {}
    for layer in _grid(parent):
        examples.setdefault(layer.kind, layer)
    kind = st.selectbox(
        "Kind",
        examples,
        format_func=lambda kind: examples[kind].title,
        key=KIND,
    )
    _hyperparameters(parent, examples[kind], _new(kind))

    def inserted() -> Draft:
        """Of what is chosen now: a click may come with a choice that the page was not drawn with yet."""
        now = _chosen(KIND, [(example.title, name) for name, example in examples.items()], kind)
        before = _chosen(PLACE, [(label, number) for number, label in enumerate(places)], place)
        return draft.inserted(before, now, _typed_values(examples[now], _new(now)))

    _action(parent, "Insert", "add", inserted)


def _chosen(key: str, options: Sequence[tuple[str, T]], drawn: T) -> T:
    """What a list says now, which in a callback may be a label. drawn: what it said when the page was drawn."""
    said: object = st.session_state.get(key)
    return next((value for label, value in options if said in (label, value)), drawn)


def _new(kind: str) -> str:
    """What tells the controls of a layer that is not there yet apart."""
    return f"new-{kind}"


def _numbered(index: int, layer: Layer) -> str:
    return f"{index + 1} {layer_text(layer)}"


def _grid(parent: Trial) -> Grid:
    """The layers of the parent's search space, then those of every other kind."""
    return (*layers_of(lineage_space(app_data.settings(), parent.proposal)), *offered_layers())


def _hyperparameters(parent: Trial, layer: Layer, place: str) -> None:
    """One control per hyperparameter: it offers the grid's values, others can be typed."""
    names = layer.hyperparameters()
    if not names:
        st.caption(f"{layer.title} has no hyperparameters.")
        return
    grid = grid_values(_grid(parent), layer.kind)
    with st.container(horizontal=True, gap="small"):
        for name in names:
            _hyperparameter(name, getattr(layer, name), grid.get(name, ()), _control(name, place))


def _control(name: str, place: str) -> str:
    """The key of the control of a hyperparameter. place: tells the layers of the page apart."""
    return f"handcraft-{name}-{place}"


def _typed_values(layer: Layer, place: str) -> dict[str, Any]:
    """What the controls of a layer say now.

    A click that leaves a field comes with what was typed there, before the page could be drawn with it.
    """
    return {name: st.session_state.get(_control(name, place), getattr(layer, name)) for name in layer.hyperparameters()}


def _hyperparameter(name: str, present: Any, offered: Sequence[Any], key: str) -> None:
    """A number is typed, whole or with a point as the present one is; anything else is chosen."""
    label = name.replace("_", " ").capitalize()
    usual = sorted({present, *offered}, key=lambda value: (str(type(value)), value))
    help_text = f"Usual values: {', '.join(map(str, offered))}." if offered else None
    if isinstance(present, float):
        st.number_input(label, 0.0, 1.0, present, step=0.125, format="%g", key=key, width=120, help=help_text)
    elif type(present) is int:
        st.number_input(label, 1, MAX_NUMBER, present, key=key, width=120, help=help_text)
    else:
        st.selectbox(
            label,
            usual,
            index=usual.index(present),
            format_func=lambda value: {True: "on", False: "off"}.get(value, value),
            key=key,
            width=140,
        )


def _as_text(parent: Trial, draft: Draft) -> None:
    refused = st.session_state.get(REFUSED_TEXT)
    with st.expander("As text, import", expanded=bool(refused)):
        st.code(layers_text(draft.layers) or "(only the head)", language=None)
        st.text_area(
            "Paste layers as text (Conv 32x3, ReLU) or JSON",
            key=PASTE,
            placeholder="Conv 32x3, ReLU, MaxPool 2",
        )
        if refused:
            st.error(escape_markdown(refused))
        st.button(
            "Apply",
            key="handcraft-apply",
            icon=":material/content_paste:",
            on_click=_apply,
            args=(parent, lambda: draft.pasted(st.session_state[PASTE]), None, REFUSED_TEXT),
        )
        if visitor.may(Role.BUILDER):
            import_file(parent, lambda read: _apply(parent, lambda: draft.with_layers(read.layers), None))


def _action(
    parent: Trial,
    label: str,
    icon: str,
    change: Callable[[], Draft],
    *,
    disabled: bool = False,
    choose: int | None = None,
) -> None:
    """A button that changes the draft, and then has layer `choose` chosen."""
    st.button(
        label,
        key=f"handcraft-{label.lower().replace(' ', '-')}",
        icon=f":material/{icon}:",
        disabled=disabled,
        on_click=_apply,
        args=(parent, change, choose),
    )


def _apply(parent: Trial, change: Callable[[], Draft], choose: int | None, refused: str = REFUSED) -> None:
    """Change the draft. If the change is invalid, the draft stays and the page says why, under the key `refused`."""
    st.session_state.pop(REFUSED_TEXT, None)
    try:
        current_session().drafts[parent.id] = change()
    except InvalidArchitecture as error:
        st.session_state[refused] = str(error)
        return
    st.session_state[LAYER] = choose
