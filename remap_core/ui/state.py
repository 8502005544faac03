"""What a session and the app's process remember: the one list of session keys, and what is cached for all."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import cast

import streamlit as st

from remap_core.catalogue.folder import DataFolder
from remap_core.catalogue.heartbeat import TrainerStatus, read_trainer
from remap_core.catalogue.inbox import Inbox
from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.snapshot import current_number, open_snapshot
from remap_core.commands import Command
from remap_core.errors import NoCatalogue, NotFound
from remap_core.population import Population
from remap_core.settings import Settings, read_settings
from remap_core.trials import TrialId

SESSION = "remap"
"""The one key of ours in st.session_state; widgets have keys of their own."""


@dataclass
class Session:
    """One visitor's working state. `drawer` keeps the order in which models were added; `sent` is newest last."""

    dataset: str | None = None
    selected: TrialId | None = None
    drawer: list[TrialId] = field(default_factory=list)
    removed: tuple[TrialId, ...] = ()
    sent: list[str] = field(default_factory=list)


def session() -> Session:
    """This visitor's state."""
    if SESSION not in st.session_state:
        st.session_state[SESSION] = Session()
    return cast(Session, st.session_state[SESSION])


@st.cache_resource
def settings() -> Settings:
    """The settings, read once for the app's process."""
    return read_settings()[0]


def folder() -> DataFolder:
    """The data folder."""
    return DataFolder(settings().home)


def catalogue() -> Catalogue:
    """The newest published catalogue; raises NoCatalogue while there is none."""
    number = published()
    if number is None:
        raise NoCatalogue("Nothing has been trained in this data folder yet.")
    return _opened(str(settings().home.absolute()), number)


@st.cache_resource(max_entries=3, show_spinner=False)
def _opened(home: str, number: int) -> Catalogue:  # noqa: ARG001 (the arguments are the cache's key)
    return open_snapshot(folder())


def published() -> int | None:
    """Number of the newest published catalogue, None while there is none."""
    return current_number(folder())


def dataset() -> str:
    """The data set that is looked at; raises NoCatalogue while none is known."""
    names = catalogue().datasets()
    if not names:
        raise NoCatalogue("The trainer has not prepared a data set yet.")
    chosen = session().dataset
    return chosen if chosen in names else names[0]


def population() -> Population:
    """The finished models of the data set that is looked at."""
    return _population(str(settings().home.absolute()), catalogue().number, dataset())


def finished_models() -> int:
    """Count of finished models of the data set that is looked at."""
    return len(population())


@st.cache_resource(max_entries=8, show_spinner=False)
def _population(home: str, number: int, name: str) -> Population:  # noqa: ARG001 (as above)
    return catalogue().population(name)


def trainer() -> TrainerStatus | None:
    """The trainer of the data folder; None where none is alive."""
    status = read_trainer(folder(), time.time())
    return status if status and status.is_alive(time.time()) else None


def send(command: Command) -> None:
    """Put a command into the inbox; its receipt is looked for from now on. Raises FolderUnusable."""
    session().sent.append(Inbox(folder()).send(command, time.time()))


def select(model: TrialId) -> None:
    """Make a model the selected one and put it into the drawer."""
    session().selected = model
    keep([model])


def keep(models: list[TrialId]) -> None:
    """Put models into the drawer, those that are in it already stay where they are."""
    drawer = session().drawer
    drawer += [model for model in models if model not in drawer]


def remove(model: TrialId) -> None:
    """Take a model out of the drawer; `undo_removal` puts it back."""
    state = session()
    state.removed = (model,) if model in state.drawer else ()
    state.drawer = [kept for kept in state.drawer if kept != model]


def undo_removal() -> None:
    """Put back what was removed last."""
    keep(list(session().removed))
    session().removed = ()


def asked_model() -> TrialId | None:
    """The model named in the address (?model=7), else the selected one; raises NotFound for what is no number."""
    asked = st.query_params.get("model")
    if asked is None:
        return session().selected
    if not asked.isascii() or not asked.isdigit() or len(asked) > 15:
        raise NotFound(f"A model is named by its number, like ?model=7, but got ?model={asked[:40]}.")
    return int(asked)
