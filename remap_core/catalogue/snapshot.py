"""Snapshots: read-only copies of the catalogue that the trainer publishes for all other processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import duckdb

from remap_core.catalogue.connection import connect_seen, connect_snapshot, first_line
from remap_core.catalogue.migrations import require_schema
from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.datasets.naming import OF_A_VISITOR, owner_of
from remap_core.errors import CatalogueError, FolderUnusable, NoCatalogue

SNAPSHOTS_KEPT = 4
"""The newest snapshots are kept: a reader needs time to open the one that it has just read the number of."""
MIN_PAUSE = 1.0
"""Seconds between two snapshots."""
MIN_PAUSE_RATIO = 20
"""The pause is at least so many times as long as publishing took."""

_COPY = ("cp", "--reflink=auto") if sys.platform == "linux" else ("cp",)


class Publisher:
    """Publishes a store's catalogue, in the store's thread and between its transactions."""

    def __init__(
        self,
        store: CatalogueStore,
        folder: DataFolder,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._store = store
        self._folder = folder
        self._clock = clock
        self._number = max([*snapshot_numbers(folder), current_number(folder) or 0])
        self._published_version: int | None = None
        self._last_attempt = float("-inf")
        self._pause = MIN_PAUSE

    def publish_if_due(self, now: float) -> None:
        """Publish if something has changed and the last attempt is long enough ago.

        That is a second, or 20 times as long as publishing took. Raises FolderUnusable; the next attempt then comes
        after the same pause.
        """
        if self._store.version == self._published_version:
            return
        pause = abs(now - self._last_attempt)  # absolute, as the clock may have been set back
        if pause >= self._pause:
            self._last_attempt = now
            self.publish()

    def publish(self) -> int:
        """Publish now; returns the snapshot's number, which only ever increases.

        Raises FolderUnusable where that fails; the earlier snapshots stay, and no partial file is left.
        """
        start = self._clock()
        version = self._store.version
        self._number += 1  # even if this fails: DuckDB caches by path, so no name is used twice
        snapshot = snapshot_path(self._folder, self._number)
        try:
            with self._folder.replacing(snapshot) as temporary:
                self._store.checkpoint()
                self._copy(temporary)
            self._folder.write(self._folder.pointer, str(self._number).encode())
        except BaseException:
            with suppress(OSError):
                snapshot.unlink(missing_ok=True)
            raise
        self._published_version = version
        self._clean_up()
        duration = self._clock() - start
        self._pause = max(MIN_PAUSE, MIN_PAUSE_RATIO * duration)
        return self._number

    def _copy(self, target: Path) -> None:
        """Copy in a child process: reading the live file in this one would release its lock."""
        try:
            subprocess.run([*_COPY, str(self._folder.live), str(target)], check=True, capture_output=True)
        except FileNotFoundError:
            self._store.copy_to(target)
        except subprocess.CalledProcessError as error:
            reason = error.stderr.decode(errors="replace").strip() or f"cp ended with {error.returncode}"
            raise FolderUnusable(f"The catalogue cannot be published in {self._folder.home}: {reason}.") from error

    def _clean_up(self) -> None:
        """Delete old snapshots, and the partial files of a publisher that was killed."""
        old = [snapshot_path(self._folder, number) for number in snapshot_numbers(self._folder)[:-SNAPSHOTS_KEPT]]
        partial = self._folder.snapshots.glob("*.tmp")
        with self._folder.errors_as_unusable():
            for path in (*old, *partial):
                path.unlink(missing_ok=True)


def current_number(folder: DataFolder) -> int | None:
    """Return the number of the newest snapshot; None where there is none.

    That is the one that the pointer names; where the pointer is damaged or its snapshot is gone, the last one that is
    there. Cheap enough to poll.
    """
    number = None
    with suppress(OSError, ValueError):
        number = int(folder.pointer.read_bytes())
        if snapshot_path(folder, number).exists():
            return number
    return max(snapshot_numbers(folder), default=number)


def published_at(folder: DataFolder) -> float | None:
    """Return when the newest snapshot was published, in seconds since 1970; None before the first."""
    try:
        return folder.pointer.stat().st_mtime
    except OSError:
        return None


def open_snapshot(folder: DataFolder, visitor: str | None = None) -> Catalogue:
    """Open the newest snapshot read-only: no query can change it, or read or write any other file.

    visitor: of a demo, for whom the data sets of other visitors do not exist; empty for one who has none.
    Raises NoCatalogue where nothing has been published yet, NewerSchema where it was written by a newer version, and
    CatalogueError where it cannot be read.
    """
    number = _require_number(folder)
    while True:
        try:
            return _open(folder, number, visitor)
        except duckdb.Error as error:
            newer = _require_number(folder)
            if newer == number:
                raise CatalogueError(f"{snapshot_path(folder, number)} cannot be read: {first_line(error)}") from error
            number = newer  # the snapshot was deleted in the meantime


def _open(folder: DataFolder, number: int, visitor: str | None) -> Catalogue:
    path = snapshot_path(folder, number)
    connection = connect_snapshot(path)
    try:
        require_schema(connection)
    except BaseException:
        connection.close()
        raise
    if visitor is None:
        return Catalogue(connection, number, is_snapshot=True)
    with closing(connection):
        names = [name for (name,) in connection.execute("SELECT name FROM datasets").fetchall()]
    hidden = [name for name in names if owner_of(name) not in ("", visitor)]
    seen = connect_seen(path, hidden, OF_A_VISITOR, visitor or "no visitor")
    return Catalogue(seen, number, is_snapshot=True, visitor=visitor)


def _require_number(folder: DataFolder) -> int:
    number = current_number(folder)
    if number is not None:
        return number
    if folder.pointer.exists():
        raise CatalogueError(
            f"{folder.pointer} must hold the number of a snapshot, but does not; "
            "the trainer's next snapshot repairs it."
        )
    raise NoCatalogue(f"Nothing has been published in {folder.home} yet; start a trainer there.")


def snapshot_path(folder: DataFolder, number: int) -> Path:
    """Return the file of the snapshot with this number."""
    return folder.snapshots / f"catalogue-{number}.duckdb"


def snapshot_numbers(folder: DataFolder) -> list[int]:
    """Return the numbers of the existing snapshots, in order."""
    numbers = []
    for path in folder.snapshots.glob("catalogue-*.duckdb"):
        stem = path.stem.removeprefix("catalogue-")
        if stem.isdecimal():
            numbers.append(int(stem))
    return sorted(numbers)
