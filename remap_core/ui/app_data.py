"""What the app's process reads: settings, data folder, the newest catalogue, and what is derived from it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

import streamlit as st

from remap_core.analysis.durations import TimeEstimate, estimate_time
from remap_core.analysis.surrogate import Surrogate
from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.snapshot import current_number, open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import TrainerStatus, read_trainer
from remap_core.errors import NoCatalogue
from remap_core.services.proposals import surrogate_of
from remap_core.settings import Settings, read_settings, unknown_variables
from remap_core.trials.model_maps import ModelMap, Relation
from remap_core.trials.population import Population
from remap_core.ui.session import current_session

log = logging.getLogger(__name__)


Stamp = tuple[int, float, tuple[str, ...]]


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
    chosen = current_session().dataset
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
    return surrogate_of(population_of(name), catalogue().dataset(name), epochs)


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
