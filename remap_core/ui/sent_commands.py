"""Commands that this visitor sent to the trainer, and what came of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from remap_core.access.roles import Role
from remap_core.catalogue.reader import Catalogue
from remap_core.data_folder.inbox import Inbox
from remap_core.errors import CommandRefused, FolderUnusable
from remap_core.trials.commands import AddedDataset, Command, Enqueue
from remap_core.trials.trial import Proposal
from remap_core.ui import app_data, live
from remap_core.ui.people import visitor
from remap_core.ui.people.admission import admit
from remap_core.ui.server.app_endpoint import count_command
from remap_core.ui.session import SentPress, current_session

NOTHING = "&nbsp;"
"""A line that keeps its place: what is below does not move when something is to be said."""

DOUBLE_CLICK = 1.0
"""Seconds after a press of a button in which another press of it is the second half of a double click."""


class Press(NamedTuple):
    """The next press of a button as it was drawn: a number for each button, one higher after each press."""

    button: str
    number: int


def press(button: str) -> Press:
    """The identity of the next press of a button, made where the button is drawn, so that a double click counts once.

    The button's callback passes it on to `send` or `enqueue`:

        st.button("Train", on_click=_train, args=(children, sent_commands.press("generate-train")))

        def _train(children: Children, press: Press) -> None:
            sent_commands.enqueue(propose_children(children), press=press)

    button: a name that tells the buttons of the app apart, for example its key.
    """
    last = current_session().presses.get(button)
    if last is None:
        return Press(button, 1)
    if last.drawn is None:
        last.drawn = time.monotonic()
    return Press(button, last.number + 1)


def send(command: Command, press: Press | None = None) -> None:
    """Put a command into the inbox. If that fails, the sidebar says why.

    press: nothing is sent if that press has sent something before, or if it is the second half of a double click.
    """
    _send([command], press)


def enqueue(proposals: tuple[Proposal, ...], press: Press | None = None) -> bool:
    """Send trainings, which are one batch, and announce when all of them have finished; returns whether they were sent.

    press: as for `send`.
    """
    return train(Enqueue(proposals), press) is not None


def record_dataset(name: str) -> None:
    """Where people sign in, record who has added a data set."""
    if not visitor.is_open():
        send(AddedDataset(name))


def train(command: Enqueue, press: Press | None = None) -> str | None:
    """Send trainings as `enqueue` does; returns the id of the last command, None where nothing was sent."""
    ident = _send(command.pieces(), press)
    if ident:
        current_session().batches.append(command.proposals[0].batch)
    return ident


def _send(commands: Sequence[Command], press: Press | None) -> str | None:
    """The id of the last command, which is in the inbox now. Whether its sender may send it is for the trainer to say.

    All of them count as one.
    """
    if press and _was_made(press):
        return None
    session = current_session()
    try:
        sender = admit(Role.VIEWER, "send commands")
        inbox = Inbox(app_data.folder())
        idents = [inbox.send(command, time.time(), sender) for command in commands]
    except (CommandRefused, FolderUnusable) as error:
        session.send_error = f"Not sent: {error}"
        count_command(commands[0].kind, "refused")
        return None
    count_command(commands[0].kind, "sent")
    session.sent += idents
    session.send_error = ""
    if press:
        session.presses[press.button] = SentPress(press.number, time.monotonic())
    return idents[-1]


def _was_made(press: Press) -> bool:
    """Whether a press has sent something already, by its number or by the clock.

    Of a double click the second half may come before the page is drawn again, and is then the same press, or after. On
    a busy server it may have waited until the page was drawn again.
    """
    session = current_session()
    last = session.presses.get(press.button)
    if last is None:
        return False
    has_waited = last.drawn is not None and session.asked < last.drawn
    return press.number <= last.number or has_waited or time.monotonic() - last.sent < DOUBLE_CLICK


def show_answers() -> None:
    """Whether this visitor's commands wait for an answer, live. The answer itself is a toast, on any page."""
    if current_session().unannounced:
        live.live(answers)
    else:
        st.caption(NOTHING)


def answers(catalogue: Catalogue) -> None:
    """One line while commands of this visitor are not answered; its place is kept."""
    inbox = Inbox(app_data.folder())
    unannounced = current_session().unannounced
    waits = any(catalogue.receipt(command) is None and not inbox.rejection(command) for command in unannounced)
    if not waits:
        st.caption(NOTHING)
    elif app_data.trainer():
        st.caption(":material/outgoing_mail: Sent.")
    else:
        st.caption(":material/outgoing_mail: Sent. Waiting for a trainer.")
