"""The inbox: commands for the trainer as files, which wait safely while none is alive."""

from __future__ import annotations

import heapq
import itertools
import json
import os
import re
import secrets
import threading
from collections import defaultdict
from pathlib import Path

from remap_core.data_folder.folder import DataFolder
from remap_core.errors import UnreadableCommand
from remap_core.trials.commands import Command, command_from_json, command_to_json

AT_ONCE = 50
"""Commands that one look takes out, so that the trainer's other work is never long delayed."""

_NAME = re.compile(r"([\w-][\w.-]*)\.json", re.ASCII)
_SENT = itertools.count()
_SET_BACK = 10**6
"""Microseconds by which a clock that is read twice is never behind itself, unless it was set."""


class _Stamps:
    """Microseconds for ids: `now`, and after the clock was set back the last ones until it has caught up."""

    def __init__(self) -> None:
        self._last, self._lock = 0, threading.Lock()

    def of(self, now: float) -> int:
        with self._lock:
            stamp = int(now * 1e6)
            if stamp < self._last - _SET_BACK:
                stamp = self._last
            self._last = max(self._last, stamp)
            return stamp


_STAMPS: defaultdict[Path, _Stamps] = defaultdict(_Stamps)


class Inbox:
    """The inbox of a data folder. Only files named *.json are commands; whatever else lies there is left alone."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder

    def send(self, command: Command, now: float) -> str:
        """Put a command into the inbox, safely on the disk; returns its id. Raises FolderUnusable.

        Ids sort by `now`, then by the order in which this process sent them, and no two are equal. A clock that is set
        back by more than a second does not put what this process sends then before what it sent.
        """
        ident = f"{_STAMPS[self._folder.home].of(now):017d}-{next(_SENT) % 10**6:06d}-{secrets.token_hex(4)}"
        content = json.dumps(command_to_json(command), separators=(",", ":")).encode()
        self._folder.write(self._path(ident), content, scratch=self._folder.unfinished_commands)
        return ident

    def pending(self, at_most: int = AT_ONCE) -> list[tuple[str, Command | UnreadableCommand]]:
        """The oldest commands with their ids, in order; what is no command as the error that says why."""
        with self._folder.using(), os.scandir(self._folder.inbox) as entries:
            files = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
        commands = [match[1] for match in map(_NAME.fullmatch, files) if match]
        return [(command, _read(self._path(command))) for command in heapq.nsmallest(at_most, commands)]

    def discard(self, command: str) -> None:
        """Forget a command that was answered."""
        with self._folder.using():
            self._path(command).unlink(missing_ok=True)

    def reject(self, command: str, reason: str) -> None:
        """Put aside a file that is no command, with the reason beside it."""
        aside = self._folder.rejected_commands / f"{command}.json"
        with self._folder.using():
            self._path(command).replace(aside)
        self._folder.write(self._reason(command), f"{reason}\n".encode())

    def rejection(self, command: str) -> str | None:
        """Why a command that was sent was put aside; None where it was not."""
        try:
            return self._reason(command).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return None

    def _reason(self, command: str) -> Path:
        return self._folder.rejected_commands / f"{command}.reason.txt"

    def _path(self, command: str) -> Path:
        return self._folder.inbox / f"{command}.json"


def _read(path: Path) -> Command | UnreadableCommand:
    try:
        form = json.loads(path.read_bytes())
        json.dumps(form, ensure_ascii=False).encode()  # half a character (a lone surrogate) could not be stored
        return command_from_json(form)
    except UnreadableCommand as error:
        return error
    except (OSError, ValueError, RecursionError) as error:
        return UnreadableCommand(f"{path.name} cannot be read as JSON: {error}.")
