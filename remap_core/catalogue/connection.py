"""Connections to DuckDB: the live catalogue's, with its transactions, and read-only ones to a snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
_CANNOT_WRITE = (duckdb.IOException, duckdb.FatalException, duckdb.OutOfMemoryException)


class LiveConnection:
    """The one writer's connection. `version` grows with every commit that changed something."""

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self._connection = connection
        self._depth = 0
        self._changes = 0
        self.version = 0

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """All rows of a question."""
        return self._connection.execute(sql, parameters).fetchall()

    def change(self, sql: str, *parameters: object) -> int:
        """Carry out one INSERT, UPDATE or DELETE; returns how many rows it touched."""
        ((touched,),) = self.rows(sql, *parameters)
        self._changes += touched
        return int(touched)

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
        with saying_why_not():
            self._connection.begin()
            self._depth, self._changes = 1, 0
            try:
                yield
                self._connection.commit()
            except BaseException:
                with suppress(duckdb.Error):  # a commit that failed has rolled back by itself
                    self._connection.rollback()
                raise
            finally:
                self._depth = 0
            self.version += self._changes > 0

    def checkpoint(self) -> None:
        """Bring everything from the log into the file; waits for readers of other threads. Raises FolderUnusable."""
        with saying_why_not():
            self._connection.execute("FORCE CHECKPOINT")

    def copy_to(self, path: Path) -> None:
        """Write the whole catalogue into a new file, table by table. Raises FolderUnusable."""
        quoted = str(path).replace("'", "''")
        ((name,),) = self.rows("SELECT current_database()")
        with saying_why_not():
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


@contextmanager
def saying_why_not() -> Iterator[None]:
    """Turns what the disk has against writing in the block into FolderUnusable."""
    try:
        yield
    except _CANNOT_WRITE as error:
        raise FolderUnusable(f"The catalogue cannot be written: {first_line(error)}") from error


def first_line(error: BaseException) -> str:
    """What DuckDB says, without where in the statement."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
