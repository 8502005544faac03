"""What a session and the app's process remember: the one list of session keys, and what is cached for all."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

import streamlit as st

from remap_core import services
from remap_core.catalogue.folder import DataFolder
from remap_core.catalogue.heartbeat import TrainerStatus, read_trainer
from remap_core.catalogue.inbox import Inbox
from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.snapshot import current_number, open_snapshot
from remap_core.children.times import TimeEstimate, estimate_time
from remap_core.commands import Command
from remap_core.errors import FolderUnusable, NoCatalogue, NotFound
from remap_core.geometry.surrogate import Surrogate
from remap_core.maps import ModelMap, Relation
from remap_core.population import Population
from remap_core.settings import Settings, read_settings, unknown_variables
from remap_core.space.draft import Draft
from remap_core.trials import TrialId
from remap_core.ui import address
from remap_core.views.view import View

log = logging.getLogger(__name__)

Stamp = tuple[int, float, tuple[str, ...]]

SESSION = "remap"
"""The one key of ours in st.session_state; widgets have keys of their own."""


@dataclass
class Session:
    """One visitor's working state. `drawer` keeps the order in which models were added; `sent` is newest last.

    `removed`: what undo puts back; `before`: the drawer until then. `followed`: the drawer of the address was taken
    over; `complaint`: what of it could not be. `views`: by data set; `asked`: what the address last said of the view,
    and `ignored`: why not all of that, or of what was typed, could be followed. `unsent`: why the last command could
    not be sent.
    """

    dataset: str | None = None
    selected: TrialId | None = None
    drawer: list[TrialId] = field(default_factory=list)
    removed: tuple[TrialId, ...] = ()
    before: tuple[TrialId, ...] = ()
    sent: list[str] = field(default_factory=list)
    batches: list[str] = field(default_factory=list)
    drafts: dict[TrialId, Draft] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    hovered: TrialId | None = None
    followed: bool = False
    complaint: str = ""
    unsent: str = ""


def session() -> Session:
    """This visitor's state."""
    if SESSION not in st.session_state:
        st.session_state[SESSION] = Session()
    return cast(Session, st.session_state[SESSION])


@st.cache_resource
def settings() -> Settings:
    """The settings, read once for the app's process; raises SettingsError."""
    for sentence in unknown_variables():
        log.warning(sentence)
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
    return population_of(dataset())


def population_of(name: str) -> Population:
    """The finished models of a data set; raises NotFound."""
    return _population(str(settings().home.absolute()), name, catalogue().population_stamp(name))


def population_stamp() -> Stamp:
    """What stays the same as long as the population of the data set that is looked at does."""
    return catalogue().population_stamp(dataset())


@st.cache_resource(max_entries=8, show_spinner=False)
def _population(home: str, name: str, stamp: Stamp) -> Population:  # noqa: ARG001 (as above)
    return catalogue().population(name)


def time_estimate(name: str) -> TimeEstimate | None:
    """How long trainings on a data set take, by those that are finished; raises NotFound for no such data set."""
    return _time_estimate(str(settings().home.absolute()), name, catalogue().population_stamp(name))


def time_estimates(names: Iterable[str]) -> dict[str, TimeEstimate]:
    """The estimates of those of the data sets that have one."""
    return {name: estimate for name in names if (estimate := time_estimate(name))}


@st.cache_resource(max_entries=8, show_spinner=False)
def _time_estimate(home: str, name: str, stamp: Stamp) -> TimeEstimate | None:  # noqa: ARG001 (as above)
    return estimate_time(catalogue().measured(name))


def surrogate(name: str, epochs: int) -> Surrogate | None:
    """What the models of a data set that were trained for so many epochs say of others; raises NotFound."""
    return _surrogate(str(settings().home.absolute()), name, catalogue().population_stamp(name), epochs)


@st.cache_resource(max_entries=8, show_spinner=False)
def _surrogate(home: str, name: str, stamp: Stamp, epochs: int) -> Surrogate | None:  # noqa: ARG001 (as above)
    return services.surrogate_of(population_of(name), catalogue().dataset(name), epochs)


def model_map(relation: Relation) -> ModelMap | None:
    """The map of the data set that is looked at; None before the first model is on it."""
    return _model_map(str(settings().home.absolute()), dataset(), relation, map_stamp(relation))


def map_stamp(relation: Relation) -> tuple[int, int]:
    """What stays the same as long as a map of the data set that is looked at does."""
    return catalogue().map_stamp(dataset(), relation)


@st.cache_resource(max_entries=8, show_spinner=False)
def _model_map(home: str, name: str, relation: Relation, stamp: tuple[int, int]) -> ModelMap | None:  # noqa: ARG001
    return catalogue().model_map(name, relation)


def trainer() -> TrainerStatus | None:
    """The trainer of the data folder; None where none is alive."""
    status = read_trainer(folder(), time.time())
    return status if status and status.is_alive(time.time()) else None


def send(command: Command) -> None:
    """Put a command into the inbox; its receipt is looked for from now on. The sidebar says where that cannot be."""
    state = session()
    try:
        state.sent.append(Inbox(folder()).send(command, time.time()))
        state.unsent = ""
    except FolderUnusable as error:
        state.unsent = f"Not sent: {error}"


def rejection(command: str) -> str | None:
    """Why the trainer put a command aside that it did not understand; None where it did not."""
    return Inbox(folder()).rejection(command)


def select(model: TrialId) -> None:
    """Make a model the selected one and put it into the drawer."""
    session().selected = model
    keep([model])


def keep(models: list[TrialId]) -> None:
    """Put models into the drawer, those that are in it already stay where they are."""
    session().complaint = ""
    drawer = session().drawer
    drawer += [model for model in models if model not in drawer]


def remove(models: Sequence[TrialId]) -> None:
    """Take models out of the drawer; `undo_removal` puts them back."""
    state = session()
    state.complaint = ""
    state.before, state.removed = tuple(state.drawer), tuple(model for model in models if model in state.drawer)
    state.drawer = [kept for kept in state.drawer if kept not in state.removed]


def undo_removal() -> None:
    """Put back what was removed last, to where it was."""
    state = session()
    added = [model for model in state.drawer if model not in state.before]
    state.drawer = [model for model in state.before if model in state.drawer or model in state.removed] + added
    state.removed = ()


def follow_address() -> None:
    """At a visitor's first page take over drawer and model of the address; from then on it names the drawer."""
    state = session()
    if not state.followed:
        models, complaint = address.drawer_of(st.query_params.get("drawer", ""))
        keep(models)
        with suppress(NotFound):  # the page that is about that model says so
            state.selected = asked_model()
        state.followed, state.complaint = True, complaint
    named = address.drawer_text(state.drawer)
    if st.query_params.get("drawer", "") != named:
        if named:
            st.query_params["drawer"] = named
        else:
            del st.query_params["drawer"]


def shown_model() -> TrialId | None:
    """The model that this page is about, as far as its address makes sense; else the selected one."""
    try:
        return asked_model()
    except NotFound:
        return session().selected


def asked_model() -> TrialId | None:
    """The model named in the address (?model=7), else the selected one; raises NotFound for what is no number."""
    asked = st.query_params.get("model")
    if asked is None:
        return session().selected
    return address.model_of(asked, "?model")
