"""What the app's process reads: settings, data folder, the newest catalogue, its data sets, the trainer."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from threading import Lock

import streamlit as st

from remap_core.analysis.durations import TimeEstimate
from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.snapshot import current_number, open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import TrainerStatus, read_trainer
from remap_core.datasets.naming import owner_of
from remap_core.errors import NoCatalogue, NoModels, RemapError
from remap_core.formatting import dataset_title
from remap_core.services.data.known_datasets import KnownDataset
from remap_core.services.data.known_datasets import known_datasets as _known_datasets
from remap_core.services.demo.own_images import has_images
from remap_core.services.demo.prepared_models import restore_prepared, restored_at
from remap_core.services.expected_time import estimates_by_name
from remap_core.services.pace import ELSEWHERE, Pace, pace_of
from remap_core.setting_sources import read_settings, unknown_variables
from remap_core.settings import Settings
from remap_core.ui.dataset_view import DatasetView
from remap_core.ui.events.embedded import require_package
from remap_core.ui.server.app_endpoint import open_sessions
from remap_core.ui.session import current_session

log = logging.getLogger(__name__)

_RESTORING = Lock()
"""The first two visitors of a demo wait for the same models."""


@st.cache_resource
def settings() -> Settings:
    """The settings, read once for the app's process; raises SettingsError."""
    for sentence in unknown_variables():
        log.warning(sentence)
    found = read_settings()[0]
    if found.events == "package":
        require_package()
    return found


@st.cache_resource(show_spinner=False)
def folder() -> DataFolder:
    """The data folder, made once for the app's process."""
    return DataFolder(settings().home)


def restored() -> float | None:
    """When the demo last went back to its prepared models, which it does here where that is due; see `restored_at`.

    None where this is no demo. Raises FolderUnusable.
    """
    if not settings().is_demo:
        return None
    with _RESTORING:
        restore_prepared(folder(), time.time())
    return restored_at(folder())


PATIENCE_EACH = 0.25
"""Seconds for which each visitor more lets pages keep to a catalogue: what they derive from a new one takes 0.2 s."""
MAX_PATIENCE = 5.0


@dataclass
class _TakenUp:
    """The catalogue that all pages show. number: None before the first. since: seconds, monotonic clock."""

    number: int | None = None
    since: float = -inf


@st.cache_resource(show_spinner=False)
def _taken_up() -> _TakenUp:
    return _TakenUp()


def published() -> int | None:
    """Number of the published catalogue that pages show; None while there is none.

    The newest one; where many look, for up to 5 seconds the one before. Who waits for an answer gets the newest.
    """
    newest = current_number(folder())
    shown = _taken_up()
    if newest != shown.number and _is_due(shown):
        shown.number, shown.since = newest, time.monotonic()
    return shown.number


def _is_due(shown: _TakenUp) -> bool:
    if shown.number is None or current_session().unannounced:
        return True
    patience = PATIENCE_EACH * (open_sessions() - 1)
    return time.monotonic() - shown.since >= min(patience, MAX_PATIENCE)


def look() -> Catalogue | None:
    """Find the newest published catalogue, for the rest of this run of a page; None while there is none.

    A run asks for the catalogue dozens of times. It gets the same one each time, and the disk is asked once.
    """
    number = published()
    newest = None
    session = current_session()
    if number is not None and settings().is_demo:
        visitor = session.person.name
        newest = _seen(number, visitor if has_images(folder(), visitor) else "")
    elif number is not None:
        newest = _opened(number)
    session.catalogue, session.dataset_views = newest, {}
    return newest


def newest() -> Catalogue | None:
    """The catalogue that this run of the page found; None while there is none."""
    return current_session().catalogue or look()


def catalogue() -> Catalogue:
    """The catalogue that this run of the page found; raises NoCatalogue while there is none."""
    found = newest()
    if found is None:
        raise NoCatalogue("Nothing has been trained in this data folder yet.")
    return found


@st.cache_resource(show_spinner=False, max_entries=1)
def _opened(number: int) -> Catalogue:  # noqa: ARG001 (the key in the cache)
    return open_snapshot(folder())


@st.cache_resource(show_spinner=False, max_entries=4)
def _seen(number: int, visitor: str) -> Catalogue:  # noqa: ARG001 (the key in the cache)
    return open_snapshot(folder(), visitor)


def known_datasets() -> list[KnownDataset]:
    """The data sets with models, those that were only added, and those whose first models this visitor has sent."""
    known = [found for found in _known_datasets(newest(), folder().home) if sees(found.name)]
    names = {found.name for found in known}
    sent = [name for name in current_session().started if name not in names]
    return known + [KnownDataset(name, kept=None, is_trained=False) for name in sent]


def sees(name: str) -> bool:
    """Whether a data set exists for this visitor: in a demo, others' own do not."""
    return not settings().is_demo or owner_of(name) in ("", current_session().person.name)


def dataset_name() -> str:
    """The data set that this visitor looks at; raises NoCatalogue while none is known.

    Raises NoModels where it was added, but the trainer does not know it yet.
    """
    names = catalogue().datasets()
    chosen = current_session().dataset
    if chosen in names:
        return chosen
    if chosen and any(known.name == chosen for known in known_datasets()):
        raise NoModels(f"{dataset_title(chosen)} has no models yet.")
    if not names:
        raise NoCatalogue("The trainer has not prepared a data set yet.")
    return names[0]


def looked_at() -> str | None:
    """The data set that this visitor looks at, with or without models; None while none is known."""
    names = [known.name for known in known_datasets()]
    chosen = current_session().dataset
    if chosen in names:
        return chosen
    return next(iter(names), None)


def dataset_view(name: str | None = None) -> DatasetView:
    """A data set as it is now, by default the one that this visitor looks at; raises NoCatalogue and NotFound."""
    known = current_session().dataset_views
    name = dataset_name() if name is None else name
    if name not in known:
        known[name] = _dataset_view(name)
    return known[name]


@st.cache_resource(max_entries=8, show_spinner=False, validate=DatasetView.is_current)
def _dataset_view(name: str) -> DatasetView:
    return DatasetView.of(name, catalogue)


def time_estimates(names: Iterable[str]) -> dict[str, TimeEstimate]:
    """How long trainings take, by data set, without those that have no estimate yet; raises NotFound."""
    return estimates_by_name(names, lambda name: dataset_view(name).time_estimate)


def pace() -> Pace:
    """How fast this machine trains, from the data sets that have models."""
    try:
        estimates = time_estimates(catalogue().datasets())
        images = {name: dataset_view(name).card.split[0] for name in estimates}
    except RemapError:
        return ELSEWHERE
    return pace_of(estimates, images)


def trainer() -> TrainerStatus | None:
    """The trainer of the data folder; None while none is running."""
    now = time.time()
    status = read_trainer(folder(), now)
    return status if status and status.is_alive(now) else None
