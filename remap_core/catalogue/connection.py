"""Connections to DuckDB: the live catalogue's, with its transactions, and those that only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection

from remap_core.errors import CatalogueError, FolderInUse, FolderUnusable

Row = tuple[Any, ...]

_Config = dict[str, str | bool | int | float | list[str]]
_CONFIG: _Config = {
    "threads": 2,  # the other cores are for training
    "autoinstall_known_extensions": False,  # nothing is downloaded
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "python_enable_replacements": False,  # a Python variable is never taken for a table
}
_READ_ONLY_CONFIG: _Config = {
    **_CONFIG,
    # Opened read-only, DuckDB could still COPY TO, read any file, and ATTACH.
    "enable_external_access": False,
    "lock_configuration": True,
}
HOW_TO_RESTORE = "If it is damaged, `remap restore --snapshot` goes on from the newest snapshot."

_DISK_ERRORS = (
    duckdb.IOException,
    duckdb.FatalException,
    duckdb.OutOfMemoryException,
    duckdb.ConnectionException,
    duckdb.TransactionException,  # a commit that could not be written
)


KEPT_ANSWERS = 256
"""Answers of a snapshot that are kept."""


class Readable(Protocol):
    """Anything that answers SQL queries."""

    def rows(self, sql: str, *parameters: object) -> list[Row]:
        """Return all rows of a query."""


class ReadConnection:
    """A connection for queries from any number of threads. Raises CatalogueError where the file cannot be read.

    is_constant: whether nobody writes to the file, as to a snapshot. The last answers are then kept, as all open pages
    ask the same questions every second.
    """

    def __init__(self, connection: DuckDBPyConnection, *, is_constant: bool) -> None:
        self._connection = connection
        self._is_constant = is_constant
        self._kept = lru_cache(maxsize=KEPT_ANSWERS)(self._rows)

    def rows(self, sql: str, *parameters: object) -> list[Row]:
        """Return all rows of a query. The list may be shared: do not change it."""
        if not self._is_constant:
            return self._rows(sql, parameters)
        return self._kept(sql, tuple(map(as_hashable, parameters)))

    def _rows(self, sql: str, parameters: tuple[object, ...]) -> list[Row]:
        given = [list(value) if isinstance(value, tuple) else value for value in parameters]
        with self._cursor() as cursor:
            return cursor.execute(sql, given).fetchall()

    def table(self, sql: str, *parameters: object) -> pa.Table:
        """Return all rows of a query as an Arrow table."""
        with self._cursor() as cursor:
            return cursor.sql(sql, params=list(parameters)).to_arrow_table()

    def close(self) -> None:
        """Release the file; queries that are running in other threads fail."""
        self._connection.close()

    @contextmanager
    def _cursor(self) -> Iterator[DuckDBPyConnection]:
        try:
            with closing(self._connection.cursor()) as cursor:
                yield cursor
        except duckdb.Error as error:
            raise CatalogueError(f"The catalogue cannot be read: {first_line(error)}") from error


def as_hashable(value: object) -> object:
    """Return a parameter as a key of what is kept: a list as a tuple."""
    return tuple(value) if isinstance(value, list) else value


class LiveConnection:
    """The only connection that writes. `version` increases with every commit that changed something."""

    def __init__(self, connect: Callable[[], DuckDBPyConnection]) -> None:
        self._connect = connect
        self._connection = connect()
        self._in_transaction = False
        self._changes = 0
        self.version = 0

    def rows(self, sql: str, *parameters: object) -> list[Row]:
        """Return all rows of a query. Raises CatalogueError where what the file holds is damaged."""
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except duckdb.Error as error:
            if "Corrupt database" in str(error):
                raise CatalogueError(f"The catalogue cannot be read: {first_line(error)}. {HOW_TO_RESTORE}") from error
            raise

    def change(self, sql: str, *parameters: object) -> None:
        """Execute one INSERT, UPDATE or DELETE."""
        ((changed_rows,),) = self.rows(sql, *parameters)
        self._changes += changed_rows

    def insert(self, table: str, rows: pa.Table) -> None:
        """Insert the rows of an Arrow table, whose columns are some of the `table`'s, in one statement."""
        self._connection.register("new_rows", rows)  # replaces what a failed insert left registered
        self.change(f"INSERT INTO {table} BY NAME SELECT * FROM new_rows")  # noqa: S608 (a table of ours)
        self._connection.unregister("new_rows")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit the block's changes or none of them; a nested block joins the outer one. Raises FolderUnusable."""
        if self._in_transaction:
            yield
            return
        self._in_transaction = True
        self._changes = 0
        try:
            with self._reconnecting(), transaction(self._connection):
                yield
        finally:
            self._in_transaction = False
        if self._changes:
            self.version += 1

    def checkpoint(self) -> None:
        """Move everything from the log into the file; waits for readers in other threads. Raises FolderUnusable."""
        with self._reconnecting():
            self._connection.execute("FORCE CHECKPOINT")

    def copy_to(self, path: Path) -> None:
        """Write the whole catalogue to a new file, table by table. Raises FolderUnusable."""
        ((name,),) = self.rows("SELECT current_database()")
        with self._reconnecting():
            self._connection.execute(f"ATTACH {_quoted(path)} AS another")
            try:
                self._connection.execute(f'COPY FROM DATABASE "{name}" TO another')
            finally:
                self._connection.execute("DETACH another")

    def cursor(self) -> DuckDBPyConnection:
        """Return a connection to the same catalogue for another thread."""
        return self._connection.cursor()

    def close(self) -> None:
        """Move everything into the file and release it."""
        self._connection.close()

    @contextmanager
    def _reconnecting(self) -> Iterator[None]:
        """Raise FolderUnusable for disk errors, and keep DuckDB usable after them.

        After a checkpoint that the disk refused, DuckDB fails until the file is opened again; everything that was
        committed is still in it.
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
    """Commit the block's changes to the connection, or none of them."""
    connection.begin()
    try:
        yield
        connection.commit()
    except BaseException:
        with suppress(duckdb.Error):  # a failed commit has already rolled back
            connection.rollback()
        raise


@contextmanager
def disk_errors_as_unusable() -> Iterator[None]:
    """Raise FolderUnusable for disk errors while the block writes."""
    try:
        yield
    except _DISK_ERRORS as error:
        raise FolderUnusable(f"The catalogue cannot be written: {first_line(error)}") from error


def connect_live(path: Path, *folders: Path) -> DuckDBPyConnection:
    """Open the catalogue for writing, creating it where needed; raises FolderInUse or CatalogueError.

    No query can access another file, except below the `folders`.
    """
    try:
        connection = duckdb.connect(path, config={**_CONFIG})
    except duckdb.Error as error:
        if "set lock" in str(error):
            raise FolderInUse(
                f"Another process has {path} open; only one trainer may work in a data folder."
            ) from error
        raise CatalogueError(f"{path} cannot be opened: {first_line(error)}") from error
    _close_in(connection, *folders)
    return connection


def connect_snapshot(path: Path) -> DuckDBPyConnection:
    """Open a snapshot so that no query can change it or access another file; raises duckdb.IOException."""
    return duckdb.connect(path, read_only=True, config={**_READ_ONLY_CONFIG})


def connect_seen(path: Path, hidden: Sequence[str], pattern: str, visitor: str) -> DuckDBPyConnection:
    """Open a snapshot as `connect_snapshot` does, without the rows of the `hidden` data sets.

    pattern: of commands' answers that are not there either, unless they name the visitor.
    """
    connection = duckdb.connect(config={**_CONFIG})
    try:
        connection.execute(f"ATTACH {_quoted(path)} AS snapshot (READ_ONLY)")
        connection.execute("CREATE TABLE hidden AS SELECT unnest(?::VARCHAR[]) AS name", [list(hidden)])
        connection.execute("CREATE TABLE shown AS SELECT ? AS pattern, ? AS visitor", [pattern, visitor])
        tables = (
            "SELECT table_name, list(column_name) FROM duckdb_columns() WHERE database_name = 'snapshot' GROUP BY ALL"
        )
        for table, columns in connection.execute(tables).fetchall():
            condition = _seen_rows(table, columns)
            connection.execute(f'CREATE VIEW "{table}" AS SELECT * FROM snapshot."{table}" WHERE {condition}')  # noqa: S608
        _close_in(connection)
    except BaseException:
        connection.close()
        raise
    return connection


_TABLES = "SELECT table_name, list(column_name) FROM duckdb_columns() WHERE database_name = 'snapshot' GROUP BY ALL"


def _seen_rows(table: str, columns: Sequence[str]) -> str:
    """Which rows of a table a visitor sees, by the columns that it has."""
    if table == "datasets":
        return "name NOT IN (FROM hidden)"
    if table == "commands":
        return "(FROM shown SELECT NOT regexp_matches(message, pattern) OR contains(message, visitor))"
    if "dataset" in columns:
        return "dataset NOT IN (FROM hidden)"
    if "trial" in columns:
        return "trial NOT IN (SELECT id FROM snapshot.trials WHERE dataset IN (FROM hidden))"
    return "true"


def export(path: Path, target: Path) -> None:
    """Write every table of a snapshot to a folder, as Parquet with zstd; raises duckdb.Error."""
    with closing(duckdb.connect(path, read_only=True, config={**_CONFIG})) as connection:
        _close_in(connection, target)
        connection.execute(f"EXPORT DATABASE {_quoted(target)} (FORMAT parquet, COMPRESSION zstd)")


def _close_in(connection: DuckDBPyConnection, *folders: Path) -> None:
    """Take all files but its own from a new connection, for good, except those below the folders.

    Else a view in a file that somebody put in the place of the catalogue could read any file.
    """
    connection.execute("SET allowed_directories = ?", [[str(folder) for folder in folders]])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def first_line(error: BaseException) -> str:
    """Return DuckDB's message without the position in the statement."""
    lines = str(error).strip().splitlines()
    if not lines:
        return type(error).__name__
    return lines[0]


def _quoted(path: Path) -> str:
    escaped = str(path).replace("'", "''")
    return f"'{escaped}'"
