"""Proposals that a command sends to the trainer."""

from __future__ import annotations

import time
from collections.abc import Sequence

import typer

from remap_core.access.person import local_person
from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import read_trainer
from remap_core.data_folder.inbox import Inbox
from remap_core.errors import NoCatalogue
from remap_core.formatting import pluralize
from remap_core.services.expected_time import expected_time, time_sentence, workers_of
from remap_core.space.caps import Caps
from remap_core.trials.commands import Enqueue
from remap_core.trials.trial import Proposal


def newest_catalogue(folder: DataFolder) -> Catalogue | None:
    """The newest snapshot; None before the first."""
    try:
        return open_snapshot(folder)
    except NoCatalogue:
        return None


def send(
    folder: DataFolder,
    catalogue: Catalogue | None,
    proposals: Sequence[Proposal],
    subject: str,
    caps: Caps = (),
    *,
    quietly: bool = False,
) -> None:
    """Send proposals to the trainer, and say how long they will take. quietly: on standard error."""
    now = time.time()
    inbox = Inbox(folder)
    commands = [inbox.send(piece, now, local_person()) for piece in Enqueue(tuple(proposals), caps).pieces()]
    trainer = read_trainer(folder, now)
    typer.echo(f"Sent {subject} as {_listed(commands)}.", err=quietly)
    expected = None
    if catalogue:
        expected = expected_time(catalogue, proposals, workers=workers_of(trainer))
    typer.echo(time_sentence(expected), err=quietly)
    if trainer is None:
        typer.echo("No trainer is running. Start one with: remap trainer", err=quietly)


def _listed(commands: Sequence[str]) -> str:
    if len(commands) == 1:
        return f"command {commands[0]}"
    return f"{pluralize(len(commands), 'command')}, {commands[0]} to {commands[-1]}"
