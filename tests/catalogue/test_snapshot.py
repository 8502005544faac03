import os
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from trainings import EVALUATION, epoch, proposal

from remap_core.catalogue.connection import connect_snapshot
from remap_core.catalogue.snapshot import Publisher, current_number, open_snapshot
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import CatalogueError, FolderInUse, FolderUnusable, NewerSchema, NoCatalogue, NotFound
from remap_core.trials.annotations import Annotation
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.trial import TrialState

TOY = DatasetCard(
    "toy", (1, 2, 2), ("no", "yes"), (8, 8, 8), np.zeros(8, np.uint8), np.zeros((2, 0, 2, 2, 1), np.uint8)
)
OPEN_LIVE = """
import duckdb, sys
for read_only in (False, True):
    try:
        duckdb.connect(sys.argv[1], read_only=read_only)
    except duckdb.IOException as error:
        print("refused" if "lock" in str(error) else error)
"""
OPEN_STORE = """
import sys
from pathlib import Path
from remap_core.data_folder.folder import DataFolder
from remap_core.catalogue.store import CatalogueStore
from remap_core.errors import FolderInUse
try:
    CatalogueStore.open(DataFolder(Path(sys.argv[1])))
except FolderInUse as error:
    print(error)
"""
COPY_OF_A_FULL_DISK = """#!/bin/sh
for target; do :; done
echo half > "$target"
echo "cp: error writing '$target': No space left on device" >&2
exit 1
"""


@pytest.fixture
def folder(tmp_path):
    return DataFolder(tmp_path)


@pytest.fixture
def store(folder):
    with closing(CatalogueStore.open(folder)) as store:
        yield store


@pytest.fixture
def publisher(store, folder):
    return Publisher(store, folder)


@pytest.fixture
def fill_disk(tmp_path, monkeypatch):
    """When called, copying the catalogue fails with a full disk; called with False, it works again."""
    cp = tmp_path / "programs" / "cp"
    cp.parent.mkdir()
    cp.write_text(COPY_OF_A_FULL_DISK)
    cp.chmod(0o755)
    path = os.environ["PATH"]
    return lambda full=True: monkeypatch.setenv("PATH", f"{cp.parent}:{path}" if full else path)


def enqueue(store, *units):
    return store.enqueue([proposal(number) for number in units], 100.0)


def waiting(folder):
    with closing(open_snapshot(folder)) as catalogue:
        return catalogue.counts()[TrialState.WAITING]


def files(folder):
    return sorted(path.name for path in folder.snapshots.iterdir())


def said(program, argument):
    return subprocess.check_output([sys.executable, "-c", program, str(argument)], text=True)


# Publishing


def test_what_was_published_can_be_read(store, publisher, folder):
    enqueue(store, 3, 4)
    assert publisher.publish() == 1
    with closing(open_snapshot(folder)) as catalogue:
        assert catalogue.number == current_number(folder) == 1
        assert catalogue.trial(2) == store.trial(2)


def test_a_snapshot_stays_as_it_was_published(store, publisher, folder):
    enqueue(store, 3)
    publisher.publish()
    with closing(open_snapshot(folder)) as catalogue:
        enqueue(store, 4)
        publisher.publish()
        assert catalogue.counts()[TrialState.WAITING] == 1
    assert waiting(folder) == 2


def test_the_last_four_snapshots_are_kept(publisher, folder):
    for _ in range(6):
        publisher.publish()
    assert files(folder) == ["CURRENT", *(f"catalogue-{number}.duckdb" for number in (3, 4, 5, 6))]


def test_a_snapshot_that_is_being_read_may_be_deleted(store, publisher, folder):
    enqueue(store, 3)
    publisher.publish()
    with closing(open_snapshot(folder)) as catalogue:
        for _ in range(5):
            publisher.publish()
        assert "catalogue-1.duckdb" not in files(folder)
        assert catalogue.trial(1) == store.trial(1)


def test_numbers_continue_after_a_restart(store, folder):
    Publisher(store, folder).publish()
    assert Publisher(store, folder).publish() == 2


def test_numbers_continue_when_the_pointer_was_lost(store, folder):
    Publisher(store, folder).publish()
    folder.pointer.unlink()
    assert Publisher(store, folder).publish() == 2


def test_numbers_continue_when_the_snapshots_were_lost(store, folder):
    folder.pointer.write_text("41")
    assert Publisher(store, folder).publish() == 42


def test_an_unreadable_pointer_is_replaced(store, folder):
    folder.pointer.write_text("garbage")
    assert Publisher(store, folder).publish() == 1
    assert current_number(folder) == 1


def test_the_partial_file_of_a_killed_publisher_is_deleted(publisher, folder):
    (folder.snapshots / "catalogue-7.duckdb.ab12.tmp").write_text("half")
    publisher.publish()
    assert files(folder) == ["CURRENT", "catalogue-1.duckdb"]


def test_foreign_files_among_the_snapshots_are_left_alone(publisher, folder):
    for name in ("catalogue-old.duckdb", "notes.txt"):
        (folder.snapshots / name).write_text("mine")
    for _ in range(6):
        publisher.publish()
    assert {"catalogue-old.duckdb", "notes.txt"} <= set(files(folder))


def test_without_cp_the_database_copies_itself(store, publisher, folder, monkeypatch):
    enqueue(store, 3)
    store.claim(200.0)
    store.record_epoch(1, epoch(1))
    monkeypatch.setenv("PATH", "")
    for _ in range(2):
        publisher.publish()
    with closing(open_snapshot(folder)) as catalogue:
        assert (catalogue.trial(1), catalogue.epochs(1)) == (store.trial(1), [epoch(1)])
    assert files(folder) == ["CURRENT", "catalogue-1.duckdb", "catalogue-2.duckdb"]


def test_a_folder_may_have_a_quote_in_its_name(tmp_path, monkeypatch):
    folder = DataFolder(tmp_path / "it's")
    monkeypatch.setenv("PATH", "")
    with closing(CatalogueStore.open(folder)) as store:
        Publisher(store, folder).publish()
    assert waiting(folder) == 0


# When


def test_only_what_has_changed_is_published(store, publisher, folder):
    publisher.publish_if_due(100.0)
    publisher.publish_if_due(200.0)
    assert current_number(folder) == 1
    enqueue(store, 3)
    publisher.publish_if_due(300.0)
    assert current_number(folder) == 2


@pytest.mark.parametrize(("took", "pause"), [(0.001, 1.0), (0.5, 10.0)])
def test_publishing_pauses_for_a_second_or_twenty_times_what_it_took(store, folder, took, pause):
    publisher = Publisher(store, folder, clock=iter([0.0, took, 0.0, took]).__next__)
    publisher.publish_if_due(100.0)
    enqueue(store, 3)
    publisher.publish_if_due(100.0 + pause - 0.01)
    assert current_number(folder) == 1
    publisher.publish_if_due(100.0 + pause)
    assert current_number(folder) == 2


def test_a_clock_that_was_set_back_does_not_stop_publishing(store, publisher, folder):
    publisher.publish_if_due(1_000_000.0)
    enqueue(store, 3)
    publisher.publish_if_due(100.0)
    assert current_number(folder) == 2


# Failing


def test_a_full_disk_is_reported_in_words_and_keeps_the_earlier_snapshots(store, publisher, folder, fill_disk):
    publisher.publish()
    there = files(folder)
    enqueue(store, 3)
    fill_disk()
    with pytest.raises(FolderUnusable, match=f"cannot be published in {folder.home}: cp: .* No space left on device"):
        publisher.publish()
    assert files(folder) == there
    assert waiting(folder) == 0


def test_a_failed_snapshot_is_tried_again_after_the_pause(publisher, folder, fill_disk):
    fill_disk()
    with pytest.raises(FolderUnusable):
        publisher.publish_if_due(100.0)
    publisher.publish_if_due(100.5)  # too soon to try, so it does not fail
    fill_disk(False)
    publisher.publish_if_due(101.0)
    assert current_number(folder) == 2  # a number is never used twice


def test_a_snapshot_whose_pointer_cannot_be_written_is_deleted(publisher, folder):
    folder.pointer.mkdir()
    with pytest.raises(FolderUnusable, match="Is a directory"):
        publisher.publish()
    assert files(folder) == ["CURRENT"]


# Reading


def test_before_anything_was_published_there_is_no_catalogue(folder):
    assert current_number(folder) is None
    with pytest.raises(NoCatalogue, match=f"Nothing has been published in {folder.home} yet"):
        open_snapshot(folder)


@pytest.mark.parametrize("content", [b"", b"garbage", b"1.5", b"\xff", b"99", None])
def test_a_damaged_or_lost_pointer_hides_no_snapshot(store, publisher, folder, content):
    publisher.publish()
    enqueue(store, 3)
    publisher.publish()
    folder.pointer.unlink()
    if content is not None:
        folder.pointer.write_bytes(content)
    assert current_number(folder) == 2
    assert waiting(folder) == 1
    assert publisher.publish() == 3
    assert folder.pointer.read_bytes() == b"3"


def test_a_damaged_pointer_without_snapshots_is_reported_in_words(folder):
    folder.pointer.write_text("garbage")
    assert current_number(folder) is None
    with pytest.raises(CatalogueError, match="CURRENT must hold the number of a snapshot"):
        open_snapshot(folder)


@pytest.mark.parametrize("content", [b"", b"garbage" * 10_000, None])
def test_a_snapshot_that_cannot_be_read_is_named(folder, content):
    folder.pointer.write_text("1")
    if content is not None:
        (folder.snapshots / "catalogue-1.duckdb").write_bytes(content)
    with pytest.raises(CatalogueError, match=f"{folder.snapshots}/catalogue-1.duckdb"):
        open_snapshot(folder)


def test_a_snapshot_of_a_newer_version_is_refused(store, publisher, folder):
    store.close()
    with duckdb.connect(folder.live) as future:
        future.execute("INSERT INTO migrations VALUES ('m999_future')").fetchall()
    folder.live.rename(folder.snapshots / "catalogue-1.duckdb")
    folder.pointer.write_text("1")
    with pytest.raises(NewerSchema, match="m999_future"):
        open_snapshot(folder)


@pytest.mark.parametrize(
    "statement",
    [
        "COPY trials TO '{outside}'",
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM '{secret}'",
        "ATTACH '{outside}' AS another",
        "SELECT * FROM variable",
        "SET enable_external_access = true",
        "SET threads = 1",
        "INSERT INTO trainer VALUES (true)",
    ],
)
def test_a_query_cannot_access_anything_but_the_snapshot(publisher, folder, tmp_path, statement):
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    publisher.publish()
    variable = pa.table({"a": [1]})
    snapshot = connect_snapshot(folder.snapshots / "catalogue-1.duckdb")
    with closing(snapshot), pytest.raises(duckdb.Error):
        snapshot.execute(statement.format(outside=tmp_path / "out", secret=tmp_path / "secret.csv")).fetchall()
    assert not (tmp_path / "out").exists()
    assert variable.num_rows == 1


@pytest.mark.parametrize("live", [False, True], ids=["snapshots", "live"])
def test_reading_never_fails_while_snapshots_are_published(store, publisher, folder, live):
    store.register_dataset(TOY)
    publisher.publish()
    stop, seen, failures = threading.Event(), [], []

    def read_until_stopped():
        try:
            while not stop.is_set():
                with closing(store.catalogue() if live else open_snapshot(folder)) as catalogue:
                    before, after = len(catalogue.population("toy")), catalogue.counts()[TrialState.COMPLETE]
                    assert before <= after if live else before == after
                    seen.append(after)
        except Exception as error:
            failures.append(error)

    readers = [threading.Thread(target=read_until_stopped) for _ in range(3)]
    for reader in readers:
        reader.start()
    for trial in range(1, 26):
        enqueue(store, trial)
        store.claim(200.0)
        store.complete(trial, EVALUATION, 300.0)
        publisher.publish()
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert len(seen) >= 3
    with closing(open_snapshot(folder)) as catalogue:
        assert len(catalogue.population("toy")) == 25


def test_several_threads_may_query_the_same_catalogue(store, publisher, folder):
    enqueue(store, *range(2, 52))
    publisher.publish()
    answers = []
    with closing(open_snapshot(folder)) as catalogue:
        threads = [
            threading.Thread(target=lambda: answers.extend(len(catalogue.queue()) for _ in range(10))) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [50] * 40


# The live catalogue is the trainer's alone


def test_no_other_process_can_open_the_live_catalogue_and_publishing_does_not_change_that(store, publisher, folder):
    for number in range(3, 6):
        enqueue(store, number)
        publisher.publish()
    assert said(OPEN_LIVE, folder.live) == "refused\nrefused\n"
    assert said(OPEN_STORE, folder.home) == (
        f"Another process has {folder.live} open; only one trainer may work in a data folder.\n"
    )


def test_a_live_file_that_is_not_a_catalogue_is_reported_in_words(folder):
    folder.live.write_bytes(b"garbage" * 10_000)
    with pytest.raises(CatalogueError, match=f"{folder.live} cannot be opened: .*not a valid DuckDB database"):
        CatalogueStore.open(folder)


def test_a_live_catalogue_of_a_newer_version_is_refused_and_released(store, folder):
    store.close()
    for _ in range(2):
        with duckdb.connect(folder.live) as future:
            future.execute("INSERT OR IGNORE INTO migrations VALUES ('m999_future')").fetchall()
        with pytest.raises(NewerSchema, match="m999_future") as caught:
            CatalogueStore.open(folder)
        assert not isinstance(caught.value, FolderInUse)


# What somebody put in the place of the catalogue

HOSTILE = [
    "CREATE VIEW trials AS SELECT * FROM read_text('{secret}')",
    "CREATE MACRO starts_with(a, b) AS (SELECT content FROM read_text('{secret}'))",
    "CREATE MACRO unnest(a) AS TABLE SELECT * FROM read_csv('{secret}')",
    "CREATE MACRO duckdb_functions() AS TABLE SELECT content AS function_name, true AS internal FROM "
    "read_text('{secret}')",
]


def database(path, *statements):
    with duckdb.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    return path


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret.csv"
    path.write_text("password\nhunter2\n")
    return path


@pytest.mark.parametrize("hostile", HOSTILE, ids=["view", "macro", "table macro", "hidden"])
def test_views_and_macros_in_a_catalogue_never_run(folder, secret, hostile):
    CatalogueStore.open(folder).close()
    with duckdb.connect(folder.live) as connection:
        if "VIEW trials" in hostile:
            connection.execute("DROP TABLE trials")
        connection.execute(hostile.format(secret=secret))
    snapshot = folder.snapshots / "catalogue-1.duckdb"
    snapshot.write_bytes(folder.live.read_bytes())
    folder.pointer.write_text("1")
    for opened in (open_snapshot, CatalogueStore.open):
        with pytest.raises(CatalogueError, match=r"with the view or macro .*, and so no catalogue") as caught:
            opened(folder)
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('{secret}')",
        "COPY trials TO '{outside}'",
        "COPY (SELECT 1) TO '{outside}'",
        "ATTACH '{outside}' AS another",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "SET threads = 1",
    ],
)
def test_the_trainers_own_connection_has_no_access_to_other_files_either(store, tmp_path, secret, statement):
    with pytest.raises(duckdb.Error):
        store.catalogue()._read._connection.execute(statement.format(secret=secret, outside=tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE trials (x INTEGER)"],
        ["CREATE TABLE migrations (step INTEGER)"],
        ["CREATE TABLE migrations (name VARCHAR)", "INSERT INTO migrations VALUES (NULL)"],
        ["CREATE TYPE mood AS ENUM ('ok')", "CREATE TABLE epochs (m mood)"],
    ],
)
def test_a_foreign_database_in_the_place_of_the_catalogue_is_one_sentence(folder, statements):
    database(folder.live, *statements)
    with pytest.raises(CatalogueError) as caught:
        CatalogueStore.open(folder)
    assert str(folder.live) in str(caught.value) or "written by a newer version" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_damaged_catalogue_beside_snapshots_is_reported_with_the_command_that_goes_on(store, publisher, folder):
    enqueue(store, 3, 4)
    publisher.publish()
    store.close()
    folder.live.write_bytes(b"garbage" * 10_000)
    with pytest.raises(CatalogueError, match="If it is damaged, `remap restore --snapshot` goes on from the newest"):
        CatalogueStore.open(folder)


ADA, BOB = "visitor-aaaaaaaa", "visitor-bbbbbbbb"
OF_ADA = f"trees of {ADA}@1f3a9c2e0b7d"


def test_for_other_visitors_of_a_demo_there_is_nothing_of_a_data_set_of_ones_own(folder, store):
    for number, dataset in enumerate(("toy", OF_ADA), 1):
        store.register_dataset(replace(TOY, name=dataset))
        store.enqueue([replace(proposal(), dataset=dataset, batch=f"batch {number}")], 100.0)
        store.claim(101.0)
        store.record_epoch(number, epoch(1))
        store.complete(number, EVALUATION, 102.0)
        store.annotate(number, Annotation("a note", ("tag",)))
    store.apply_once("added", "added_dataset", 103.0, lambda: f"trees of {ADA} added.")
    Publisher(store, folder).publish()
    for visitor, sees in ((None, True), (ADA, True), (BOB, False), ("", False)):
        with closing(open_snapshot(folder, visitor)) as catalogue:
            assert catalogue.trial(1).proposal.dataset == "toy"
            assert catalogue.best("toy").id == 1
            assert (OF_ADA in catalogue.datasets()) is sees
            assert sum(catalogue.counts().values()) == 1 + sees
            assert [trial.id for trial in catalogue.queue()] == ([2, 1] if sees else [1])
            assert bool(catalogue.batch("batch 2")) is sees
            assert bool(catalogue.epochs(2)) is sees
            assert bool(catalogue.evaluation(2)) is sees
            assert bool(catalogue.annotations([2])[2].note) is sees
            assert len(catalogue.receipts(None)) == sees
            if not sees:
                with pytest.raises(NotFound, match="does not exist"):
                    catalogue.trial(2)
                with pytest.raises(NotFound, match="There is no data set"):
                    catalogue.population(OF_ADA)


def test_what_a_visitor_sees_cannot_read_other_files_either(folder, store, tmp_path):
    Publisher(store, folder).publish()
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    with closing(open_snapshot(folder, ADA)) as catalogue, pytest.raises(CatalogueError):
        catalogue._read.rows("FROM read_csv(?)", str(tmp_path / "secret.csv"))
