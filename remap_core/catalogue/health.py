"""The health of a data folder: what to check when nothing happens in it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path

from remap_core.catalogue.migrations import MIGRATIONS
from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import MIN_FREE_BYTES, DataFolder
from remap_core.data_folder.heartbeat import FRESH_SECONDS, TrainerStatus, last_status
from remap_core.errors import CatalogueError, NoCatalogue
from remap_core.formatting import model_tags, pluralize
from remap_core.system.filesystem import file_system, network_warning
from remap_core.trials.trial import TrialState
from remap_core.version import __version__

LOW_DISK_BYTES = 2e9
"""Free bytes on the disk below which there is a warning."""
LATE_SECONDS = 60.0
"""Seconds after which a command should have been read by a running trainer."""
ABANDONED_SECONDS = 600.0
"""Seconds after which a partial file is no longer being written."""
MAX_LISTED = 5
"""Models that are listed in a sentence."""


class Level(StrEnum):
    """The severity of a finding."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """The result of one check in one sentence; for a problem, it says what to do."""

    area: str
    level: Level
    sentence: str


Result = tuple[Level, str]


def examine(folder: DataFolder, now: float) -> Iterator[Finding]:
    """Run all checks, which change nothing. now: seconds since 1970."""
    results = chain(
        _check_disk(folder),
        _check_trainer(folder, now),
        _check_snapshot(folder),
        _check_inbox(folder, now),
        _check_partial_files(folder, now),
    )
    for level, sentence in results:
        yield Finding("data folder", level, sentence)


def _check_disk(folder: DataFolder) -> Iterator[Result]:
    try:
        with tempfile.TemporaryFile(dir=folder.home) as file:
            file.write(b"1")
        yield Level.OK, f"{folder.home} is writable."
    except OSError as error:
        yield (
            Level.ERROR,
            f"{folder.home} cannot be written: {error.strerror}; change its permissions, or move it.",
        )
    yield _check_free_space(folder)
    warning = network_warning(folder.home)
    if warning:
        yield Level.ERROR, warning
    else:
        kind = file_system(folder.home) or "unknown"
        yield Level.OK, f"Its file system is {kind}."


def _check_free_space(folder: DataFolder) -> Result:
    free = shutil.disk_usage(folder.home).free
    sentence = f"{free / 1e9:,.1f} GB are free on its disk"
    if free >= LOW_DISK_BYTES:
        return Level.OK, f"{sentence}."
    level = Level.WARNING
    if free < MIN_FREE_BYTES:
        level = Level.ERROR
    return level, f"{sentence}: free some space, because training pauses when the disk is full."


def _check_trainer(folder: DataFolder, now: float) -> Iterator[Result]:
    holder = folder.lock_holder()
    status = last_status(folder)
    if holder is None:
        yield Level.WARNING, "No trainer is running: start one with `remap trainer`, or open the app."
        return
    if status is None or abs(now - status.heartbeat) >= FRESH_SECONDS:
        yield (
            Level.WARNING,
            f"A trainer (pid {holder}) has locked the folder, but {_heartbeat_age(status, now)}: "
            "it is starting, or it hangs and must be stopped.",
        )
        return
    device = status.device or "starting"
    age = max(0.0, now - status.heartbeat)
    yield Level.OK, f"A trainer (pid {status.pid}) is running: {device}, last heartbeat {age:.0f} s ago."
    yield _check_version(status.version)
    if status.message:
        yield Level.WARNING, f"The trainer reports: {status.message}"


def _heartbeat_age(status: TrainerStatus | None, now: float) -> str:
    if status is None:
        return "it has not sent a heartbeat yet"
    age = now - status.heartbeat
    if age >= 0:
        return f"its last heartbeat is {age:,.0f} s old"
    return f"its last heartbeat is {-age:,.0f} s in the future (a clock was changed)"


def _check_version(trainer: str) -> Result:
    if trainer == __version__:
        return Level.OK, f"Its version is {trainer}, like this one."
    return (
        Level.ERROR,
        f"The trainer's version is {trainer}, but this is {__version__}: restart the older of the two.",
    )


def _check_snapshot(folder: DataFolder) -> Iterator[Result]:
    try:
        catalogue = open_snapshot(folder)
    except NoCatalogue as error:
        yield Level.OK, str(error)
    except CatalogueError as error:
        yield Level.ERROR, str(error)
    else:
        with closing(catalogue):
            trials = sum(catalogue.counts().values())
            schema = MIGRATIONS[-1].__name__
            yield (
                Level.OK,
                f"Snapshot {catalogue.number} is readable: {pluralize(trials, 'trial')}, schema {schema}.",
            )
            yield from _check_artifacts(folder, catalogue)


def _check_artifacts(folder: DataFolder, catalogue: Catalogue) -> Iterator[Result]:
    known = catalogue.trial_ids(*TrialState)
    newest = max(known, default=0)  # newer trials are not published yet
    folders = {int(path.name) for path in folder.artifacts.iterdir() if path.name.isdecimal()}
    unknown = {trial for trial in folders - known if trial <= newest}
    if unknown:
        yield (
            Level.WARNING,
            f"{folder.artifacts} has artifacts of unknown models: {_listed(unknown)}; delete them.",
        )
    complete = catalogue.trial_ids(TrialState.COMPLETE)
    missing = {trial for trial in complete if not folder.weights(trial).is_file()}
    if missing:
        yield (
            Level.WARNING,
            f"The weights of these models are missing: {_listed(missing)}; they can no longer be scored or exported.",
        )
    if not unknown and not missing:
        yield Level.OK, "Every complete model has its weights."


def _check_inbox(folder: DataFolder, now: float) -> Iterator[Result]:
    ages = [_age(path, now) for path in folder.inbox.glob("*.json")]
    waiting = f"Commands waiting in the inbox: {len(ages)}"
    if max(ages, default=0.0) <= LATE_SECONDS:
        yield Level.OK, f"{waiting}."
    elif folder.lock_holder():
        yield Level.WARNING, f"{waiting}; the trainer does not read them, and its log may say why."
    else:
        yield Level.WARNING, f"{waiting}; start a trainer to apply them."
    rejected = len(list(folder.rejected_commands.glob("*.json")))
    if rejected:
        yield (
            Level.WARNING,
            f"Commands that were not understood: {rejected}; {folder.rejected_commands} says why, "
            "and they can be deleted.",
        )


def _check_partial_files(folder: DataFolder, now: float) -> Iterator[Result]:
    partial = [path for path in _partial_files(folder) if _age(path, now) > ABANDONED_SECONDS]
    if partial:
        yield Level.WARNING, f"Partial files were left behind: {len(partial)}, such as {partial[0]}; delete them."


def _partial_files(folder: DataFolder) -> Iterator[Path]:
    yield from folder.home.glob("*.tmp")
    yield from folder.snapshots.glob("*.tmp")
    yield from folder.unfinished_commands.glob("*.tmp")
    yield from folder.artifacts.glob("*/*.partial")
    yield from folder.artifacts.glob("*/*.tmp")
    yield from folder.artifacts.glob("datasets/*/*.tmp")


def _age(path: Path, now: float) -> float:
    try:
        return now - path.stat().st_mtime
    except OSError:  # deleted in the meantime
        return 0.0


def _listed(models: set[int]) -> str:
    shown = model_tags(sorted(models)[:MAX_LISTED])
    if len(models) <= MAX_LISTED:
        return shown
    return f"{shown} and {len(models) - MAX_LISTED} more"
