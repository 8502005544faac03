"""One model, or two side by side: results, images, layers, lineage, answers to new pictures, exports, notes."""

from remap_core.ui.model_map import first_paint

first_paint.begin()

from collections.abc import Callable

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.formatting import model_tag
from remap_core.trials.trial import Trial
from remap_core.ui import app_data, frame, live, sent_commands
from remap_core.ui.drawer.comparison_table import compare_layers, compare_results
from remap_core.ui.drawer.notes import edit_notes
from remap_core.ui.inspect.device_table import device_table
from remap_core.ui.inspect.export_panel import show_exports
from remap_core.ui.inspect.heading import show_actions, show_details, show_heading
from remap_core.ui.inspect.image_panel import show_images
from remap_core.ui.inspect.lineage_tree import show_lineage
from remap_core.ui.inspect.live_results import show_live, watch_states
from remap_core.ui.inspect.more_images_panel import show_more_images
from remap_core.ui.inspect.performance import show_confusion, show_curves
from remap_core.ui.inspect.sealed_test_panel import show_sealed_test
from remap_core.ui.inspect.second_model import second_model
from remap_core.ui.inspect.seeds_panel import show_repeats
from remap_core.ui.overview.start_here import require_model
from remap_core.ui.people.role_captions import say_viewers_cannot_train
from remap_core.ui.session import Tab, current_session
from remap_core.ui.tables import fusing_sentence, layer_table
from remap_core.ui.try_it.try_panel import show_try_it
from remap_core.ui.view_state import bind, target

TABS = "inspect-tabs"
KEYS = ("inspect", "second")
"""How the keys of the first and of the second model's widgets start."""

Trials = list[Trial]


def show_performance(catalogue: Catalogue, trials: Trials) -> None:
    if len(trials) == 2:
        compare_results(catalogue, *trials)
    show_live(trials, _progress)
    for trial, key in zip(trials, KEYS, strict=False):
        _whose(trials, trial)
        show_confusion(catalogue, trial, key)
    show_sealed_test(trials[0])


def _progress(catalogue: Catalogue, trials: Trials) -> None:
    if len(trials) == 1:
        show_details(catalogue, trials[0])
    show_curves(catalogue, trials)


def show_all_images(catalogue: Catalogue, trials: Trials) -> None:
    for trial in trials:
        _whose(trials, trial)
        show_images(catalogue, trial, "images")


def show_layers(catalogue: Catalogue, trials: Trials) -> None:  # noqa: ARG001 (the other tabs need it)
    if len(trials) == 2:
        compare_layers(*trials)
    for trial, key in zip(trials, KEYS, strict=False):
        _whose(trials, trial)
        layer_table(trial.architecture, key=f"{key}-layers")
        device_table(trial.architecture, target(trial.proposal.dataset), key=f"{key}-devices")
        sentence = fusing_sentence(trial.architecture)
        if sentence:
            st.caption(sentence)


def show_origin(catalogue: Catalogue, trials: Trials) -> None:
    trial = trials[0]
    show_lineage(catalogue, trial, key="inspect-lineage")
    st.markdown("###### Repeat with other seeds")
    live.live(lambda newest: show_repeats(newest, trial))
    st.markdown("###### Would more images help?")
    live.live(lambda newest: show_more_images(newest, trial))


def show_export(catalogue: Catalogue, trials: Trials) -> None:
    show_exports(catalogue, trials[0])


def show_notes(catalogue: Catalogue, trials: Trials) -> None:
    edit_notes(catalogue, trials[0])


def _whose(trials: Trials, trial: Trial) -> None:
    """Of two models, which one the part below is about."""
    if len(trials) > 1:
        st.markdown(f"###### {model_tag(trial.id)}")


CONTENTS: dict[Tab, Callable[[Catalogue, Trials], None]] = {
    Tab.PERFORMANCE: show_performance,
    Tab.IMAGES: show_all_images,
    Tab.LAYERS: show_layers,
    Tab.LINEAGE: show_origin,
    Tab.TRY_IT: show_try_it,
    Tab.EXPORT: show_export,
    Tab.NOTES: show_notes,
}


def show_tabs(catalogue: Catalogue, trials: Trials) -> None:
    """Only the content of the open tab is made."""
    titles = list(map(title, Tab))
    shown = title(current_session().tab)
    tabs = st.tabs(titles, default=shown, key=bind(TABS, shown), on_change=remember_tab)
    for tab, container in zip(Tab, tabs, strict=True):
        if container.open:
            with container, st.container(gap="xsmall"):
                CONTENTS[tab](catalogue, trials)


def title(tab: Tab) -> str:
    return tab.replace("-", " ").capitalize()


def remember_tab() -> None:
    current_session().tab = next(tab for tab in Tab if title(tab) == st.session_state[TABS])


def show_models(catalogue: Catalogue, trials: Trials) -> None:
    for trial in trials:
        show_heading(catalogue, trial)


with frame.body():
    catalogue = app_data.catalogue()
    trial = require_model(catalogue)
    second = second_model(catalogue, trial)
    trials = [trial, second] if second else [trial]
    with st.container(gap="xsmall"):
        show_live(trials, show_models)
        show_actions(catalogue, trial, second)
        show_tabs(catalogue, trials)
        say_viewers_cannot_train()
        sent_commands.show_answers()
    watch_states(trials)
