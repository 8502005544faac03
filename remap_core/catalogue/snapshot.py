"""Snapshots: read-only copies of the catalogue that the trainer publishes and everybody else reads."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import duckdb

from remap_core.catalogue.connection import connect_snapshot, first_line
from remap_core.catalogue.migrations import require_schema
from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import CatalogueError, FolderUnusable, NoCatalogue

KEPT = 4
"""Snapshots that stay: a reader that has just read the pointer has so long to open what it names."""
SHORTEST_PAUSE = 1.0
SHARE = 20
"""Publishing takes at most one part in so many of the writer's time."""

_COPY = ("cp", "--reflink=auto") if sys.platform == "linux" else ("cp",)


class Publisher:
    """Publishes the catalogue of a store, in the store's thread and between its transactions."""

    def __init__(
        self, store: CatalogueStore, folder: DataFolder, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._store, self._folder, self._clock = store, folder, clock
        self._number = max((*_numbers(folder), current_number(folder) or 0))
        self._published: int | None = None
        self._tried = float("-inf")
        self._pause = SHORTEST_PAUSE

    def publish_if_due(self, now: float) -> None:
        """Publish where something has changed and the last time is long enough ago.

        That is a second, or 20 times what publishing took. Raises FolderUnusable, and then tries again as late.
        """
        # A clock that was set back must not stop publishing, hence the distance.
        if self._store.version != self._published and abs(now - self._tried) >= self._pause:
            self._tried = now
            self.publish()

    def publish(self) -> int:
        """Publish now; returns the snapshot's number, which grows for ever.

        Raises FolderUnusable where that cannot be; what was published before stays, and nothing half is left.
        """
        began, version = self._clock(), self._store.version
        self._number += 1  # also where this fails: DuckDB caches by path, so no name is used twice
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
        self._published = version
        self._clear()
        self._pause = max(SHORTEST_PAUSE, SHARE * (self._clock() - began))
        return self._number

    def _copy(self, target: Path) -> None:
        """In a child process: reading the live file in this one would give its lock up."""
        try:
            subprocess.run([*_COPY, str(self._folder.live), str(target)], check=True, capture_output=True)
        except FileNotFoundError:
            self._store.copy_to(target)
        except subprocess.CalledProcessError as error:
            reason = error.stderr.decode(errors="replace").strip() or f"cp ended with {error.returncode}"
            raise FolderUnusable(f"The catalogue cannot be published in {self._folder.home}: {reason}.") from error

    def _clear(self) -> None:
        """Old snapshots, and what a publisher that was killed had not finished."""
        old = [snapshot_path(self._folder, number) for number in _numbers(self._folder)[:-KEPT]]
        with self._folder.errors_as_unusable():
            for path in (*old, *self._folder.snapshots.glob("*.tmp")):
                path.unlink(missing_ok=True)


def current_number(folder: DataFolder) -> int | None:
    """Number of the newest snapshot; None where there is none or the pointer is not understood. Cheap: to be polled."""
    try:
        return int(folder.pointer.read_bytes())
    except (OSError, ValueError):
        return None


def published_at(folder: DataFolder) -> float | None:
    """When the newest snapshot was published, in seconds since 1970; None before any."""
    try:
        return folder.pointer.stat().st_mtime
    except OSError:
        return None


def open_snapshot(folder: DataFolder) -> Catalogue:
    """The newest snapshot, to read only: no question can change it, or read or write any other file.

    Raises NoCatalogue where nothing has been published yet, NewerSchema where that was written by a newer version,
    and CatalogueError where it cannot be read.
    """
    number = _pointed(folder)
    while True:
        try:
            return _opened(folder, number)
        except duckdb.Error as error:
            newer = _pointed(folder)
            if newer == number:
                raise CatalogueError(f"{snapshot_path(folder, number)} cannot be read: {first_line(error)}") from error
            number = newer  # it was so old that it was cleared away meanwhile


def _opened(folder: DataFolder, number: int) -> Catalogue:
    connection = connect_snapshot(snapshot_path(folder, number))
    try:
        require_schema(connection)
    except BaseException:
        connection.close()
        raise
    return Catalogue(connection, number)


def _pointed(folder: DataFolder) -> int:
    number = current_number(folder)
    if number is not None:
        return number
    if folder.pointer.exists():
        raise CatalogueError(
            f"{folder.pointer} must hold the number of a snapshot and does not; the trainer writes it anew."
        )
    raise NoCatalogue(f"Nothing has been published in {folder.home} yet; start a trainer there.")


def snapshot_path(folder: DataFolder, number: int) -> Path:
    """File of the snapshot of a number."""
    return folder.snapshots / f"catalogue-{number}.duckdb"


def _numbers(folder: DataFolder) -> list[int]:
    """Numbers of the snapshots that are there, in order."""
    stems = (path.stem.removeprefix("catalogue-") for path in folder.snapshots.glob("catalogue-*.duckdb"))
    return sorted(int(stem) for stem in stems if stem.isdecimal())
