"""What a page is drawn from: while all of it stays the same, so does the page."""

from __future__ import annotations

from dataclasses import replace

from remap_core.data_folder.search_file import search_stamp
from remap_core.datasets.kept import kept_stamp
from remap_core.ui import app_data
from remap_core.ui.session import current_session


def note_sources() -> None:
    """Remember what this run of the page is drawn from. To be called before anything is read."""
    current_session().drawn_from = _sources()


def news() -> tuple[object, ...]:
    """Differs once the data folder is no longer the noted one, or this visitor did something that other parts show.

    Reads two small files and asks for the times of three, and opens no catalogue.
    """
    session = current_session()
    suggested = tuple(suggestion.architecture.fingerprint for suggestion in session.suggested)
    own = (len(session.sent), session.send_error, suggested, dict(session.views))
    return (_sources() == session.drawn_from, *own)


def _sources() -> tuple[object, ...]:
    """The number of the newest catalogue, the trainer without its heartbeat, the search, and the data sets."""
    folder, trainer = app_data.folder(), app_data.trainer()
    stamps = (search_stamp(folder), kept_stamp(folder.home))
    return (app_data.published(), trainer and replace(trainer, heartbeat=0.0), *stamps)
