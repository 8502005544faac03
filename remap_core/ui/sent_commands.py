"""Commands that this visitor sent to the trainer, and what came of them."""

from __future__ import annotations

import time

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.data_folder.inbox import Inbox
from remap_core.errors import FolderUnusable
from remap_core.trials.commands import Command, Enqueue
from remap_core.trials.trial import Proposal
from remap_core.ui import app_data, live
from remap_core.ui.session import current_session

NOTHING = "&nbsp;"
"""A line that keeps its place: what is below does not move when something is to be said."""


def send(command: Command) -> None:
    """Put a command into the inbox. If that fails, the sidebar says why."""
    session = current_session()
    try:
        ident = Inbox(app_data.folder()).send(command, time.time())
    except FolderUnusable as error:
        session.send_error = f"Not sent: {error}"
        return
    session.sent.append(ident)
    session.send_error = ""


def enqueue(proposals: tuple[Proposal, ...]) -> None:
    """Send trainings, which are one batch, and announce when all of them have finished."""
    send(Enqueue(proposals))
    current_session().batches.append(proposals[0].batch)


def unannounced() -> list[str]:
    """This visitor's commands whose answers were not shown yet, oldest first."""
    session = current_session()
    return [command for command in session.sent if command not in session.announced]


def show_answers() -> None:
    """Whether this visitor's commands wait for an answer, live. The answer itself is a toast, on any page."""
    if unannounced():
        live.live(answers)
    else:
        st.caption(NOTHING)


def answers(catalogue: Catalogue) -> None:
    """One line while commands of this visitor are not answered; its place is kept."""
    inbox = Inbox(app_data.folder())
    waits = any(catalogue.receipt(command) is None and not inbox.rejection(command) for command in unannounced())
    if not waits:
        st.caption(NOTHING)
    elif app_data.trainer():
        st.caption(":material/outgoing_mail: Sent.")
    else:
        st.caption(":material/outgoing_mail: Sent. Waiting for a trainer.")
