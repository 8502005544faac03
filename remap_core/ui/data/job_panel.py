"""What is being prepared: its progress, why it ended, or what was found."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from remap_core.errors import CommandRefused
from remap_core.formatting import count, duration
from remap_core.services.data.data_jobs import (
    DataJob,
    JobOutcome,
    JobProgress,
    JobState,
    clear,
    last_line,
    read_outcome,
    read_progress,
    resume,
    state_of,
    stop,
)
from remap_core.services.demo.own_images import preparing
from remap_core.ui import app_data
from remap_core.ui.data.report_panel import show_warnings
from remap_core.ui.data.skipped_files import show_skipped
from remap_core.ui.live import errors_as_sentences
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.people.admission import admit_images
from remap_core.ui.session import current_session

_OPENED = "data-job"
_NEXT = "data-next-job"
"""The job to show from the next run on: a widget's own key cannot be set after it is drawn."""
ANOTHER = ""
"""The choice to add something else."""
_POLL = 0.5
"""Seconds between looks at the progress."""


def open_job(ident: str) -> None:
    """Show a job from the next run of the page on."""
    st.session_state[_NEXT] = ident


def choose_job(jobs: Sequence[DataJob]) -> DataJob | None:
    """The job that the visitor looks at, by default the newest; None to add something else."""
    by_ident = {job.ident: job for job in jobs}
    following = st.session_state.pop(_NEXT, None)
    if following:
        st.session_state[_OPENED] = following
    if not by_ident:
        return None
    if st.session_state.get(_OPENED) not in (*by_ident, ANOTHER):
        st.session_state[_OPENED] = jobs[0].ident
    chosen = st.segmented_control(
        "Data being added",
        [*by_ident, ANOTHER],
        format_func=lambda ident: escape_markdown(by_ident[ident].title) if ident else "Add another",
        required=True,
        key=_OPENED,
        label_visibility="collapsed",
    )
    return by_ident.get(chosen or ANOTHER)


def show_progress(job: DataJob) -> None:
    """The progress of a job that runs, live; the page reruns when it has ended."""

    @st.fragment(run_every=_POLL)
    def redraw() -> None:
        if state_of(job) is not JobState.RUNNING:
            st.rerun()
        _bar(read_progress(job))
        st.button("Cancel", key="data-cancel", icon=":material/cancel:", on_click=_stop, args=(job,))

    redraw()


def _stop(job: DataJob) -> None:
    if _is_admitted():
        stop(job)


def _is_admitted() -> bool:
    """Whether who presses a button may still add data sets; if not, the sidebar says so."""
    try:
        admit_images()
    except CommandRefused as error:
        current_session().send_error = f"Not done: {error}"
        return False
    return True


def _bar(progress: JobProgress | None) -> None:
    if progress is None:
        st.progress(0.0, "Starting …")
        return
    st.progress(progress.share, progress_text(progress))


def progress_text(progress: JobProgress) -> str:
    """What is done, of how much, and how long the rest takes.

    >>> progress_text(JobProgress("Decoding", 1200, 5000, began=0, since=0.0, now=12.0))
    'Decoding: 1,200 of 5,000, about 38 s left'
    """
    text = f"{progress.stage}: {count(progress.done)} of {count(progress.total)}"
    if progress.seconds_left is None:
        return text
    return f"{text}, about {duration(progress.seconds_left)} left"


def show_interrupted(job: DataJob) -> None:
    """A job whose process has ended early, and what can be done."""
    progress = read_progress(job)
    reached = ""
    if progress:
        reached = f" at {escape_markdown(progress.stage.lower())}, {count(progress.done)} of {count(progress.total)}"
    st.warning(f"Stopped{reached}. It resumes where it stopped.", icon=":material/pause_circle:")
    reason = last_line(job)
    if reason:
        st.error(escape_markdown(reason))
    with st.container(horizontal=True):
        if st.button("Resume", type="primary", key="data-resume", icon=":material/play_arrow:"):
            _resume(job)
        discard_button(job)


def _resume(job: DataJob) -> None:
    with errors_as_sentences():
        admit_images()
        with preparing(app_data.folder(), job):
            resume(app_data.folder(), job)
        st.rerun()


def show_unusable(job: DataJob) -> JobOutcome:
    """Why a source cannot be used, and what was skipped in it."""
    outcome = read_outcome(job)
    st.error(escape_markdown(outcome.problem.replace(job.source, job.title)))
    show_warnings(outcome.warnings)
    show_skipped(outcome.skipped, job.title)
    return outcome


def discard_button(job: DataJob) -> None:
    """A button that deletes a job and what was uploaded for it."""
    st.button(
        "Discard",
        key="data-discard",
        icon=":material/delete:",
        on_click=_discard,
        args=(job,),
        help="Deletes the upload and what was prepared. Files on the server stay.",
    )


def _discard(job: DataJob) -> None:
    if not _is_admitted():
        return
    clear(job, app_data.folder())
    st.session_state.pop(_OPENED, None)
