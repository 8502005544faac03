"""The gate of all that a visitor may change: who may do it, and how often. The trainer checks commands again."""

from __future__ import annotations

import time
from collections import deque
from threading import Lock

import streamlit as st

from remap_core.access.person import Person
from remap_core.access.roles import Role
from remap_core.errors import CommandRefused, NotSignedIn
from remap_core.formatting import count
from remap_core.ui import app_data
from remap_core.ui.people import visitor
from remap_core.ui.session import current_session

MINUTE = 60.0
"""Seconds in which a person may send so many commands."""

_COUNTING = Lock()


def admit(role: Role, action: str) -> Person:
    """Who is at the page now, if they have that role and have not sent too much in the last minute.

    For callbacks: a button may have been drawn before a role was lost or a sign-in ended. Raises CommandRefused.
    action: completes "To ... one must be an admin".
    """
    person = _sender()
    if not visitor.may(role):
        raise CommandRefused(f"To {action} one must be {role.title}.")
    _count(person)
    return person


def admit_images() -> Person:
    """As `admit`, to add a data set: an admin, and in a demo everybody, to their own."""
    return admit(Role.BUILDER if visitor.is_guest() else Role.ADMIN, "add a data set")


def admit_removal(name: str) -> Person:
    """As `admit`, to remove this data set: an admin, and in a demo whose it is."""
    return admit(Role.BUILDER if visitor.is_own_dataset(name) else Role.ADMIN, "remove a data set")


def _sender() -> Person:
    try:
        return visitor.sender()
    except NotSignedIn as error:
        raise CommandRefused(str(error) or "The sign-in has ended: please sign in again.") from None


def _count(person: Person) -> None:
    limit = app_data.settings().max_commands
    with _COUNTING:
        sent = _of_people().setdefault(person.name, deque()) if person.name else current_session().admitted
        now = time.monotonic()
        while sent and now - sent[0] >= MINUTE:
            sent.popleft()
        if len(sent) >= limit:
            raise CommandRefused(f"At most {count(limit)} commands a minute: wait a moment.")
        sent.append(now)


@st.cache_resource(show_spinner=False)
def _of_people() -> dict[str, deque[float]]:
    """When each person sent their last commands (seconds, monotonic clock), in all of their sessions."""
    return {}
