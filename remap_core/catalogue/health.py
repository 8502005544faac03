"""How a data folder is: what a person would look at who wonders why nothing happens in it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path

from remap_core import __version__
from remap_core.catalogue.migrations import MIGRATIONS
from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import MIN_FREE_BYTES, DataFolder
from remap_core.data_folder.heartbeat import FRESH_SECONDS, last_status
from remap_core.errors import CatalogueError, NoCatalogue
from remap_core.system.filesystem import file_system, network_warning
from remap_core.trials.trial import TrialState

LITTLE = 2e9
"""Free bytes on the disk below which doctor warns."""
LATE, FORGOTTEN = 60.0, 600.0
"""Seconds that a command may wait while a trainer is alive, and after which nobody is still writing a partial file."""


Look = tuple["Level", str]


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, in one sentence: how it is, and where that is not well what to do."""

    area: str
    level: Level
    sentence: str


def examine(folder: DataFolder, now: float) -> Iterator[Finding]:
    """Look at everything, changing nothing. `now` in seconds since 1970."""
    looks = chain(_disk(folder), _trainer(folder, now), _snapshot(folder), _inbox(folder, now), _partial(folder, now))
    return (Finding("data folder", level, sentence) for level, sentence in looks)


def _disk(folder: DataFolder) -> Iterator[Look]:
    try:
        with tempfile.TemporaryFile(dir=folder.home) as file:
            file.write(b"1")
        yield Level.OK, f"{folder.home} can be written."
    except OSError as error:
        yield Level.ERROR, f"{folder.home} cannot be written: {error.strerror}; give this user the right, or move it."
    free = shutil.disk_usage(folder.home).free
    advice = "" if free >= LITTLE else ": make room, for trainings pause on a full disk"
    level = Level.OK if free >= LITTLE else Level.WARNING if free >= MIN_FREE_BYTES else Level.ERROR
    yield level, f"{free / 1e9:,.1f} GB are free on its disk{advice}."
    warning = network_warning(folder.home)
    kind = file_system(folder.home) or "of a kind that is not known"
    yield (Level.ERROR, warning) if warning else (Level.OK, f"Its file system is {kind}.")


def _trainer(folder: DataFolder, now: float) -> Iterator[Look]:
    holder, status = folder.lock_holder(), last_status(folder)
    age = now - status.heartbeat if status else 0.0
    if holder is None:
        yield Level.WARNING, "No trainer is alive: start one with `remap trainer`, or open the app."
    elif status is None or abs(age) >= FRESH_SECONDS:
        dated = f"{age:,.0f} s old" if age >= 0 else f"dated {-age:,.0f} s ahead (a clock was set)"
        seen = f"its last sign of life is {dated}" if status else "it gave no sign of life yet"
        yield Level.WARNING, f"A trainer (pid {holder}) holds the folder, but {seen}: it starts, or hangs; then end it."
    else:
        yield (
            Level.OK,
            f"A trainer (pid {status.pid}) is alive: {status.device or 'starting'}, seen {max(0.0, age):.0f} s ago.",
        )
        yield _version(status.version)
        if status.message:
            yield Level.WARNING, f"The trainer says: {status.message}"


def _version(trainer: str) -> Look:
    if trainer == __version__:
        return Level.OK, f"It is of this version, {trainer}."
    return Level.ERROR, f"The trainer is of version {trainer}, this is {__version__}: restart the older of the two."


def _snapshot(folder: DataFolder) -> Iterator[Look]:
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
            yield Level.OK, f"Snapshot {catalogue.number} can be read: {trials:,} trials, schema {schema}."
            yield from _artifacts(folder, catalogue)


def _artifacts(folder: DataFolder, catalogue: Catalogue) -> Iterator[Look]:
    known = catalogue.trial_ids(*TrialState)
    there = {int(path.name) for path in folder.artifacts.iterdir() if path.name.isdecimal()}
    strangers = {trial for trial in there - known if trial <= max(known, default=0)}  # later ones: not published yet
    if strangers:
        yield Level.WARNING, f"Artifacts of no trial lie in {folder.artifacts}: {_listed(strangers)}; delete them."
    lacking = {trial for trial in catalogue.trial_ids(TrialState.COMPLETE) if not folder.weights(trial).is_file()}
    if lacking:
        yield Level.WARNING, f"Weights are missing of {_listed(lacking)}: those cannot be scored or exported any more."
    if not strangers and not lacking:
        yield Level.OK, "The artifacts are those of the trials."


def _inbox(folder: DataFolder, now: float) -> Iterator[Look]:
    waiting = [_age(path, now) for path in folder.inbox.glob("*.json")]
    late = max(waiting, default=0.0) > LATE
    advice = ": the trainer does not get to them; see its log" if late and folder.lock_holder() else ""
    yield (Level.WARNING if late else Level.OK), f"{len(waiting):,} commands wait in the inbox{advice}."
    rejected = len(list(folder.rejected_commands.glob("*.json")))
    if rejected:
        where = folder.rejected_commands
        yield Level.WARNING, f"{rejected:,} commands were not understood; {where} says why, delete them once read."


def _partial(folder: DataFolder, now: float) -> Iterator[Look]:
    partial = [
        path
        for place, pattern in (
            *((folder.home, "*.tmp"), (folder.snapshots, "*.tmp"), (folder.unfinished_commands, "*.tmp")),
            *((folder.artifacts, "*/*.partial"), (folder.artifacts, "*/*.tmp"), (folder.artifacts, "datasets/*/*.tmp")),
        )
        for path in place.glob(pattern)
        if _age(path, now) > FORGOTTEN
    ]
    if partial:
        yield Level.WARNING, f"{len(partial):,} files were left half written, like {partial[0]}; delete them."


def _age(path: Path, now: float) -> float:
    try:
        return now - path.stat().st_mtime
    except OSError:  # taken up or finished meanwhile
        return 0.0


def _listed(trials: set[int], most: int = 5) -> str:
    shown = ", ".join(map(str, sorted(trials)[:most]))
    return f"{shown} and {len(trials) - most:,} more" if len(trials) > most else shown
