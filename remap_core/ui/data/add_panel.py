"""What was prepared becomes a data set: its name, and whether its first models are trained at once."""

from __future__ import annotations

from pathlib import PurePosixPath

import streamlit as st

from remap_core.datasets.image_report import Report
from remap_core.datasets.naming import checked_title, owned_title
from remap_core.datasets.preparation.intake import keep, open_prepared
from remap_core.errors import DatasetError, RemapError
from remap_core.services.data.data_jobs import DataJob, clear
from remap_core.ui import app_data, navigation, sent_commands
from remap_core.ui.data.first_models import first_models_text, start_first_models
from remap_core.ui.data.job_panel import discard_button
from remap_core.ui.data.report_pictures import prepared_pictures
from remap_core.ui.data.space_choice import choose_space
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.people.admission import admit_images
from remap_core.ui.sidebar.dataset_switch import switch_to

_SUFFIXES = (".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".npz", ".npy", ".csv", ".tsv", ".parquet")
_MAX_NAME = 40


def add_panel(job: DataJob, report: Report, *, is_changed: bool) -> None:
    """Name, search space, "Add and train", "Add", "Discard".

    report: its questions are to be answered first. is_changed: choices differ from what was prepared.
    """
    answers = [st.checkbox(escape_markdown(text), key=f"data-answer-{job.ident}-{text}") for text in report.questions]
    is_open = is_changed or not all(answers)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name", value=proposed_name(job.title), key=f"data-name-{job.ident}", width=260)
        population = app_data.settings().population
        if population:
            height, width, channels = report.shape
            shape = (channels, height, width)
            choose_space(f"space-{job.ident}", shape, max(2, len(report.class_names)), max(1, report.split[0]))
        starts = population > 0 and st.button(
            f"Add and train {first_models_text()}",
            type="primary",
            key="data-add-start",
            disabled=is_open,
        )
        adds = st.button("Add", key="data-add", disabled=is_open, help="Without training anything yet.")
        discard_button(job)
    if starts or adds:
        _add(job, name.strip(), start=bool(starts))


def proposed_name(title: str) -> str:
    """A short name for a data set, from what its source is called.

    >>> proposed_name("Leaves of 2019 (final).tar.gz"), proposed_name(".zip")
    ('leaves-of-2019-final', 'images')
    """
    name = title
    while PurePosixPath(name).suffix.lower() in _SUFFIXES:
        name = PurePosixPath(name).stem
    name = "" if name.lower() in _SUFFIXES else name
    words = "".join(letter if letter.isalnum() else " " for letter in name.lower()).split()
    return "-".join(words)[:_MAX_NAME].strip("-") or "images"


def _title(job: DataJob, name: str) -> str:
    """The title under which a data set is kept; in a demo it says whose it is. Raises DatasetError."""
    if not job.owner:
        return name
    if len(name) > _MAX_NAME:
        raise DatasetError(f"In a demo, a name has at most {_MAX_NAME} characters, but got {len(name)}.")
    return owned_title(checked_title(name), job.owner)


def _add(job: DataJob, name: str, *, start: bool) -> None:
    folder = app_data.folder()
    try:
        admit_images()
        with st.spinner("Adding …"):
            kept = keep(open_prepared(job.work), _title(job, name), folder.home)
    except RemapError as error:
        st.error(escape_markdown(str(error)))
        return
    prepared_pictures.clear()
    clear(job, folder, keeps_upload=True)  # exports are checked on the original files
    switch_to(kept.name)
    sent_commands.record_dataset(kept.name)
    if start:
        start_first_models(kept.name, f"space-{job.ident}")
        navigation.go_to("overview")
    st.rerun()
