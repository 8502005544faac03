"""Suggestions under this visitor's view, computed once for all visitors who look at the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from remap_core.analysis.suggest.batch import PLAIN
from remap_core.analysis.suggest.suggestion import Suggestion
from remap_core.services.suggestions.outlook import Outlook
from remap_core.services.suggestions.suggesting import outlook, propose_suggestions
from remap_core.ui import app_data, sent_commands, view_state
from remap_core.ui.dataset_view import DatasetView
from remap_core.ui.session import current_session
from remap_core.views.view import View

MAX_SENT = 100
"""Suggestions of this visitor that are remembered until the trainer has them."""

PATIENCE = 20
"""With so many finished models, each new one changes the outlook; with more, a share of one in so many."""

PRESS = "train-suggested"
"""All buttons that train suggestions are one: the second half of a double click may meet the next card's."""


def present_outlook(step: int = 1) -> Outlook:
    """What could be trained next on the data set that is looked at; raises RemapError, also where nothing is left."""
    return _outlook(_Look.present(), step)


def best_suggestions(n: int, explore: float = PLAIN, step: int = 1) -> list[Suggestion]:
    """The n best that this visitor has not just sent; raises RemapError, also where nothing is left."""
    sent = current_session().suggestions_sent
    found = _best(_Look.present(), step, n + len(sent), explore)
    return [suggestion for suggestion in found if suggestion.architecture.fingerprint not in sent][:n]


def train(suggestions: Sequence[Suggestion], press: sent_commands.Press) -> None:
    """Send suggestions to the trainer."""
    sent = current_session().suggestions_sent
    if sent_commands.enqueue(propose_suggestions(suggestions, time.time()), press):
        sent += [suggestion.architecture.fingerprint for suggestion in suggestions]
        del sent[:-MAX_SENT]


@dataclass(frozen=True)
class _Look:
    """A data set as a visitor looks at it."""

    dataset: DatasetView
    view: View

    @classmethod
    def present(cls) -> _Look:
        """Of this visitor, with objective and filter: the axes of the map suggest nothing."""
        view = view_state.current_view()
        return cls(app_data.dataset_view(), View(objective=view.objective, filter=view.filter))

    def key(self) -> str:
        """Changes when something is queued, and when a twentieth more has finished: an outlook takes up to a second."""
        finished, _, class_names = self.dataset.stamp
        news = finished - finished % max(1, finished // PATIENCE)
        tried = sum(self.dataset.newest().states_of(self.dataset.name).values())
        return f"{(self.dataset.name, class_names, news, tried, self.view.to_query())}"


_CACHE_KEYS: dict[str | type, Callable[[Any], object]] = {_Look: _Look.key}


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=_CACHE_KEYS)
def _outlook(look: _Look, step: int) -> Outlook:
    return outlook(look.dataset.newest(), app_data.settings(), look.dataset.card, look.view, step=step)


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=_CACHE_KEYS)
def _best(look: _Look, step: int, n: int, explore: float) -> list[Suggestion]:
    return _outlook(look, step).suggestions(n, explore)
