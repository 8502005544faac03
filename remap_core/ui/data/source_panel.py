"""Where images come from: dropped files, a dropped folder, a path on the server, or a published data set."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import streamlit as st

from remap_core.access.roles import Role
from remap_core.datasets.naming import NAMES
from remap_core.datasets.readers.published_sets.sources import PUBLISHED_SOURCES
from remap_core.datasets.recipe import Choices
from remap_core.errors import RemapError
from remap_core.formatting import count
from remap_core.services.data.data_jobs import start_job
from remap_core.services.data.uploads import allowed_path, entries_of, save_upload
from remap_core.services.demo.own_images import MAX_MEGABYTES, RULES, adding
from remap_core.ui import app_data
from remap_core.ui.data.job_panel import open_job
from remap_core.ui.live import errors_as_sentences
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.people import visitor
from remap_core.ui.people.admission import admit, admit_images

_UPLOADS = "data-uploads"
"""Key of the number of uploads so far: each gets a new, empty widget, which frees the memory of the last one."""
_LOOSE = "images"
"""Title of several files that were dropped together."""

FILES, FOLDER, SERVER, PUBLISHED = "Files or an archive", "A folder", "A path on the server", "A published data set"


def choose_source() -> None:
    """The ways to name a source; each starts to prepare it. Visitors of a demo have their own files alone."""
    if visitor.is_guest():
        st.caption(f":material/timer: {RULES}")
    ways = [FILES, FOLDER] if visitor.is_guest() else [FILES, FOLDER, PUBLISHED]
    if not visitor.is_guest() and app_data.settings().data_root:
        ways.insert(2, SERVER)
    way = st.segmented_control(
        "Where the images are",
        ways,
        default=FILES,
        required=True,
        key="data-way",
        label_visibility="collapsed",
        persist_state="session",
    )
    match way:
        case "Files or an archive":
            _upload(
                "A .zip or .tar.gz with a folder per class, an .npz, .parquet or .csv file, or images and a labels.csv",
                several=True,
            )
        case "A folder":
            _upload("A folder with one folder of images per class", several="directory")
        case "A path on the server":
            _server_path()
        case _:
            _published()


def _upload(label: str, several: Any) -> None:
    uploads = st.session_state.setdefault(_UPLOADS, 0)
    megabytes = MAX_MEGABYTES if visitor.is_guest() else int(st.get_option("server.maxUploadSize"))
    files = st.file_uploader(
        label,
        accept_multiple_files=several,
        key=f"data-upload-{several}-{uploads}",
        max_upload_size=megabytes,
    )
    hint = f"Up to {count(megabytes)} MB a file. What you drop together becomes one data set."
    if app_data.settings().data_root is None and not visitor.is_guest():
        hint += " For more, set REMAP_DATA_ROOT to a folder on the server, or use `remap data add`."
    st.caption(hint)
    if files:
        with st.spinner("Saving the files …"):
            _start_upload(files)


def _start_upload(files: Sequence[Any]) -> None:
    named = [(file.name, file) for file in files]
    own = visitor.person().name if visitor.is_guest() else ""
    folder = app_data.folder()
    with errors_as_sentences():
        admit_images()
        with adding(folder, own, sum(file.size for file in files)):
            source = save_upload(folder, named, time.time())
            st.session_state[_UPLOADS] += 1
            title = source.name
            if len(named) > 1 and len(PurePosixPath(named[0][0]).parts) == 1:
                title = _LOOSE
            job = start_job(folder, str(source), title, Choices(), time.time(), owner=own)
        open_job(job.ident)
        st.rerun()


def _server_path() -> None:
    root = app_data.settings().data_root
    if root is None:
        return
    typed = st.selectbox(
        f"A folder or file below {escape_markdown(str(root))}",
        entries_of(root),
        index=None,
        placeholder="Choose or type a path",
        accept_new_options=True,
        key="data-path",
    )
    if st.button("Check it", disabled=not typed, key="data-path-start") and typed:
        _start_path(root, typed)


def _start_path(root: Path, typed: str) -> None:
    try:
        path = allowed_path(root, typed)
    except RemapError as error:
        st.error(escape_markdown(str(error)))
        return
    _start(path, path.name)


def _published() -> None:
    name = st.selectbox(
        "Downloaded where it is not included",
        list(dict.fromkeys((*NAMES, *PUBLISHED_SOURCES))),
        index=None,
        placeholder="Choose one",
        key="data-name",
    )
    if st.button("Check it", disabled=not name, key="data-name-start") and name:
        _start(name, name)


def _start(source: Path | str, title: str) -> None:
    try:
        admit(Role.ADMIN, "add a data set")  # a demo's visitors have no other images than their own
        job = start_job(app_data.folder(), str(source), title, Choices(), time.time())
    except RemapError as error:
        st.error(escape_markdown(str(error)))
        return
    open_job(job.ident)
    st.rerun()
