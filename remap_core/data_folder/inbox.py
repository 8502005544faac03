"""The inbox: commands for the trainer as files, which are kept while no trainer is running."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import secrets
import stat
import threading
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from remap_core.access.person import Person
from remap_core.access.signatures import bare, is_signed, sender_of, signed
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.signing_key import signing_key
from remap_core.errors import UnreadableCommand
from remap_core.formatting import count
from remap_core.system.files import write_file
from remap_core.trials.commands import Command, command_from_json, command_to_json

MAX_COMMANDS = 50
"""Commands that are read at a time, so that they do not hold up the trainer's other work."""

MAX_BYTES = 16_000_000
"""Bytes of a command: 1,000 children of 60 layers take 9 million. A larger file is not read."""

_FILE_NAME = re.compile(r"([\w-][\w.-]*)\.json", re.ASCII)
_LANE = re.compile(r"\d{17}-\d{6}-([0-9a-f]{8})[0-9a-f]{8}")
_PROCESS = secrets.token_hex(8)
_SENT = itertools.count()
_CLOCK_JITTER = 10**6
"""Microseconds by which a clock may run backwards; more than that means that it was set back."""


class _Stamps:
    """Increasing timestamps in microseconds: after the clock was set back, the last one until the clock catches up."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def of(self, now: float) -> int:
        with self._lock:
            stamp = int(now * 1e6)
            if stamp < self._last - _CLOCK_JITTER:
                stamp = self._last
            self._last = max(self._last, stamp)
            return stamp


_STAMPS: defaultdict[Path, _Stamps] = defaultdict(_Stamps)


class Received(NamedTuple):
    """A command as it was found: its id, and the error that says why where it cannot be read.

    sender: who signed it; None where it is not signed.
    """

    ident: str
    command: Command | UnreadableCommand
    sender: Person | None


class Inbox:
    """The inbox of a data folder. Only what is named *.json is a command; all else is left alone.

    problem: why an answered command is still there; empty where there is none. It is not read again by this value.
    """

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder
        self._stuck: set[str] = set()
        self.problem = ""

    def send(self, command: Command, now: float, sender: Person) -> str:
        """Write a signed command to the inbox and the disk; returns its id. Raises FolderUnusable.

        Ids are unique. They sort by `now`, then by the order in which this process sent them, even after the clock
        was set back by more than a second.
        """
        stamp = _STAMPS[self._folder.home].of(now)
        number = next(_SENT) % 10**6
        ident = f"{stamp:017d}-{number:06d}-{_lane(sender)}{secrets.token_hex(4)}"
        form = signed(command_to_json(command), ident, sender, signing_key(self._folder))
        content = json.dumps(form, separators=(",", ":")).encode()
        self._folder.write(self._path(ident), content, scratch=self._folder.unfinished_commands)
        return ident

    def pending(self, limit: int = MAX_COMMANDS) -> list[Received]:
        """Return the oldest commands, in order; where there are more than `limit`, as many of each sender."""
        with self._folder.errors_as_unusable(), os.scandir(self._folder.inbox) as entries:
            file_names = [entry.name for entry in entries]
        matches = map(_FILE_NAME.fullmatch, file_names)
        commands = {match[1] for match in matches if match}
        self._stuck &= commands
        if not self._stuck:
            self.problem = ""
        return [self._received(command) for command in _fair(commands - self._stuck, limit)]

    def _received(self, ident: str) -> Received:
        path = self._path(ident)
        try:
            form = json.loads(_content(path))
            json.dumps(form, ensure_ascii=False).encode()  # a lone surrogate could not be stored
            if not isinstance(form, dict):
                return Received(ident, command_from_json(form), None)
            sender = sender_of(form, ident, signing_key(self._folder)) if is_signed(form) else None
            return Received(ident, command_from_json(bare(form)), sender)
        except UnreadableCommand as error:
            return Received(ident, error, None)
        except (OSError, ValueError, RecursionError) as error:
            return Received(ident, UnreadableCommand(f"{path.name} cannot be read as JSON: {error}."), None)

    def discard(self, command: str) -> None:
        """Delete a command that was answered; one that cannot be deleted is the inbox's `problem`."""
        with self._sticking(command, "deleted"):
            self._path(command).unlink(missing_ok=True)

    def reject(self, command: str, reason: str) -> None:
        """Move an unreadable command out of the inbox, and write the reason to a file next to it.

        One that cannot be moved is the inbox's `problem`.
        """
        target = self._folder.rejected_commands / f"{command}.json"
        with self._sticking(command, "put aside"):
            write_file(self._reason(command), f"{reason}\n".encode())
            self._path(command).replace(target)

    @contextmanager
    def _sticking(self, command: str, verb: str) -> Iterator[None]:
        """One file that the system refuses to move must not keep the trainer from all others."""
        try:
            yield
        except OSError as error:
            self._stuck.add(command)
            self.problem = (
                f"The command {self._path(command)} was answered, but cannot be {verb}: {error.strerror}; "
                "the inbox must belong to the trainer's user."
            )

    def rejection(self, command: str) -> str | None:
        """Return the reason why a command was rejected; None where it was not."""
        try:
            return self._reason(command).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return None

    def _reason(self, command: str) -> Path:
        return self._folder.rejected_commands / f"{command}.reason.txt"

    def _path(self, command: str) -> Path:
        return self._folder.inbox / f"{command}.json"


def _lane(sender: Person) -> str:
    """Eight characters that tell senders apart: people by their names, else processes."""
    return hashlib.sha256((sender.name or _PROCESS).encode()).hexdigest()[:8]


def _fair(commands: Collection[str], limit: int) -> list[str]:
    """The oldest ids in order, in turn from each sender, so that nobody waits behind thousands of another."""
    if len(commands) <= limit:
        return sorted(commands)
    turns: defaultdict[str, itertools.count[int]] = defaultdict(itertools.count)
    in_turn = []
    for command in sorted(commands):
        match = _LANE.fullmatch(command)
        in_turn.append((next(turns[match[1] if match else ""]), command))
    return sorted(command for _, command in sorted(in_turn)[:limit])


def _content(path: Path) -> bytes:
    """The content of a file that is one, and of a size that a command may have; raises UnreadableCommand."""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise UnreadableCommand(f"{path.name} is not a file: a command is never a folder, a link or a pipe.")
    # no link and no pipe either that took its place since
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        size = os.fstat(descriptor).st_size
        if size > MAX_BYTES:
            raise UnreadableCommand(
                f"A command must have at most {count(MAX_BYTES)} bytes, but {path.name} has {count(size)}."
            )
        return file.read(MAX_BYTES)
