"""Backups: the newest snapshot as Parquet, the artifacts and the commands that wait, in a folder; and the way back."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from remap_core.catalogue.connection import connect_live, export, first_line, transaction
from remap_core.catalogue.migrations import MIGRATIONS, migrate, require_known
from remap_core.catalogue.snapshot import Publisher, open_snapshot, snapshot_path
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import CatalogueError, FolderUnusable

CATALOGUE, ARTIFACTS, INBOX = "catalogue", "artifacts", "inbox"
_UNFINISHED = shutil.ignore_patterns("*.partial", "*.tmp", "tmp", "rejected")


def write_backup(folder: DataFolder, target: Path) -> int:
    """Write a backup into a new or empty folder, whole or not at all; returns how many trials it holds.

    A trainer may work in the data folder meanwhile. Raises NoCatalogue, CatalogueError where the snapshot cannot be
    read, and FolderUnusable for a target that is not empty, in the data folder, or cannot be written.
    """
    target = target.expanduser().absolute()
    if target.is_relative_to(folder.home):
        raise FolderUnusable(f"A backup must lie outside of the data folder {folder.home}, but {target} lies in it.")
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise FolderUnusable(f"A backup needs a new or empty folder, but {target} is not.")
    with _written_whole(target) as scratch:
        # In this order: a command is in the backup or its receipt is, and a model's weights are older than its end.
        _copy_tree(folder.inbox, scratch / INBOX)
        with closing(open_snapshot(folder)) as catalogue:
            trials, number = sum(catalogue.counts().values()), catalogue.number
        export(snapshot_path(folder, number), scratch / CATALOGUE)
        _copy_tree(folder.artifacts, scratch / ARTIFACTS)
    return trials


def restore_backup(source: Path, folder: DataFolder) -> int:
    """Make an empty data folder what it was at a backup, of this version or an older one; returns the trials.

    Nothing in the backup is executed. Raises FolderInUse, FolderUnusable for a data folder that is not empty,
    NewerSchema, and CatalogueError for what is no backup; the folder then stays empty.
    """
    if not (source / CATALOGUE / "migrations.parquet").is_file():
        raise CatalogueError(f"{source} is no backup: it holds no {CATALOGUE}/migrations.parquet.")
    with folder.lock():
        if folder.live.exists() or any(folder.artifacts.iterdir()) or any(folder.snapshots.iterdir()):
            raise FolderUnusable(f"A backup is restored into an empty data folder, but {folder.home} is not.")
        with _emptied_on_failure(folder), folder.replacing(folder.live) as scratch:
            _load(source / CATALOGUE, scratch)
            _copy_tree(source / ARTIFACTS, folder.artifacts)
            _copy_tree(source / INBOX, folder.inbox)
        with closing(CatalogueStore.open(folder)) as store:
            Publisher(store, folder).publish()
    with closing(open_snapshot(folder)) as catalogue:
        return sum(catalogue.counts().values())


@contextmanager
def _written_whole(target: Path) -> Iterator[Path]:
    scratch: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        yield scratch
        scratch.chmod(0o755)
        scratch.rename(target)
    except (OSError, duckdb.Error) as error:
        reason = (isinstance(error, OSError) and error.strerror) or first_line(error)
        raise FolderUnusable(f"The backup cannot be written to {target}: {reason}.") from error
    finally:
        if scratch:
            shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _emptied_on_failure(folder: DataFolder) -> Iterator[None]:
    try:
        yield
    except BaseException:
        for path in (*folder.artifacts.iterdir(), *folder.inbox.glob("*.json")):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise


def _load(source: Path, path: Path) -> None:
    """A catalogue of the backup's own schema with its rows, then brought to today's."""
    try:
        with closing(connect_live(path)) as connection:
            applied = _names(connection, source / "migrations.parquet")
            require_known(applied)
            migrate(connection, tuple(step for step in MIGRATIONS if step.__name__ in applied))
            with transaction(connection):
                for (table,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
                    _load_table(connection, table, source / f"{table}.parquet")
            migrate(connection)
    except duckdb.Error as error:
        raise CatalogueError(f"The backup {source.parent} cannot be read: {first_line(error)}") from error


def _names(connection: DuckDBPyConnection, file: Path) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM read_parquet(?)", [str(file)]).fetchall()}


def _load_table(connection: DuckDBPyConnection, table: str, file: Path) -> None:
    if table == "migrations":
        return
    connection.execute(f"DELETE FROM {table}")  # noqa: S608 (a table of ours)
    connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM read_parquet(?)", [str(file)])  # noqa: S608


def _copy_tree(source: Path, target: Path) -> None:
    try:
        if source.is_dir():
            shutil.copytree(source, target, ignore=_UNFINISHED, copy_function=_copy, dirs_exist_ok=True)
    except shutil.Error as error:  # a list of files, each with its reason
        _, file, reason = error.args[0][0]
        raise OSError(f"{file}: {reason}") from error


def _copy(source: str, target: str) -> str:
    with suppress(FileNotFoundError):  # of a checkpoint that was finished, a command that was applied meanwhile
        shutil.copy2(source, target)
    return target
