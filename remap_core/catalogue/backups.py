"""Backups: the newest snapshot as Parquet, the artifacts and the waiting commands, in a folder that can be restored."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from remap_core.catalogue.connection import connect_live, connect_snapshot, export, first_line, transaction
from remap_core.catalogue.migrations import MIGRATIONS, migrate, require_catalogue, require_known
from remap_core.catalogue.snapshot import Publisher, open_snapshot, snapshot_numbers, snapshot_path
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import CatalogueError, FolderUnusable
from remap_core.system.files import PARTIAL

CATALOGUE = "catalogue"
ARTIFACTS = "artifacts"
INBOX = "inbox"
DATASETS = "data"
PEOPLE = "people"
SIGNING_KEY = "signing.key"
"""The waiting commands are signed with it."""
_STEPS = "migrations.parquet"
_DATED = re.compile(r"remap-\d{8}T\d{6}Z")
_SKIPPED = shutil.ignore_patterns("*.partial", "*.tmp", "tmp", "rejected")
_UNFINISHED = shutil.ignore_patterns(".*", "*.tmp", "jobs", "uploads")


def write_backup(folder: DataFolder, target: Path) -> int:
    """Write a complete backup to a new or empty folder, or nothing; returns the number of trials in it.

    A trainer may be running. Raises NoCatalogue, CatalogueError where the snapshot cannot be read, and FolderUnusable
    for a target that is not empty, is in the data folder, or cannot be written.
    """
    target = target.expanduser().absolute()
    _require_target(folder, target)
    with _all_or_nothing(target) as scratch:
        # In this order, a command is in the backup or its receipt is, and finished models have their weights.
        _copy_key(folder.signing_key, scratch / SIGNING_KEY)
        _copy_tree(folder.people, scratch / PEOPLE)
        _copy_tree(folder.inbox, scratch / INBOX)
        with closing(open_snapshot(folder)) as catalogue:
            trials = sum(catalogue.counts().values())
            snapshot = snapshot_path(folder, catalogue.number)
        export(snapshot, scratch / CATALOGUE)
        _copy_tree(folder.artifacts, scratch / ARTIFACTS)
        _copy_tree(folder.datasets, scratch / DATASETS, _UNFINISHED)
    return trials


def write_dated_backup(folder: DataFolder, parent: Path, now: datetime, keep: int) -> tuple[Path, int]:
    """Write a backup named after its time to `parent`; returns it and the number of trials in it.

    Once it is written, only the newest `keep` dated backups are left there: nothing else is ever deleted. Raises as
    `write_backup` does, and FolderUnusable where an old one cannot be deleted.
    """
    parent = parent.expanduser().absolute()
    target = parent / f"{now.astimezone(UTC):remap-%Y%m%dT%H%M%SZ}"
    trials = write_backup(folder, target)
    others = [path for path in parent.iterdir() if path != target and _is_dated_backup(path)]
    for path in sorted(others, reverse=True)[keep - 1 :]:
        _delete(path)
    return target, trials


def restore_backup(source: Path, folder: DataFolder) -> int:
    """Restore a backup of this version or an older one to an empty data folder; returns the number of trials.

    Nothing in the backup is executed. Raises FolderInUse, FolderUnusable for a data folder that is not empty,
    NewerSchema, and CatalogueError for a folder that is not a backup; the data folder then stays empty.
    """
    if not (source / CATALOGUE / _STEPS).is_file():
        raise CatalogueError(f"{source} is not a backup: it has no {CATALOGUE}/{_STEPS}.")
    with folder.lock():
        _require_empty(folder)
        with _emptied_on_failure(folder), folder.replacing(folder.live) as scratch:
            _load(source / CATALOGUE, scratch)
            _copy_tree(source / ARTIFACTS, folder.artifacts)
            _copy_key(source / SIGNING_KEY, folder.signing_key)
            _copy_tree(source / PEOPLE, folder.people)
            _copy_tree(source / INBOX, folder.inbox)
            _copy_tree(source / DATASETS, folder.datasets)
        with closing(CatalogueStore.open(folder)) as store:
            Publisher(store, folder).publish()
    with closing(open_snapshot(folder)) as catalogue:
        return sum(catalogue.counts().values())


def replace_by_backup(source: Path, folder: DataFolder) -> None:
    """Put a backup's catalogue and models in the place of all models of a data folder, whose lock the caller holds.

    Readers see the models of before or those of the backup, never a part of either; after a failure, call it again.
    Raises FolderUnusable, NewerSchema and CatalogueError.
    """
    with folder.replacing(folder.live) as scratch:
        _load(source / CATALOGUE, scratch)
        with folder.errors_as_unusable():
            _copy_tree(source / ARTIFACTS, folder.artifacts)
            folder.live.with_name(f"{folder.live.name}.wal").unlink(missing_ok=True)  # the log of the models of before
    with closing(CatalogueStore.open(folder)) as store:
        Publisher(store, folder).publish()
    with folder.errors_as_unusable():
        for part in (".", "datasets"):
            known = {path.name for path in (source / ARTIFACTS / part).glob("*")}
            for path in (folder.artifacts / part).glob("*"):
                if path.name not in known:
                    shutil.rmtree(path, ignore_errors=True)


def _copy_key(source: Path, target: Path) -> None:
    """Only its owner may read the copy. Backups of older versions have none."""
    with suppress(FileNotFoundError):
        shutil.copy2(source, target)


def restore_snapshot(folder: DataFolder, now: float) -> tuple[int, Path]:
    """Put the newest snapshot that can be read in the place of a damaged catalogue, which is kept beside it.

    Returns the number of trials, and where the damaged file is. What was recorded after the snapshot is lost, usually a
    second of work. Raises FolderInUse, FolderUnusable, and CatalogueError where no snapshot can be read.
    """
    with folder.lock():
        snapshot = _newest_readable(folder)
        kept = folder.home / f"live.duckdb.damaged-{int(now)}"
        with folder.replacing(folder.live) as scratch:
            shutil.copyfile(snapshot, scratch)
            with suppress(FileNotFoundError):
                os.link(folder.live, kept)
            with suppress(FileNotFoundError):  # the log of the damaged file must not be applied to the snapshot
                folder.live.with_name(f"{folder.live.name}.wal").rename(f"{kept}.wal")
        with closing(CatalogueStore.open(folder)) as store:
            Publisher(store, folder).publish()
    with closing(open_snapshot(folder)) as catalogue:
        return sum(catalogue.counts().values()), kept


def _newest_readable(folder: DataFolder) -> Path:
    for number in reversed(snapshot_numbers(folder)):
        path = snapshot_path(folder, number)
        with suppress(duckdb.Error, CatalogueError), closing(connect_snapshot(path)) as connection:
            require_catalogue(connection)
            for (table,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
                connection.execute(f'SELECT max(hash(every)) FROM "{table}" AS every').fetchall()  # noqa: S608
            return path
    raise CatalogueError(f"There is no snapshot in {folder.snapshots} that can be read: restore a backup.")


def _is_dated_backup(path: Path) -> bool:
    return bool(_DATED.fullmatch(path.name)) and not path.is_symlink() and (path / CATALOGUE / _STEPS).is_file()


def _delete(backup: Path) -> None:
    """First under another name: half of a backup must never look like one."""
    try:
        scrap = backup.rename(backup.with_name(f".{backup.name}.deleted"))
        shutil.rmtree(scrap)
    except OSError as error:
        raise FolderUnusable(f"The old backup {backup} cannot be deleted: {_reason(error)}.") from error


def _require_target(folder: DataFolder, target: Path) -> None:
    if target.is_relative_to(folder.home):
        raise FolderUnusable(f"A backup must be outside the data folder {folder.home}, but {target} is in it.")
    if not target.exists():
        return
    if not target.is_dir() or any(target.iterdir()):
        raise FolderUnusable(f"A backup needs a new or empty folder, but {target} is not.")


def _require_empty(folder: DataFolder) -> None:
    folders = (folder.artifacts, folder.snapshots, folder.datasets)
    has_files = any(any(path.iterdir()) for path in folders if path.is_dir())
    if has_files or folder.live.exists():
        raise FolderUnusable(f"A backup can only be restored to an empty data folder, but {folder.home} is not.")


@contextmanager
def _all_or_nothing(target: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes the target when the block ends without an error."""
    scratch: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        yield scratch
        scratch.chmod(0o755)
        scratch.rename(target)
    except (OSError, duckdb.Error) as error:
        raise FolderUnusable(f"The backup cannot be written to {target}: {_reason(error)}.") from error
    finally:
        if scratch:
            shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _emptied_on_failure(folder: DataFolder) -> Iterator[None]:
    try:
        yield
    except BaseException:
        folder.signing_key.unlink(missing_ok=True)
        restored = (folder.artifacts, folder.datasets, folder.people)
        for path in chain(*(part.glob("*") for part in restored), folder.inbox.glob("*.json")):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        raise


def _load(source: Path, path: Path) -> None:
    """Create a catalogue of the backup's schema, load its rows, and migrate it."""
    try:
        with closing(connect_live(path, source)) as connection:
            applied = _applied_migrations(connection, source)
            require_known(applied)
            steps = [step for step in MIGRATIONS if step.__name__ in applied]
            migrate(connection, tuple(steps))
            tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
            with transaction(connection):
                for (table,) in tables:
                    _load_table(connection, table, source)
            migrate(connection)
    except duckdb.Error as error:
        raise CatalogueError(f"The backup {source.parent} cannot be read: {first_line(error)}") from error


def _applied_migrations(connection: DuckDBPyConnection, source: Path) -> set[str]:
    file = source / _STEPS
    rows = connection.execute("SELECT name FROM read_parquet(?)", [str(file)]).fetchall()
    return {name for (name,) in rows}


def _load_table(connection: DuckDBPyConnection, table: str, source: Path) -> None:
    if table == "migrations":
        return
    file = source / f"{table}.parquet"
    connection.execute(f"DELETE FROM {table}")  # noqa: S608 (a table of ours)
    connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM read_parquet(?)", [str(file)])  # noqa: S608


def _copy_tree(source: Path, target: Path, skipped: Callable[[str, list[str]], set[str]] = _SKIPPED) -> None:
    if not source.is_dir():
        return
    try:
        shutil.copytree(source, target, ignore=skipped, copy_function=_copy, dirs_exist_ok=True)
    except shutil.Error as error:  # has a list of files, each with its reason
        _, file, reason = error.args[0][0]
        raise OSError(f"{file}: {reason}") from error


def _copy(source: str, target: str) -> str:
    with suppress(FileNotFoundError):  # a finished checkpoint or an applied command may be deleted meanwhile
        shutil.copy2(source, f"{target}{PARTIAL}")
        Path(f"{target}{PARTIAL}").replace(target)  # who reads the one before goes on with it
    return target


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return first_line(error)
