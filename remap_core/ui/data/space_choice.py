"""Search spaces on pages: which one samples the first models, its caps, and its diagram behind a button."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from remap_core.drawing.space_diagram import space_alt, space_figure
from remap_core.errors import InvalidSpace, InvalidView, RemapError
from remap_core.services.proposals import plan_of
from remap_core.services.sampling import SamplingPlan, find_space, plan_for, space_names
from remap_core.space.caps import KILOBYTE, Cap, Caps, Cost, caps_text
from remap_core.space.markov.search_space import SearchSpace
from remap_core.space.markov.search_spaces import fitting_space
from remap_core.space.markov.space_text import states_text
from remap_core.trials.dataset_card import DatasetCard
from remap_core.ui import app_data
from remap_core.ui.events.chart_events import draw
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.sidebar.target_choice import target_list
from remap_core.views.targets import Target, find_target, require_possible

Shape = tuple[int, int, int]

LABEL = "Search space"

_FIELDS = {
    Cost.PARAMETERS: ("Parameters ≤", 1),
    Cost.MULTIPLY_ADDS: ("Multiply-adds ≤, millions", 1_000_000),
    Cost.MEMORY: ("Activations ≤, KB in int8", KILOBYTE),
    Cost.SECONDS: ("Seconds of a training ≤", 1),
}
"""Labels of the caps, and what one of the field's numbers is worth."""
_LEAST = 0.001


def choose_space(key: str, input_shape: Shape, classes: int, images: int) -> None:
    """The choice of the space of a data set's first models, with caps and diagram, behind a button.

    input_shape: (channels, height, width). images: to train on. `chosen_space` is what was chosen under the key.
    """
    panel = st.popover(
        f"{LABEL}: {_title(key, input_shape)}", key=f"{key}-panel", on_change="rerun", icon=":material/schema:"
    )
    if not panel.open:
        return
    with panel:
        settings = app_data.settings()
        names = space_names(settings)
        chosen = chosen_space(key) or _default(input_shape)
        st.selectbox(
            LABEL,
            names,
            index=names.index(chosen) if chosen in names else 0,
            key=f"{key}-select",
            format_func=lambda name: _with_reason(name, input_shape),
            on_change=lambda: st.session_state.update({key: st.session_state[f"{key}-select"]}),
            help="The first models are sampled from it. A file of your own: REMAP_SPACE (docs/search-spaces.md).",
        )
        _choose_target(key, input_shape, classes)
        try:
            plan = plan_for(
                settings,
                input_shape,
                classes,
                images,
                space=chosen_space(key),
                caps=chosen_caps(key),
                pace=app_data.pace(),
            )
        except RemapError as error:
            st.warning(escape_markdown(str(error)))
            return
        _choose_caps(key, plan)
        st.caption(_caps_sentence(plan))
        diagram(plan.space, key)


def _choose_target(key: str, input_shape: Shape, classes: int) -> None:
    """The device that the first models must fit."""
    target = chosen_target(key)
    target_list(target, f"{key}-target-list", on_change=lambda: _take_target(key))
    problem = st.session_state.pop(f"{key}-target-problem", "")
    try:
        if target:
            require_possible(target, input_shape, classes)
    except InvalidView as error:
        problem = problem or str(error)
    if problem:
        st.warning(escape_markdown(problem))


def _take_target(key: str) -> None:
    named = st.session_state[f"{key}-target-list"]
    try:
        st.session_state[f"{key}-target"] = find_target(named) if named else None
    except InvalidView as error:
        st.session_state[f"{key}-target-problem"] = str(error)


def chosen_target(key: str) -> Target | None:
    """The target that was chosen under a key."""
    target: Target | None = st.session_state.get(f"{key}-target")
    return target


def _choose_caps(key: str, plan: SamplingPlan) -> None:
    """A field for each cap; an empty one shows what holds without it."""
    in_force = {cap.cost: cap.text for cap in plan.caps}
    own = _own_caps(key)
    for row in (list(_FIELDS.items())[:2], list(_FIELDS.items())[2:]):
        with st.container(horizontal=True, gap="small"):
            for cost, (label, _) in row:
                st.session_state.setdefault(f"{key}-cap-{cost}", own.get(cost))  # as a value it could not be emptied
                st.number_input(
                    label,
                    min_value=_LEAST,
                    value=None,
                    key=f"{key}-cap-{cost}",
                    placeholder=in_force.get(cost, "none"),
                    on_change=_take_cap,
                    args=(key, cost),
                    width=190,
                )


def _take_cap(key: str, cost: Cost) -> None:
    own = {**_own_caps(key), cost: st.session_state[f"{key}-cap-{cost}"]}
    st.session_state[f"{key}-caps"] = {cost: number for cost, number in own.items() if number}


def _own_caps(key: str) -> dict[Cost, float]:
    """What was entered, in the units of the fields; kept while the panel is closed."""
    return dict(st.session_state.get(f"{key}-caps", {}))


def chosen_caps(key: str) -> Caps:
    """The caps that were chosen under a key, with those of the target."""
    own = [Cap(cost, number * _FIELDS[cost][1], "chosen here") for cost, number in _own_caps(key).items()]
    target = chosen_target(key)
    return (*own, *(target.caps if target else ()))


def chosen_space(key: str) -> str:
    """The name of the space that was chosen under a key; empty where it is the default."""
    return str(st.session_state.get(key, ""))


def shown_space(key: str, names: Sequence[str], input_shape: Shape, label: str = "") -> None:
    """The spaces that a population was sampled from, by name, with their diagrams behind a button.

    label: of the button; their names by default.
    """
    if not names:
        return
    panel = st.popover(
        label or f"{LABEL}: {', '.join(names)}",
        key=f"{key}-panel",
        on_change="rerun",
        type="tertiary",
        icon=":material/schema:",
    )
    if not panel.open:
        return
    with panel:
        for name in names:
            named_diagram(name, input_shape, key)


def named_diagram(name: str, input_shape: Shape, key: str) -> None:
    """The diagram of a space by its name, or why there is none."""
    try:
        space = find_space(app_data.settings(), input_shape, name)
    except InvalidSpace:
        st.caption(f"**{escape_markdown(name)}**: REMAP_SPACE names its file no more. What was sampled stays as it is.")
        return
    st.caption(f"**{escape_markdown(space.name)}**: {states_text(space)}, {caps_text(space.caps)}.")
    diagram(space, key)


def diagram(space: SearchSpace, key: str) -> None:
    """The steps of a space and what follows each."""
    draw(space_figure(space), f"{key}-diagram-{space.name}", space_alt(space))
    st.caption("Wider arcs are more probable. Hover over a step for its layers.")


def plan_chosen(key: str, card: DatasetCard) -> SamplingPlan:
    """What the first models of a data set are sampled from, with the chosen space and caps; raises InvalidSpace."""
    return plan_of(app_data.settings(), card, chosen_space(key), app_data.pace(), caps=chosen_caps(key))


def _default(input_shape: Shape) -> str:
    try:
        return find_space(app_data.settings(), input_shape).name
    except InvalidSpace:
        return fitting_space(input_shape).name


def _title(key: str, input_shape: Shape) -> str:
    return escape_markdown(chosen_space(key) or _default(input_shape))


def _with_reason(name: str, input_shape: Shape) -> str:
    if name == fitting_space(input_shape).name:
        return f"{name} (fits these images)"
    return name


def _caps_sentence(plan: SamplingPlan) -> str:
    """The caps, each with where it comes from."""
    by_source: dict[str, list[str]] = {}
    for cap in plan.caps:
        by_source.setdefault(cap.source, []).append(cap.text)
    texts = [f"{', '.join(limits)} ({source})" for source, limits in by_source.items()]
    return f"Each sampled model has at most {'; '.join(texts)}."
