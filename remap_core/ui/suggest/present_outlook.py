"""Suggestions under this visitor's view, computed once for all visitors who look at the same."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from remap_core.analysis.suggest.batch import PLAIN
from remap_core.analysis.suggest.suggestion import Suggestion
from remap_core.services.suggestions.outlook import Outlook
from remap_core.services.suggestions.suggesting import outlook, propose_suggestions
from remap_core.system.refreshing import Refreshing
from remap_core.ui import app_data, sent_commands, view_state
from remap_core.ui.session import current_session
from remap_core.views.view import View

MAX_SENT = 100
"""Suggestions of this visitor that are remembered until the trainer has them."""

PATIENCE = 20
"""With so many finished models, each new one changes the outlook; with more, a share of one in so many."""

PRESS = "train-suggested"
"""All buttons that train suggestions are one: the second half of a double click may meet the next card's."""


def present_outlook(step: int = 1) -> Outlook:
    """What could be trained next on the data set that is looked at; raises RemapError, also where nothing is left.

    While something is trained, it may be some seconds old.
    """
    return _present(step).outlook


def best_suggestions(n: int, explore: float = PLAIN, step: int = 1) -> list[Suggestion]:
    """The n best that this visitor has not just sent; raises RemapError, also where nothing is left."""
    sent = current_session().suggestions_sent
    found = _present(step).best(n + len(sent), explore)
    return [suggestion for suggestion in found if suggestion.architecture.fingerprint not in sent][:n]


def train(suggestions: Sequence[Suggestion], press: sent_commands.Press) -> None:
    """Send suggestions to the trainer."""
    sent = current_session().suggestions_sent
    if sent_commands.enqueue(propose_suggestions(suggestions, time.time()), press):
        sent += [suggestion.architecture.fingerprint for suggestion in suggestions]
        del sent[:-MAX_SENT]


class _Ahead:
    """An outlook, and the best of it that pages have asked for."""

    def __init__(self, outlook: Outlook) -> None:
        self.outlook = outlook
        self._best: dict[tuple[int, float], list[Suggestion]] = {}

    def best(self, n: int, explore: float) -> list[Suggestion]:
        """The n best suggestions."""
        if (n, explore) not in self._best:
            self._best[n, explore] = self.outlook.suggestions(n, explore)
        return self._best[n, explore]


@st.cache_resource(show_spinner=False)
def _kept() -> Refreshing[_Ahead]:
    return Refreshing(keeps=16)


def _present(step: int) -> _Ahead:
    """Of this visitor's data set, objective and filter: the axes of the map suggest nothing.

    There is a new one when something is queued, and when a twentieth more has finished. It takes up to a second, on a
    busy machine several: while parts of the page update by themselves, it is worked out in the background.
    """
    dataset, view = app_data.dataset_view(), view_state.current_view()
    view = View(objective=view.objective, filter=view.filter)
    finished, _, class_names = dataset.stamp
    news = finished - finished % max(1, finished // PATIENCE)
    catalogue, settings, card = app_data.catalogue(), app_data.settings(), dataset.card
    tried = sum(catalogue.states_of(dataset.name).values())
    return _kept().get(
        (dataset.name, class_names, str(view.to_query()), step),
        (news, tried),
        lambda: _Ahead(outlook(catalogue, settings, card, view, step=step)),
        may_be_old=current_session().moves,
    )
