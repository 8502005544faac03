"""The schema as an ordered list of small named steps. A published step never changes.

To change the schema: append a function to `MIGRATIONS` and add its golden file under tests/golden/.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from contextlib import closing

from duckdb import BinderException, CatalogException, DuckDBPyConnection

from remap_core.catalogue.connection import connect_live, disk_errors_as_unusable, transaction
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import CatalogueError, NewerSchema

log = logging.getLogger(__name__)

Migration = Callable[[DuckDBPyConnection], object]


def m001_initial(connection: DuckDBPyConnection) -> None:
    """Trials, their epochs and evaluations, data sets, commands, and whether the queue is paused."""
    connection.execute(_INITIAL)


def m002_annotations_and_sealed_tests(connection: DuckDBPyConnection) -> None:
    """Notes, tags, and scores on the sealed test images."""
    connection.execute(
        "CREATE TABLE annotations (trial BIGINT NOT NULL, note VARCHAR NOT NULL, tags VARCHAR[] NOT NULL);"
        "CREATE TABLE sealed_tests (trial BIGINT NOT NULL, asked DOUBLE NOT NULL, finished DOUBLE, images INTEGER, "
        "correct INTEGER, loss DOUBLE, error VARCHAR)"
    )


def m003_maps(connection: DuckDBPyConnection) -> None:
    """The maps of the populations, and the position of each model on them."""
    connection.execute(
        "CREATE TABLE maps (dataset VARCHAR NOT NULL, relation VARCHAR NOT NULL, edition INTEGER NOT NULL, "
        "laid_with INTEGER NOT NULL, stress DOUBLE NOT NULL, relay_asked BOOLEAN NOT NULL);"
        "CREATE TABLE places (dataset VARCHAR NOT NULL, relation VARCHAR NOT NULL, number INTEGER NOT NULL, "
        "trial BIGINT NOT NULL, x DOUBLE NOT NULL, y DOUBLE NOT NULL)"
    )


def m004_recipes(connection: DuckDBPyConnection) -> None:
    """What was made of the images of a data set."""
    connection.execute("ALTER TABLE datasets ADD COLUMN recipe VARCHAR")  # JSON; empty or NULL for none


def m005_removed_trials(connection: DuckDBPyConnection) -> None:
    """The ids of trials that were removed with their data sets: ids are never used twice."""
    connection.execute("CREATE TABLE removed_trials (trial BIGINT NOT NULL)")


def m006_spaces(connection: DuckDBPyConnection) -> None:
    """The search space that a trial's lineage began in."""
    connection.execute("ALTER TABLE trials ADD COLUMN space VARCHAR")  # its name; empty or NULL for none


def m007_suggested(connection: DuckDBPyConnection) -> None:
    """Whether the machine suggested a trial, and not a person."""
    connection.execute("ALTER TABLE trials ADD COLUMN suggested BOOLEAN")  # NULL for no


def m008_people(connection: DuckDBPyConnection) -> None:
    """Who queued a trial, who sent a command, whose a note is. Empty or NULL: nobody signed in; of notes: shared."""
    connection.execute(
        "ALTER TABLE trials ADD COLUMN owner VARCHAR;"
        "ALTER TABLE commands ADD COLUMN sender VARCHAR;"
        "ALTER TABLE annotations ADD COLUMN person VARCHAR"
    )


MIGRATIONS: tuple[Migration, ...] = (
    m001_initial,
    m002_annotations_and_sealed_tests,
    m003_maps,
    m004_recipes,
    m005_removed_trials,
    m006_spaces,
    m007_suggested,
    m008_people,
)

# Tables that are updated often have no index: DuckDB would turn each update into a delete and an insert. `trials.id`
# and (trial, attempt, epoch) are unique because there is only one writer. A trial's row has all the overview shows.
_INITIAL = """
CREATE TABLE trials (
    id BIGINT NOT NULL,
    fingerprint VARCHAR NOT NULL,
    architecture VARCHAR NOT NULL,      -- JSON
    text VARCHAR NOT NULL,              -- the layers in words
    parameters BIGINT NOT NULL,
    multiply_adds BIGINT NOT NULL,
    dataset VARCHAR NOT NULL,
    config VARCHAR NOT NULL,            -- JSON
    origin VARCHAR NOT NULL,
    parent BIGINT,
    edits VARCHAR NOT NULL,             -- JSON
    batch VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    position DOUBLE NOT NULL,           -- in the queue; smaller is sooner
    attempt INTEGER NOT NULL,
    created DOUBLE NOT NULL,            -- seconds since 1970, as all times
    started DOUBLE,
    finished DOUBLE,
    error VARCHAR,
    epochs_done INTEGER NOT NULL,
    train_loss DOUBLE,                  -- this and the next four: of the last epoch
    train_accuracy DOUBLE,
    validation_loss DOUBLE,
    validation_accuracy DOUBLE,
    seconds DOUBLE,
    mean_seconds DOUBLE,                -- of all epochs; this and what follows: once COMPLETE
    accuracy DOUBLE,
    class_accuracy DOUBLE[],
    latency_1_ms DOUBLE,
    latency_256_ms DOUBLE
);
CREATE TABLE epochs (
    trial BIGINT NOT NULL,
    attempt INTEGER NOT NULL,
    epoch INTEGER NOT NULL,             -- from 1
    train_loss DOUBLE NOT NULL,
    train_accuracy DOUBLE NOT NULL,
    validation_loss DOUBLE NOT NULL,
    validation_accuracy DOUBLE NOT NULL,
    seconds DOUBLE NOT NULL
);
CREATE TABLE evaluations (
    trial BIGINT NOT NULL,
    classes INTEGER NOT NULL,
    confusion BLOB NOT NULL,            -- zlib of int64, little-endian, rows are true classes
    predictions BLOB NOT NULL,          -- zlib of uint8: (prediction - label) mod classes
    labels VARCHAR,                     -- digest of those labels; NULL where all are 0
    latency_1_ms DOUBLE NOT NULL,
    latency_256_ms DOUBLE NOT NULL,
    device VARCHAR NOT NULL,
    threads INTEGER NOT NULL,
    dtype VARCHAR NOT NULL
);
CREATE TABLE label_sets (
    digest VARCHAR NOT NULL,            -- SHA-256 of the labels
    labels BLOB NOT NULL                -- zlib of uint8
);
CREATE TABLE datasets (
    name VARCHAR NOT NULL,
    place INTEGER NOT NULL,             -- in the order of registration
    input_shape INTEGER[] NOT NULL,
    class_names VARCHAR[] NOT NULL,
    split INTEGER[] NOT NULL,
    labels VARCHAR NOT NULL,            -- digest
    examples BLOB NOT NULL,             -- zlib of uint8
    examples_shape INTEGER[] NOT NULL
);
CREATE TABLE commands (
    id VARCHAR PRIMARY KEY,
    kind VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL,
    message VARCHAR NOT NULL,
    applied_at DOUBLE NOT NULL
);
CREATE TABLE trainer (paused BOOLEAN NOT NULL);
INSERT INTO trainer VALUES (false);
"""


def migrate(connection: DuckDBPyConnection, steps: tuple[Migration, ...] = MIGRATIONS) -> None:
    """Bring a writable catalogue to the current schema, each step in one transaction with its record.

    Raises NewerSchema for a catalogue with a step that is not in `steps`.
    """
    _require_only_tables(connection)
    connection.execute("CREATE TABLE IF NOT EXISTS migrations (name VARCHAR PRIMARY KEY)")
    applied = _applied(connection, steps)
    for step in steps:
        if step.__name__ in applied:
            continue
        with transaction(connection):
            step(connection)
            connection.execute("INSERT INTO migrations VALUES (?)", [step.__name__]).fetchall()
        connection.execute("CHECKPOINT")


def keep_older(folder: DataFolder, steps: tuple[Migration, ...] = MIGRATIONS) -> None:
    """Copy a live catalogue of an older schema, before it is migrated: the way back to the version that wrote it.

    For a folder whose lock is held. Raises NewerSchema, FolderInUse, FolderUnusable, or CatalogueError.
    """
    if not folder.live.is_file():
        return
    with closing(connect_live(folder.live)) as connection:
        try:
            applied = _applied(connection, steps)
        except CatalogException:  # not a catalogue, or one that is still empty
            return
        with disk_errors_as_unusable():
            connection.execute("CHECKPOINT")  # else the newest rows are in a file of their own
    missing = [step.__name__ for step in steps if step.__name__ not in applied]
    if not missing:
        return
    kept = folder.live_before(missing[0])
    with folder.replacing(kept) as scratch:
        shutil.copyfile(folder.live, scratch)
    log.info("the catalogue is upgraded; as it was, it is kept as %s", kept.name)


def require_schema(connection: DuckDBPyConnection, steps: tuple[Migration, ...] = MIGRATIONS) -> None:
    """Refuse to read a catalogue of another schema: raises NewerSchema, or CatalogueError for an older one or none."""
    applied = require_catalogue(connection, steps)
    missing = [step.__name__ for step in steps if step.__name__ not in applied]
    if missing:
        raise CatalogueError(
            f"The catalogue was written by an older version (it lacks {', '.join(missing)}); "
            "start the trainer of this version once to update it."
        )


def require_catalogue(connection: DuckDBPyConnection, steps: tuple[Migration, ...] = MIGRATIONS) -> set[str]:
    """Return the steps of a catalogue of this version or an older one; raises NewerSchema or CatalogueError."""
    _require_only_tables(connection)
    try:
        return _applied(connection, steps)
    except (BinderException, CatalogException):
        raise CatalogueError("The file is a DuckDB database, but not a catalogue.") from None


def _require_only_tables(connection: DuckDBPyConnection) -> None:
    """Raise CatalogueError for views and macros: no catalogue has any, and they would run in our queries."""
    found = connection.execute(
        "SELECT view_name FROM system.main.duckdb_views() WHERE NOT internal UNION ALL "
        "SELECT function_name FROM system.main.duckdb_functions() WHERE NOT internal"
    ).fetchall()
    if found:
        name = found[0][0]
        raise CatalogueError(f"The file is a DuckDB database with the view or macro {name!r:.60}, and so no catalogue.")


def _applied(connection: DuckDBPyConnection, steps: tuple[Migration, ...]) -> set[str]:
    names = connection.execute("SELECT name FROM migrations").fetchall()
    applied = {name for (name,) in names}
    require_known(applied, steps)
    return applied


def require_known(applied: set[str], steps: tuple[Migration, ...] = MIGRATIONS) -> None:
    """Raise NewerSchema where steps were applied that are not in `steps`."""
    known = {step.__name__ for step in steps}
    unknown = sorted(map(str, applied - known))
    if unknown:
        raise NewerSchema(
            f"The catalogue was written by a newer version (it has {', '.join(unknown)}): install that version."
        )
