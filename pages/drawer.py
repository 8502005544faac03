"""The models in the drawer, side by side."""

from remap_core.ui.model_map import first_paint

first_paint.begin()

import time

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.report import report_html
from remap_core.formatting import model_tag, model_tags, pluralize
from remap_core.services.model_files import architectures_json
from remap_core.services.reports import report_of
from remap_core.trials.trial import Trial, TrialId
from remap_core.ui import app_data, drawer_state, frame, navigation, sent_commands
from remap_core.ui.drawer.comparison_table import class_table, compare, comparison_table, show_training_difference
from remap_core.ui.drawer.export_models import export_models
from remap_core.ui.drawer.notes import edit_notes, first_line, notes_of
from remap_core.ui.live import PageEnds
from remap_core.ui.overview.start_here import show_start
from remap_core.ui.session import current_session

MAX_NAMED = 12  # models that a button or a sentence names


def show_empty() -> None:
    st.info(
        "The drawer is empty. Click circles on the map, or drag a box around several, to add models. "
        "Then compare, annotate and export them here."
    )
    show_start()


def warn_of_missing(trials: list[Trial]) -> None:
    found = {trial.id for trial in trials}
    missing = [model for model in current_session().drawer if model not in found]
    if missing:
        st.warning(f"Not in this catalogue: {named(missing)}.")
        st.button(
            f"Remove {pluralize(len(missing), 'missing model')} from drawer",
            key="remove-missing",
            on_click=drawer_state.remove,
            args=(missing,),
        )


def named(models: list[TrialId] | tuple[TrialId, ...]) -> str:
    tags = model_tags(models[:MAX_NAMED])
    if len(models) > MAX_NAMED:
        return f"{tags} and {len(models) - MAX_NAMED} more"
    return tags


def show_actions(catalogue: Catalogue, chosen: list[Trial]) -> None:
    models: list[TrialId] = [trial.id for trial in chosen]
    counted = pluralize(len(models), "model")
    population = app_data.dataset_view(chosen[0].proposal.dataset).population
    with st.container(horizontal=True):
        st.download_button(
            f"Export {counted} as JSON",
            lambda: architectures_json(chosen),
            file_name="architectures.json",
            mime="application/json",
            on_click="ignore",
            help="A list of architectures, as `remap describe` reads it.",
        )
        st.download_button(
            f"Report on {counted}",
            lambda: report_html(report_of(catalogue, population, models, time.time())),
            file_name="report.html",
            mime="text/html",
            on_click="ignore",
            help="One HTML file to keep, print or send: the Pareto front, and all results of these models.",
        )
        export_models(catalogue, models)
        st.button(
            f"Remove {counted} from drawer",
            key="remove",
            on_click=drawer_state.remove,
            args=(models,),
        )
        if len(models) == 1:
            link_to_model(models[0])


def link_to_model(model: TrialId) -> None:
    if st.button(f"Inspect {model_tag(model)}", key="inspect"):
        navigation.open_model(model)
    if st.button(f"Generate from {model_tag(model)}", key="generate"):
        navigation.open_model(model, "generate")


def offer_undo() -> None:
    removed = current_session().removed
    if removed:
        label = f"Undo removal of {named(removed)}"
        st.button(
            label,
            on_click=drawer_state.undo_removal,
            key="undo",
            icon=":material/undo:",
        )


def show_details(catalogue: Catalogue, chosen: list[Trial]) -> None:
    """Two models layer by layer, or one model's notes."""
    if len(chosen) == 2:
        first, second = chosen
        st.markdown(f"##### From {model_tag(first.id)} to {model_tag(second.id)}")
        compare(catalogue, first, second)
    elif len(chosen) == 1:
        st.markdown("##### Note and tags")
        edit_notes(catalogue, chosen[0])


def show_notes(catalogue: Catalogue, chosen: list[Trial]) -> None:
    """The notes that do not fit into the table."""
    for model, notes in notes_of(catalogue, [trial.id for trial in chosen]).items():
        for title, annotation in (("Note", notes.shared), ("My note", notes.own)):
            if first_line(annotation) != annotation.note:
                with st.expander(f"{title} on {model_tag(model)}"):
                    st.text(annotation.note)


with frame.body():
    catalogue = app_data.catalogue()
    trials = catalogue.trials(current_session().drawer)
    offer_undo()
    warn_of_missing(trials)
    if not trials:
        show_empty()
        raise PageEnds
    chosen = comparison_table(catalogue, trials, key="drawer-table") or trials
    st.caption(
        "Select rows to choose models for the buttons below (none selected: all). Two are compared layer by layer. "
        "Copy the URL to share this drawer."
    )
    if len(chosen) != 2:  # two are compared below
        show_training_difference(chosen)
    show_actions(catalogue, chosen)
    show_details(catalogue, chosen)
    show_notes(catalogue, chosen)
    class_table(trials)
    sent_commands.show_answers()
