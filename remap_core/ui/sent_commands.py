"""Commands that this visitor sent to the trainer, and what came of them."""

from __future__ import annotations

import time

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.data_folder.inbox import Inbox
from remap_core.errors import FolderUnusable
from remap_core.trials.commands import Command, Enqueue, Outcome
from remap_core.trials.trial import Proposal
from remap_core.ui import app_data, live
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.session import current_session

SHOWN = 3
"""Last commands whose answers a page shows."""


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


def show_answers() -> None:
    """What came of this visitor's last commands, live; nothing before the first command."""
    if current_session().sent:
        live.live(answers)


def answers(catalogue: Catalogue) -> None:
    """One line for each of this visitor's last commands: sent, applied, or refused and why."""
    for command in reversed(current_session().sent[-SHOWN:]):
        _answer(catalogue, command)


def _answer(catalogue: Catalogue, command: str) -> None:
    receipt = catalogue.receipt(command)
    if receipt is None:
        _unanswered(command)
    elif receipt.outcome is Outcome.APPLIED:
        st.caption(f":material/check: {escape_markdown(receipt.message)}")
    else:
        st.warning(f"Refused: {escape_markdown(receipt.message)}", icon=":material/block:")


def _unanswered(command: str) -> None:
    reason = Inbox(app_data.folder()).rejection(command)
    if reason:
        st.warning(f"The trainer could not read this command: {escape_markdown(reason)}", icon=":material/block:")
    elif app_data.trainer():
        st.caption(":material/outgoing_mail: Sent.")
    else:
        st.caption(":material/outgoing_mail: Sent. Waiting for a trainer.")
