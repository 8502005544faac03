"""One visitor's working state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, cast

import streamlit as st

from remap_core.space.draft import Draft
from remap_core.trials.trial import TrialId
from remap_core.views.view import View

SESSION = "remap"
"""The key of the session in st.session_state. Widgets have their own keys."""


class Drawer(NamedTuple):
    """A drawer that is put away while its visitor looks at another data set, with the model that was selected."""

    models: list[TrialId]
    removed: tuple[TrialId, ...]
    before_removal: tuple[TrialId, ...]
    selected: TrialId | None


@dataclass
class Session:
    """One visitor's working state.

    dataset, selected, hovered: what the visitor looks at; None before they choose.
    drawer: models of that data set in the order in which they were added. removed, drawer_before_removal: what undo
    needs. put_away: the drawers of the other data sets, by name.
    sent: ids of commands, newest last. send_error: why the last one could not be sent.
    batches: names of batches whose end is still to be announced.
    drafts: by parent. views: by data set.
    url_was_read: whether the drawer in the URL was added. drawer_warning: what in it could not be used.
    url_query: the view that the URL last asked for. warnings: which parts of it, or of an entry, are ignored and why.
    started: ids of the commands that train the first models of a data set, by data set.
    dataset_warning: why the data set in the URL could not be used.
    """

    dataset: str | None = None
    selected: TrialId | None = None
    hovered: TrialId | None = None
    drawer: list[TrialId] = field(default_factory=list)
    removed: tuple[TrialId, ...] = ()
    drawer_before_removal: tuple[TrialId, ...] = ()
    put_away: dict[str, Drawer] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    send_error: str = ""
    batches: list[str] = field(default_factory=list)
    drafts: dict[TrialId, Draft] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    url_was_read: bool = False
    drawer_warning: str = ""
    url_query: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    started: dict[str, str] = field(default_factory=dict)
    dataset_warning: str = ""


def current_session() -> Session:
    """This visitor's state."""
    if SESSION not in st.session_state:
        st.session_state[SESSION] = Session()
    return cast(Session, st.session_state[SESSION])
