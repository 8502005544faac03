"""One visitor's working state."""

from __future__ import annotations

import secrets
import time
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import TYPE_CHECKING, NamedTuple, cast

import streamlit as st

from remap_core.access.person import NOBODY, Person
from remap_core.access.roles import Role
from remap_core.catalogue.reader import Catalogue
from remap_core.space.draft import Draft
from remap_core.trials.trial import TrialId
from remap_core.views.view import View

if TYPE_CHECKING:
    from remap_core.analysis.suggest.suggestion import Suggestion
    from remap_core.services.exporting.export_zip import ExportZip
    from remap_core.ui.dataset_view import DatasetView
    from remap_core.ui.drawer.note_draft import NoteDraft

SESSION = "remap"
"""The key of the session in st.session_state. Widgets have their own keys."""


TOAST_SECONDS = 2.5
"""Until a toast has been drawn by a browser."""


def new_visitor() -> str:
    """A name for who visits a demo."""
    return f"visitor-{secrets.token_hex(4)}"


class Dock(StrEnum):
    """Where the map is: beside the page, or folded to a strip."""

    OPEN = "open"
    FOLDED = "folded"


class Tab(StrEnum):
    """The tabs of the inspect page, as the URL names them."""

    PERFORMANCE = "performance"
    IMAGES = "images"
    LAYERS = "layers"
    LINEAGE = "lineage"
    TRY_IT = "try-it"
    EXPORT = "export"
    NOTES = "notes"


class Drawer(NamedTuple):
    """A drawer that is put away while its visitor looks at another data set, with the model that was selected."""

    models: list[TrialId]
    removed: tuple[TrialId, ...]
    before_removal: tuple[TrialId, ...]
    selected: TrialId | None


@dataclass
class SentPress:
    """A press of a button that has sent something: its number, and when that was (seconds, monotonic clock).

    drawn: when the button was drawn for the next press; None until then.
    """

    number: int
    sent: float
    drawn: float | None = None


@dataclass
class Session:
    """One visitor's working state.

    visitor: their name in a demo, where nobody signs in. restored: when the demo was restored that they look at; None
    before the first look.
    person, role: who it is, as this run of the page found out; no role for a stranger. belongs_to: who it was before.
    catalogue: the one that the present run of the page reads; None before the first look. dataset_views: its data
    sets, by name, those that this run has asked for.
    drawn_from: what the present page was drawn from (see `news`). moves: whether its parts update by themselves.
    dataset, selected, hovered: what the visitor looks at; None before they choose. compared: the model next to the
    selected one. stack: models whose circles lie where the last click was, if there are several. tab: what the inspect
    page shows of them.
    drawer: models of that data set in the order in which they were added. removed, drawer_before_removal: what undo
    needs. put_away: the drawers of the other data sets, by name. own_drawer: the person's own, while `drawer` is that
    of a link. drawers_of: whose drawers these are; empty where nobody signs in. kept_drawers: what is on the disk of
    them.
    sent: ids of commands, newest last. announced: those whose answers were shown. toasted: when the last
    toast was sent (seconds, monotonic clock). send_error: why the last one could not be sent.
    asked: when the browser last asked for something by itself (seconds, monotonic clock).
    presses: by button, its last press that sent something.
    batches: names of batches whose end is still to be announced.
    notes: what is edited of notes and tags, by model and whose they are.
    drafts: by parent. views: by data set. dock: whether the map is folded away, by the visitor's own choice.
    url: what the URL says, as this app last wrote or read it; None before the first page. page: the page it was for.
    asked_view: the view that the URL asks for, until it is read. url_warnings: by part of the URL, why it is ignored.
    warnings: which parts of a view, or of an entry, are ignored and why.
    told: by field that can be emptied, how many runs have told the browser its value.
    corrections: by data set, what was said of its images: by number, or "training 12", the class that one should have,
    empty for one to leave out.
    started: ids of the commands that train the first models of a data set, by data set.
    exports: what was pressed to be made, by file name and weights. zipped: the last .zip file of several models, with
    what was asked for.
    suggested: what the page suggests, for the map beside it. suggestions_sent: fingerprints of those that were sent.
    admitted: when the last commands of somebody without a name were sent (seconds, monotonic clock).
    """

    visitor: str = field(default_factory=new_visitor)
    restored: float | None = None
    person: Person = NOBODY
    role: Role | None = None
    belongs_to: Person | None = None
    catalogue: Catalogue | None = None
    dataset_views: dict[str, DatasetView] = field(default_factory=dict)
    drawn_from: tuple[object, ...] = ()
    moves: bool = True
    dataset: str | None = None
    selected: TrialId | None = None
    compared: TrialId | None = None
    tab: Tab = Tab.PERFORMANCE
    hovered: TrialId | None = None
    stack: tuple[TrialId, ...] = ()
    drawer: list[TrialId] = field(default_factory=list)
    removed: tuple[TrialId, ...] = ()
    drawer_before_removal: tuple[TrialId, ...] = ()
    put_away: dict[str, Drawer] = field(default_factory=dict)
    own_drawer: list[TrialId] | None = None
    drawers_of: str = ""
    kept_drawers: dict[str, list[TrialId]] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    announced: set[str] = field(default_factory=set)
    toasted: float = -inf
    send_error: str = ""
    told: dict[str, int] = field(default_factory=dict)
    asked: float = inf
    presses: dict[str, SentPress] = field(default_factory=dict)
    batches: list[str] = field(default_factory=list)
    notes: dict[tuple[TrialId, str], NoteDraft] = field(default_factory=dict)
    drafts: dict[TrialId, Draft] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    dock: Dock | None = None
    url: dict[str, str] | None = None
    page: str = ""
    asked_view: dict[str, str] | None = None
    url_warnings: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    corrections: dict[str, dict[int | str, str]] = field(default_factory=dict)
    started: dict[str, str] = field(default_factory=dict)
    exports: set[str] = field(default_factory=set)
    zipped: tuple[object, ExportZip] | None = None
    suggested: tuple[Suggestion, ...] = ()
    suggestions_sent: list[str] = field(default_factory=list)
    admitted: deque[float] = field(default_factory=deque)

    def is_toasting(self) -> bool:
        """Whether the last toast may still be on its way: a run that follows takes it from a browser that is busy."""
        return time.monotonic() - self.toasted < TOAST_SECONDS

    @property
    def unannounced(self) -> list[str]:
        """The commands whose answers were not shown yet, oldest first."""
        return [command for command in self.sent if command not in self.announced]


def current_session() -> Session:
    """This visitor's state. A run of a page asks for it a hundred times, and Streamlit takes its time to look it up."""
    try:
        return cast(Session, st.session_state[SESSION])
    except KeyError:
        st.session_state[SESSION] = session = Session()
        return session
