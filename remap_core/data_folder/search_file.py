"""The file of the search that a data folder's trainer carries out by itself: at most one at a time."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from remap_core.data_folder.folder import DataFolder

ACTIVE, ENDED = "search.json", "search-ended.json"

Form = Mapping[str, Any]
"""A search as JSON."""


def create_search(folder: DataFolder, form: Form) -> bool:
    """Write a search, unless there is one; returns whether it was written. Of two at once, one wins.

    Raises FolderUnusable.
    """
    scratch = folder.unfinished_commands / f"search-{os.getpid()}-{os.urandom(4).hex()}"
    folder.write(scratch, json.dumps(form).encode())
    with folder.errors_as_unusable():
        try:
            os.link(scratch, folder.home / ACTIVE)
        except FileExistsError:
            return False
        finally:
            scratch.unlink(missing_ok=True)
    return True


def read_search(folder: DataFolder) -> Form | None:
    """The search that is going on; None where there is none, or where the file cannot be read."""
    return _read(folder, ACTIVE)


def read_ended_search(folder: DataFolder) -> Form | None:
    """The search that ended last, with the sentence `ended` and the number `queued`; None before any."""
    return _read(folder, ENDED)


def search_stamp(folder: DataFolder) -> tuple[int, ...]:
    """Differs once a search has begun or ended. Cheap enough to poll."""
    stamps = []
    for name in (ACTIVE, ENDED):
        with suppress(OSError):
            stamps.append((folder.home / name).stat().st_mtime_ns)
    return tuple(stamps)


def end_search(folder: DataFolder, form: Form, sentence: str, queued: int) -> None:
    """End a search, and keep why, and how many trainings it has queued; nothing happens where it has ended already.

    Raises FolderUnusable.
    """
    if read_search(folder) != form:
        return
    folder.write(folder.home / ENDED, json.dumps({**form, "ended": sentence, "queued": queued}).encode())
    with folder.errors_as_unusable():
        (folder.home / ACTIVE).unlink(missing_ok=True)


def _read(folder: DataFolder, name: str) -> Form | None:
    with suppress(OSError, ValueError):
        form = json.loads((folder.home / name).read_bytes())
        if isinstance(form, dict):
            return form
    return None
