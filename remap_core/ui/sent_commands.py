"""Commands that this visitor sent, and what became of them."""

from __future__ import annotations

import time

from remap_core.data_folder.inbox import Inbox
from remap_core.errors import FolderUnusable
from remap_core.trials.commands import Command
from remap_core.ui.app_data import folder
from remap_core.ui.session import current_session


def send(command: Command) -> None:
    """Put a command into the inbox; its receipt is looked for from now on. The sidebar says where that cannot be."""
    state = current_session()
    try:
        state.sent.append(Inbox(folder()).send(command, time.time()))
        state.unsent = ""
    except FolderUnusable as error:
        state.unsent = f"Not sent: {error}"


def rejection(command: str) -> str | None:
    """Why the trainer put a command aside that it did not understand; None where it did not."""
    return Inbox(folder()).rejection(command)
