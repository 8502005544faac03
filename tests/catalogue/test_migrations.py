from pathlib import Path

import duckdb
import numpy as np
import pytest
from trainings import EVALUATION, epoch, proposal

from remap_core.catalogue.migrations import MIGRATIONS, migrate, require_schema
from remap_core.catalogue.store import CatalogueStore
from remap_core.datasets.recipe import Recipe
from remap_core.errors import CatalogueError, NewerSchema
from remap_core.trials.commands import Outcome
from remap_core.trials.trial import Origin, TrialState

GOLDEN = sorted((Path(__file__).parents[1] / "golden" / "catalogue").glob("*.sql"))


def m998_colour(connection):
    connection.execute("ALTER TABLE trials ADD COLUMN colour VARCHAR DEFAULT 'grey'")


def m999_broken(connection):
    connection.execute("ALTER TABLE trials ADD COLUMN smell VARCHAR")
    connection.execute("SELECT nothing FROM nowhere")


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        yield connection


@pytest.fixture(params=GOLDEN, ids=lambda path: path.stem)
def golden(request, connection):
    """A catalogue as a published version wrote it."""
    connection.execute(request.param.read_text(encoding="utf-8"))
    return connection


def columns(connection):
    return connection.execute(
        "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns() ORDER BY ALL"
    ).fetchall()


def names(connection):
    return [name for (name,) in connection.execute("SELECT name FROM migrations ORDER BY name").fetchall()]


def test_every_migration_has_a_golden_catalogue_and_they_are_in_the_order_of_their_names():
    assert [step.__name__ for step in MIGRATIONS] == [path.stem for path in GOLDEN]


def test_every_published_catalogue_is_migrated_to_the_current_schema(golden):
    migrate(golden)
    with duckdb.connect() as fresh:
        migrate(fresh)
        assert columns(golden) == columns(fresh)
    require_schema(golden)


def test_every_published_catalogue_keeps_its_content(golden):
    catalogue = CatalogueStore(lambda: golden).catalogue()
    complete, retried, child = catalogue.trials([1, 2, 3])
    assert (complete.proposal, complete.state, complete.last) == (proposal(4), TrialState.COMPLETE, epoch(2))
    assert (retried.state, retried.attempt, catalogue.epochs(2)) == (TrialState.WAITING, 2, [])
    assert (child.proposal.parent, child.proposal.origin, child.proposal.batch) == (
        1,
        Origin.ABLATION,
        "ablations of 1",
    )
    assert child.architecture == child.proposal.edits[0].apply(complete.architecture)
    assert catalogue.epochs(1) == [epoch(1), epoch(2)]
    np.testing.assert_array_equal(catalogue.evaluation(1).predictions, EVALUATION.predictions)
    np.testing.assert_array_equal(catalogue.evaluation(1).confusion, EVALUATION.confusion)
    np.testing.assert_array_equal(catalogue.population("toy").class_accuracy, [[0.75, 1.0]])
    assert catalogue.dataset("toy").examples.ravel().tolist() == list(range(8))
    assert catalogue.receipts(10)[0].outcome is Outcome.APPLIED
    assert catalogue.paused()


def test_recipes_are_kept_and_data_sets_of_before_have_none(golden):
    written = "m004_recipes" in names(golden)
    recipe = CatalogueStore(lambda: golden).catalogue().dataset("toy").recipe
    augmented = Recipe("/photos", "class folders", 2, "grey", "crop", "white", augmentation=("flip", "shift"))
    assert recipe == (augmented.to_json() if written else "")


def test_spaces_are_kept_and_trials_of_before_have_none(golden):
    written = "m006_spaces" in names(golden)
    catalogue = CatalogueStore(lambda: golden).catalogue()
    assert [trial.proposal.space for trial in catalogue.trials([1, 2, 3])] == ["", "mobile" if written else "", ""]
    assert catalogue.spaces("toy") == (["mobile"] if written else [])


def test_what_the_machine_suggested_is_kept_and_trials_of_before_were_a_persons(golden):
    written = "m007_suggested" in names(golden)
    catalogue = CatalogueStore(lambda: golden).catalogue()
    assert [trial.proposal.suggested for trial in catalogue.trials([1, 2, 3])] == [False, written, False]
    assert catalogue.population("toy").suggested.tolist() == [False]


def test_who_queued_sent_and_noted_what_is_kept_and_before_nobody_signed_in(golden):
    ada = "ada@example.org" if "m008_people" in names(golden) else ""
    catalogue = CatalogueStore(lambda: golden).catalogue()
    assert [trial.owner for trial in catalogue.trials([1, 2, 3])] == ["", ada, ""]
    assert [receipt.sender for receipt in catalogue.receipts(10)] == [ada]
    assert catalogue.senders() == [ada] * bool(ada)
    if ada:
        assert catalogue.annotations([1], ada)[1].note == "try without dropout"
        assert catalogue.annotations([1])[1].note == "mixes up yes & no"


def test_a_catalogue_is_migrated_once(connection):
    migrate(connection)
    migrate(connection)
    assert names(connection) == [step.__name__ for step in MIGRATIONS]


def test_only_what_is_missing_is_applied(connection):
    migrate(connection)
    migrate(connection, (*MIGRATIONS, m998_colour))
    assert names(connection) == [*(step.__name__ for step in MIGRATIONS), "m998_colour"]
    assert ("trials", "colour", "VARCHAR", True) in columns(connection)


def test_a_failed_migration_changes_nothing(connection):
    migrate(connection)
    before = columns(connection)
    with pytest.raises(duckdb.CatalogException):
        migrate(connection, (*MIGRATIONS, m999_broken))
    assert (columns(connection), names(connection)) == (before, [step.__name__ for step in MIGRATIONS])


def test_a_catalogue_of_a_newer_version_is_refused_for_writing_and_for_reading(connection):
    migrate(connection, (*MIGRATIONS, m998_colour))
    for refuse in (migrate, require_schema):
        with pytest.raises(NewerSchema, match=r"written by a newer version \(it has m998_colour\)"):
            refuse(connection)


def test_a_catalogue_of_an_older_version_is_refused_for_reading(connection):
    migrate(connection)
    with pytest.raises(CatalogueError, match=r"older version \(it lacks m998_colour\); start the trainer"):
        require_schema(connection, (*MIGRATIONS, m998_colour))


def test_a_database_without_migrations_is_not_a_catalogue(connection):
    with pytest.raises(CatalogueError, match="not a catalogue"):
        require_schema(connection)
