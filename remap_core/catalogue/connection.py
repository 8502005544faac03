"""Connections to DuckDB: the live catalogue's, with its transactions, and read-only ones to a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from remap_core.errors import CatalogueError, FolderInUse, FolderUnusable

_Settings = dict[str, str | bool | int | float | list[str]]
_SETTINGS: _Settings = {"threads": 2, "autoinstall_known_extensions": False, "python_enable_replacements": False}
"""The cores are the trainings', nothing is fetched from a network, and a variable is never taken for a table."""
_CLOSED: _Settings = {"enable_external_access": False, "lock_configuration": True}
"""Read-only alone is not closed: COPY TO, reading any file and ATTACH would still work."""


class LiveConnection:
    """The one writer's connection. `version` grows with every commit that changed something."""

    def __init__(self, connect: Callable[[], DuckDBPyConnection]) -> None:
        self._connect = connect
        self._connection = connect()
        self._depth = 0
        self._changes = 0
        self.version = 0

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """All rows of a question."""
        return self._connection.execute(sql, parameters).fetchall()

    def change(self, sql: str, *parameters: object) -> None:
        """Carry out one INSERT, UPDATE or DELETE."""
        ((touched,),) = self.rows(sql, *parameters)
        self._changes += touched

    def insert(self, table: str, rows: object) -> None:
        """Add the rows of an Arrow table whose columns are some of the `table`'s, in one go."""
        self._connection.register("new_rows", rows)  # which replaces what an insert that failed left registered
        self.change(f"INSERT INTO {table} BY NAME SELECT * FROM new_rows")  # noqa: S608 (a table of ours)
        self._connection.unregister("new_rows")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: a block inside another joins it. Raises FolderUnusable where the disk refuses."""
        if self._depth:
            yield
            return
        self._depth, self._changes = 1, 0
        try:
            with self._writing(), transaction(self._connection):
                yield
        finally:
            self._depth = 0
        self.version += self._changes > 0

    def checkpoint(self) -> None:
        """Bring everything from the log into the file; waits for readers of other threads. Raises FolderUnusable."""
        with self._writing():
            self._connection.execute("FORCE CHECKPOINT")

    def copy_to(self, path: Path) -> None:
        """Write the whole catalogue into a new file, table by table. Raises FolderUnusable."""
        quoted = str(path).replace("'", "''")
        ((name,),) = self.rows("SELECT current_database()")
        with self._writing():
            self._connection.execute(f"ATTACH '{quoted}' AS another")
            try:
                self._connection.execute(f'COPY FROM DATABASE "{name}" TO another')
            finally:
                self._connection.execute("DETACH another")

    def cursor(self) -> DuckDBPyConnection:
        """A connection to the same catalogue for another thread."""
        return self._connection.cursor()

    def close(self) -> None:
        """Bring everything into the file and let go of it."""
        self._connection.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """What `disk_errors_as_unusable` does, and DuckDB goes on working.

        After a checkpoint that the disk refused it does nothing more until the file is opened anew; all that was
        committed is found there.
        """
        with disk_errors_as_unusable():
            try:
                yield
            except duckdb.FatalException:
                self._connection.close()
                self._connection = self._connect()
                raise


@contextmanager
def transaction(connection: DuckDBPyConnection) -> Iterator[None]:
    """All or nothing of what the block does on the connection."""
    connection.begin()
    try:
        yield
        connection.commit()
    except BaseException:
        with suppress(duckdb.Error):  # a commit that failed has rolled back by itself
            connection.rollback()
        raise


@contextmanager
def disk_errors_as_unusable() -> Iterator[None]:
    """Turns what the disk has against the block's writing into FolderUnusable."""
    try:
        yield
    except (
        *(duckdb.IOException, duckdb.FatalException, duckdb.OutOfMemoryException, duckdb.ConnectionException),
        duckdb.TransactionException,  # a commit that could not be written
    ) as error:
        raise FolderUnusable(f"The catalogue cannot be written: {first_line(error)}") from error


def connect_live(path: Path) -> DuckDBPyConnection:
    """Open the catalogue for writing, empty where there is none; raises FolderInUse or CatalogueError."""
    try:
        return duckdb.connect(path, config={**_SETTINGS})
    except duckdb.IOException as error:
        if "set lock" in str(error):
            raise FolderInUse(
                f"Another process has {path} open; only one trainer may work in a data folder."
            ) from error
        raise CatalogueError(f"{path} cannot be opened: {first_line(error)}") from error


def connect_snapshot(path: Path) -> DuckDBPyConnection:
    """Open a snapshot so that no question can change it or reach another file; raises duckdb.IOException."""
    return duckdb.connect(path, read_only=True, config={**_SETTINGS, **_CLOSED})


def export(path: Path, target: Path) -> None:
    """Write every table of a snapshot into a folder, as zstd Parquet; raises duckdb.Error."""
    quoted = str(target).replace("'", "''")
    with closing(duckdb.connect(path, read_only=True, config={**_SETTINGS})) as connection:
        connection.execute(f"EXPORT DATABASE '{quoted}' (FORMAT parquet, COMPRESSION zstd)")


def first_line(error: BaseException) -> str:
    """What DuckDB says, without where in the statement."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
