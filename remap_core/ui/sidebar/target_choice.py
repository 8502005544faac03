"""The target in the sidebar: the device that models must fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import streamlit as st

from remap_core.errors import InvalidView
from remap_core.formatting import count, pluralize
from remap_core.trials.population import Population
from remap_core.ui import view_state
from remap_core.ui.dataset_view import DatasetView
from remap_core.ui.markdown import escape_markdown
from remap_core.views.objective import Objective
from remap_core.views.target_fit import none_fits_sentence, target_shares
from remap_core.views.targets import OWN_FORM, TARGETS, Target, find_target, require_possible
from remap_core.views.view import View

_KEY = "target"
_ANY = ""
"""The option without a device: with a list that can be emptied, a link's target would not be shown at once."""


def choose_target(objective: Objective, dataset: DatasetView) -> None:
    """A list of devices; below it, how much room the chosen one has and how many models fit."""
    target = objective.target
    target_list(
        target,
        _KEY,
        on_change=_change_target,
        more="Others are faded on the map, and suggestions keep to its memory.",
    )
    if target:
        _show_room(target, dataset)


def target_list(target: Target | None, key: str, *, on_change: Callable[[], None], more: str = "") -> None:
    """The list of devices under a widget's key, with the target in force; another one can be typed."""
    shown = target.key if target else _ANY
    options = list(dict.fromkeys([_ANY, *TARGETS, shown]))
    st.selectbox(
        "Target",
        options,
        index=options.index(shown),
        format_func=target_name,
        key=view_state.bind(key, shown),
        on_change=on_change,
        accept_new_options=True,
        help=f"The device that models must fit: one of the list, or type its {OWN_FORM}. {more}".strip(),
    )


def target_name(key: str) -> str:
    """What a list shows for the key of a target; what was typed as it is, the page says what is wrong with it."""
    if not key:
        return "any device"
    try:
        return find_target(key).name
    except InvalidView:
        return key


def _change_target() -> None:
    key = st.session_state[_KEY]
    view_state.change_view(lambda view: _with_target(view, key))


def _with_target(view: View, key: str) -> View:
    """Raises InvalidView for what is no target."""
    target = find_target(key) if key else None
    return replace(view, objective=replace(view.objective, target=target))


def _show_room(target: Target, dataset: DatasetView) -> None:
    try:
        require_possible(target, dataset.card.input_shape, len(dataset.class_names))
    except InvalidView as error:
        st.warning(escape_markdown(str(error)))
        return
    population = dataset.population
    sentence = none_fits_sentence(target, population)
    if sentence:
        st.warning(escape_markdown(sentence))
    else:
        st.caption(_room_text(target, population), help=_room_help(target))


def _room_text(target: Target, population: Population) -> str:
    room = f"Room for {target.room} in {target.number_format}"
    if not len(population):
        return f"{room}."
    fitting = int(np.count_nonzero(target_shares(target, population) <= 1))
    return f"{room}; {count(fitting)} of {pluralize(len(population), 'model')} {'fits' if fitting == 1 else 'fit'}."


def _room_help(target: Target) -> str:
    if target.ram is None:
        return "The model file that a page downloads. The runtime (onnxruntime-web) is loaded beside it."
    return (
        f"Of {target.ram // 1024} KB of RAM and {target.flash // 1024:,} KB of flash, "
        f"{target.runtime.ram_bytes // 1024} and {target.runtime.flash_bytes // 1024} KB are kept for the runtime, "
        "its tables and the stack."
    )
