"""The filter on the page: ranges, layer kinds, origins, training recipes."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from remap_core.space.layers import KINDS
from remap_core.trials.trial import MODEL_ORIGINS
from remap_core.ui import app_data, view_state
from remap_core.ui.markdown import escape_markdown
from remap_core.views.filters import Span


@dataclass(frozen=True)
class _Range:
    """A range as it is typed. scale: what the filter's numbers are multiplied by for people."""

    title: str
    scale: float
    step: float


_RANGES = {
    "parameters": _Range("Parameters", scale=1.0, step=100.0),
    "multiply_adds": _Range("Multiply-adds", scale=1.0, step=10_000.0),
    "latency_ms": _Range("Latency, ms", scale=1.0, step=0.1),
    "accuracy": _Range("Validation accuracy, %", scale=100.0, step=1.0),
}
_MEMORY_RANGES = {
    "ram_int8": _Range("RAM in int8, KB", scale=1.0, step=1.0),
    "flash_int8": _Range("Flash in int8, KB", scale=1.0, step=1.0),
    "ram_float": _Range("RAM in float32, KB", scale=1.0, step=1.0),
    "flash_float": _Range("Flash in float32, KB", scale=1.0, step=1.0),
}
_ENDS = {"low": "min", "high": "max"}
_ORIGINS = "filter-origins"
_RECIPES = "filter-recipes"

PANEL = "filter"
"""The key of the button and what it opens; controls that nobody sees are not made."""


def filter_panel() -> None:
    """Controls of the filter behind one button."""
    chosen = view_state.current_view().filter
    panel = st.popover(
        "Filter",
        icon=":material/filter_alt:",
        type="primary" if chosen else "secondary",
        key=PANEL,
        on_change="rerun",
    )
    if not panel.open:
        return
    with panel:
        for name in _RANGES:
            _range(name, getattr(chosen, name))
        with st.expander("RAM and flash", expanded=any(getattr(chosen, name) for name in _MEMORY_RANGES)):
            for name in _MEMORY_RANGES:
                _range(name, getattr(chosen, name))
        _layer_kinds("present", "With these layers", chosen.present)
        _layer_kinds("absent", "Without these layers", chosen.absent)
        st.pills(
            "Origin",
            list(MODEL_ORIGINS),
            default=sorted(chosen.origins),
            selection_mode="multi",
            format_func=lambda origin: origin.value.capitalize(),
            key=view_state.bind(_ORIGINS, sorted(chosen.origins)),
            on_change=lambda: view_state.change_filter(lambda: {"origins": frozenset(st.session_state[_ORIGINS])}),
        )
        _recipes(chosen.recipes)
        clear_button("filter-clear", disabled=not chosen)


def clear_button(key: str, *, disabled: bool = False) -> None:
    """Show all models again."""
    st.button(
        "Clear filter",
        key=key,
        disabled=disabled,
        on_click=view_state.reset,
        args=("filter",),
    )


def show_warnings(sentences: tuple[str, ...]) -> None:
    """Which parts of the URL, or of an entry, are ignored, and why."""
    for sentence in sentences:
        st.warning(escape_markdown(sentence), icon=":material/info:")


def _range(name: str, span: Span) -> None:
    form = _form(name)
    for column, (end, word) in zip(st.columns(2), _ENDS.items(), strict=True):
        bound = getattr(span, end)
        shown = None if bound is None else round(bound * form.scale, 9)
        column.number_input(
            f"{form.title}, {word}",
            min_value=0.0,
            step=form.step,
            format="%g",
            value=None,  # a field with another default could not be emptied
            placeholder="any",
            key=view_state.bind_emptiable(f"filter-{name}-{end}", shown),
            on_change=_change_range,
            args=(name,),
        )


def _form(name: str) -> _Range:
    return _RANGES.get(name) or _MEMORY_RANGES[name]


def _change_range(name: str) -> None:
    ends = []
    for end in _ENDS:
        typed = st.session_state[f"filter-{name}-{end}"]
        ends.append(None if typed is None else round(typed / _form(name).scale, 12))
    view_state.change_filter(lambda: {name: Span(*ends)})


def _recipes(chosen: frozenset[str]) -> None:
    """Only where there are several: models of different recipes do not compare."""
    names = {config.recipe.name for config in app_data.dataset_view().population.config} | chosen
    if len(names) < 2:
        return
    st.pills(
        "Training recipe",
        sorted(names),
        default=sorted(chosen),
        selection_mode="multi",
        key=view_state.bind(_RECIPES, sorted(chosen)),
        on_change=lambda: view_state.change_filter(lambda: {"recipes": frozenset(st.session_state[_RECIPES])}),
    )


def _layer_kinds(name: str, title: str, chosen: frozenset[str]) -> None:
    key = f"filter-{name}"
    shown = [kind for kind in KINDS if kind in chosen]
    st.pills(
        title,
        list(KINDS),
        default=shown,
        selection_mode="multi",
        format_func=lambda kind: KINDS[kind].title,
        key=view_state.bind(key, shown),
        on_change=lambda: view_state.change_filter(lambda: {name: frozenset(st.session_state[key])}),
    )
