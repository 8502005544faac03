"""What was kept, side by side."""

import time

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.report import report_html
from remap_core.formatting import pluralize
from remap_core.services.model_files import architectures_json
from remap_core.services.reports import report_of
from remap_core.trials.trial import Trial, TrialId
from remap_core.ui import app_data, drawer_state, frame, navigation
from remap_core.ui.drawer.comparison_table import compare, comparison_table
from remap_core.ui.drawer.notes import edit_notes, first_line, show_receipts
from remap_core.ui.session import current_session

CHOSEN = "drawer-chosen"


def empty() -> None:
    st.info(
        "The drawer is empty. Click circles on the overview, or drag a box around several: the models are kept here, "
        "to be compared, annotated and exported."
    )
    st.page_link("pages/overview.py", label="To the overview")


def say_what_is_missing(kept: list[Trial]) -> None:
    found = {trial.id for trial in kept}
    missing = [f"#{model}" for model in current_session().drawer if model not in found]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        st.warning(f"{', '.join(missing[:20])} {verb} in the drawer, but not in this catalogue.")
        st.button(
            "Take out what is missing",
            key="take-out-missing",
            on_click=drawer_state.remove,
            args=([int(name[1:]) for name in missing],),
        )


def choose(kept: list[Trial]) -> list[Trial]:
    """Models that the actions below are for: those chosen, all where none is."""
    of_id = {trial.id: trial for trial in kept}
    chosen = st.pills(
        "Choose models; two are compared layer by layer, none chosen means all",
        list(of_id),
        selection_mode="multi",
        format_func=lambda model: title(of_id[model]),
        key=CHOSEN,
    )
    return [of_id[model] for model in chosen if model in of_id] or kept


def title(trial: Trial) -> str:
    return f"#{trial.id} · {trial.accuracy_text(otherwise=trial.state.value)}"


def act(catalogue: Catalogue, chosen: list[Trial]) -> None:
    ids: list[TrialId] = [trial.id for trial in chosen]
    with st.container(horizontal=True):
        st.download_button(
            f"Export {pluralize(len(chosen), 'model')} as JSON",
            architectures_json(chosen),
            file_name="architectures.json",
            mime="application/json",
            on_click="ignore",
            help="A list of architectures, as `remap describe` reads it.",
        )
        report = report_of(catalogue, app_data.dataset_view(chosen[0].proposal.dataset).population, ids, time.time())
        st.download_button(
            f"Report on {pluralize(len(chosen), 'model')}",
            report_html(report),
            file_name="report.html",
            mime="text/html",
            on_click="ignore",
            help="One file to keep, print or send: the Pareto front, and what is known of these models.",
        )
        st.button(f"Remove {pluralize(len(chosen), 'model')}", key="remove", on_click=drawer_state.remove, args=(ids,))
        if len(chosen) == 1:
            if st.button(f"Inspect #{ids[0]}", key="inspect"):
                navigation.open_model(ids[0])
            if st.button(f"Generate from #{ids[0]}", key="generate"):
                navigation.open_model(ids[0], "generate")


def offer_undo() -> None:
    removed = current_session().removed
    if removed:
        names = ", ".join(f"#{model}" for model in removed[:12]) + (" and more" if len(removed) > 12 else "")
        st.button(f"Put {names} back", on_click=drawer_state.undo_removal, key="undo", icon=":material/undo:")


def detail(catalogue: Catalogue, chosen: list[Trial]) -> None:
    """Below the table: two models layer by layer, one model's notes, or what could be done."""
    if len(chosen) == 2:
        first, second = chosen
        st.markdown(f"##### From #{first.id} to #{second.id}")
        compare(catalogue, first, second)
    elif len(chosen) == 1:
        st.markdown("##### Note and tags")
        edit_notes(catalogue, chosen[0])
    else:
        st.caption("Choose two models to see which layers were kept, added, removed and changed between them.")


def show_notes(catalogue: Catalogue, chosen: list[Trial]) -> None:
    """Notes of several models to read."""
    written = catalogue.annotations([trial.id for trial in chosen])
    for model, annotation in written.items():
        if annotation.note and first_line(annotation) != annotation.note:
            with st.expander(f"Note on #{model}"):
                st.text(annotation.note)


with frame.page("drawer"):
    catalogue = app_data.catalogue()
    kept = catalogue.trials(current_session().drawer)
    offer_undo()
    say_what_is_missing(kept)
    if not kept:
        empty()
        st.stop()
    comparison_table(catalogue, kept, key="drawer-table")
    st.caption("The address of this page names these models: who opens it sees the same drawer.")
    chosen = choose(kept)
    act(catalogue, chosen)
    detail(catalogue, chosen)
    show_notes(catalogue, chosen)
    show_receipts()
