"""The filter on the page: ranges, layer kinds, how models were made; and what to do when it leaves none."""

from __future__ import annotations

import streamlit as st

from remap_core.space.layers import KINDS
from remap_core.trials.trial import MODEL_ORIGINS
from remap_core.ui import view_state
from remap_core.ui.markdown import escape_markdown
from remap_core.views.filters import Span

_SPANS = {"parameters": ("Parameters", 1.0, 100.0), "latency_ms": ("Latency, ms", 1.0, 0.1)} | {
    "accuracy": ("Validation accuracy, %", 100.0, 1.0)
}
"""Of each range its title, how its numbers are scaled for people, and its step."""


def filter_panel() -> None:
    """Controls of the filter behind one button."""
    held = view_state.view().filter
    with st.popover("Filter", icon=":material/filter_alt:", type="primary" if held else "secondary"):
        for name in _SPANS:
            _span(name, getattr(held, name))
        _kinds("present", "With these layers", held.present)
        _kinds("absent", "Without these layers", held.absent)
        st.pills(
            "Made as",
            list(MODEL_ORIGINS),
            selection_mode="multi",
            format_func=lambda origin: origin.value.capitalize(),
            key=view_state.bound("filter-origins", sorted(held.origins)),
            on_change=lambda: view_state.change_filter(
                lambda: {"origins": frozenset(st.session_state["filter-origins"])}
            ),
        )
        clear_button("filter-clear", disabled=not held)


def clear_button(key: str, disabled: bool = False) -> None:
    """Show all models again."""
    st.button("Clear the filter", key=key, disabled=disabled, on_click=view_state.clear, args=("filter",))


def show_ignored(sentences: tuple[str, ...]) -> None:
    """Say what of an address, or of what was typed, could not be followed."""
    for sentence in sentences:
        st.warning(escape_markdown(sentence), icon=":material/info:")


def _span(name: str, span: Span) -> None:
    title, scale, step = _SPANS[name]
    for column, end, word in zip(st.columns(2), ("low", "high"), ("from", "to"), strict=True):
        bound = getattr(span, end)
        column.number_input(
            f"{title}, {word}",
            min_value=0.0,
            step=step,
            format="%g",
            value=None,
            placeholder="any",
            key=view_state.bound(f"filter-{name}-{end}", None if bound is None else round(bound * scale, 9)),
            on_change=_narrow,
            args=(name,),
        )


def _narrow(name: str) -> None:
    typed = (st.session_state[f"filter-{name}-{end}"] for end in ("low", "high"))
    scale = _SPANS[name][1]
    low, high = (None if end is None else round(end / scale, 12) for end in typed)
    view_state.change_filter(lambda: {name: Span(low, high)})


def _kinds(name: str, title: str, chosen: frozenset[str]) -> None:
    key = f"filter-{name}"
    st.pills(
        title,
        list(KINDS),
        selection_mode="multi",
        format_func=lambda kind: KINDS[kind].title,
        key=view_state.bound(key, [kind for kind in KINDS if kind in chosen]),
        on_change=lambda: view_state.change_filter(lambda: {name: frozenset(st.session_state[key])}),
    )
