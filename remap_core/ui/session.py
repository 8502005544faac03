"""One visitor's working state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import streamlit as st

from remap_core.space.draft import Draft
from remap_core.trials.trial import TrialId
from remap_core.views.view import View

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


def current_session() -> Session:
    """This visitor's state."""
    if SESSION not in st.session_state:
        st.session_state[SESSION] = Session()
    return cast(Session, st.session_state[SESSION])
