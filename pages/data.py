"""The data sets of this data folder, and how somebody's own images become one."""

from remap_core.ui.model_map import first_paint

first_paint.begin()

import streamlit as st

from remap_core.access.roles import Role
from remap_core.datasets.kept import Kept
from remap_core.services.data.data_jobs import DataJob, JobState, data_jobs, state_of
from remap_core.ui import app_data, frame, sent_commands
from remap_core.ui.data.add_panel import add_panel
from remap_core.ui.data.choices_panel import choose_columns, show_choices
from remap_core.ui.data.dataset_list import REPORTED, show_datasets
from remap_core.ui.data.issues.issues_panel import show_issues
from remap_core.ui.data.job_panel import choose_job, discard_button, show_interrupted, show_progress, show_unusable
from remap_core.ui.data.published_panel import published_panel
from remap_core.ui.data.report_panel import show_numbers, show_report, show_warnings
from remap_core.ui.data.report_pictures import ReportPictures, prepared_pictures
from remap_core.ui.data.source_panel import choose_source
from remap_core.ui.live import PageEnds
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.people import visitor


def show_what_was_done() -> None:
    """The report of a data set that was added, where somebody asked for it."""
    name = st.session_state.get(REPORTED)
    found = [known.kept for known in app_data.known_datasets() if known.name == name and known.kept]
    if not found:
        return
    kept = found[0]
    report = kept.report
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader(f"What was done: {escape_markdown(kept.title)}", width="content")
        st.button("Close", key="data-report-close", icon=":material/close:", on_click=close_report)
    show_numbers(report)
    show_warnings(report.warnings)
    show_recipe(kept)
    show_report(report, ReportPictures.of_kept(kept), kept.name)


def close_report() -> None:
    st.session_state.pop(REPORTED, None)


def show_recipe(kept: Kept) -> None:
    recipe = kept.recipe
    side = "size kept" if recipe.side is None else f"{recipe.side} x {recipe.side}"
    chosen = "proposed values" if kept.is_proposed else "chosen values"
    parts = [f"Read as {recipe.form}", chosen, side, recipe.colour, recipe.fit, f"{recipe.background} background"]
    if recipe.augmentation:
        parts.append(f"augmented by {', '.join(recipe.augmentation)}")
    if recipe.left_out:
        parts.append(f"left out: {', '.join(name[:40] for name in recipe.left_out[:10])}")
    st.caption(escape_markdown(" · ".join(parts)))
    st.caption(f"From {escape_markdown(recipe.source)}")


def show_job(job: DataJob) -> None:
    match state_of(job):
        case JobState.RUNNING:
            show_progress(job)
        case JobState.INTERRUPTED:
            show_interrupted(job)
        case JobState.UNUSABLE:
            choose_columns(job, show_unusable(job))
            discard_button(job)
        case JobState.READY if job.is_published:
            published_panel(job)
        case JobState.READY:
            show_ready(job)


def show_ready(job: DataJob) -> None:
    """Numbers and what to know, the way on, the choices, then everything else."""
    pictures = prepared_pictures(str(job.work))
    report = pictures.report
    show_numbers(report)
    show_warnings([warning for warning in report.warnings if warning not in report.questions])
    way_on = st.container()
    with st.expander("Choices", expanded=True):
        is_changed = show_choices(job, report)
    with way_on:
        add_panel(job, report, is_changed=is_changed)
    show_report(report, pictures, job.ident)


with frame.body():
    show_datasets()
    if app_data.newest():
        sent_commands.show_answers()
    show_what_was_done()
    show_issues()
    if not visitor.may_add_images():
        st.caption("Only admins add, correct and remove data sets.")
        raise PageEnds
    st.subheader("Add your images")
    job = choose_job(
        [job for job in data_jobs(app_data.folder()) if visitor.may(Role.ADMIN) or job.owner == visitor.person().name]
    )
    if job:
        show_job(job)
    else:
        choose_source()
