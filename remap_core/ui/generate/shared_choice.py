"""A choice of several numbers that is made in a chart and in a list of options alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from remap_core.ui.view_state import bind


def chosen(name: str, default: Sequence[int] = ()) -> list[int]:
    """What is chosen, in order."""
    if name not in st.session_state:
        st.session_state[name] = sorted(default)
    return list(st.session_state[name])


def choose(name: str, numbers: Sequence[int]) -> None:
    """Choose numbers in a chart. The list becomes a new one: what a slow browser still says of the old one is void."""
    st.session_state[name] = sorted(numbers)
    st.session_state[f"{name}-edition"] = _edition(name) + 1


def toggle(name: str, number: int) -> None:
    """Choose a number in a chart, or no longer."""
    choose(name, sorted(set(chosen(name)) ^ {number}))


def list_key(name: str) -> str:
    """The key of the present list of options."""
    edition = _edition(name)
    return f"{name}-list-{edition}" if edition else f"{name}-list"


def show_list(name: str, label: str, options: Sequence[int], format_func: Callable[[int], str]) -> None:
    """The choice as a list of options, which the keyboard reaches."""
    key = list_key(name)
    st.pills(
        label,
        options,
        default=[number for number in chosen(name) if number in options],
        selection_mode="multi",
        format_func=format_func,
        key=bind(key, chosen(name)),
        on_change=_take_over,
        args=(name, key),
    )


def _take_over(name: str, key: str) -> None:
    """Apply what was chosen in a list, unless a click in the chart has already replaced that list."""
    if key == list_key(name):
        st.session_state[name] = sorted(st.session_state[key])


def _edition(name: str) -> int:
    return int(st.session_state.get(f"{name}-edition", 0))
