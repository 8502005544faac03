"""From an older version to this one, and back: with the catalogue that an upgrade keeps, and with a backup."""

import shutil
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from catalogues import write_catalogue
from trainings import epoch
from typer.testing import CliRunner

from remap_core.catalogue.backups import restore_backup, write_backup
from remap_core.catalogue.migrations import MIGRATIONS, keep_older, migrate, require_schema
from remap_core.catalogue.snapshot import Publisher, current_number, open_snapshot, snapshot_path
from remap_core.catalogue.store import CatalogueStore
from remap_core.cli.typer_app import app
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import NewerSchema
from remap_core.trials.trial import TrialState

GOLDEN = sorted((Path(__file__).parents[1] / "golden" / "catalogue").glob("*.sql"))
OLDER = GOLDEN[:-1]


def m999_of_the_next_version(connection):
    connection.execute("CREATE TABLE moods (trial BIGINT, mood VARCHAR)")


NEXT = (*MIGRATIONS, m999_of_the_next_version)


@pytest.fixture(params=OLDER, ids=lambda path: path.stem)
def older(request, tmp_path):
    """The data folder of an older version, and the steps that it knew."""
    folder = DataFolder(tmp_path / "home")
    with closing(duckdb.connect(folder.live)) as connection:
        connection.execute(request.param.read_text(encoding="utf-8"))
    names = [step.__name__ for step in MIGRATIONS]
    return folder, MIGRATIONS[: names.index(request.param.stem) + 1]


@pytest.fixture
def newer(tmp_path):
    """A data folder of six models that the next version has upgraded."""
    folder = write_catalogue(tmp_path / "home")
    keep_older(folder, NEXT)
    with closing(duckdb.connect(folder.live)) as connection:
        migrate(connection, NEXT)
    shutil.copy(folder.live, snapshot_path(folder, current_number(folder)))
    return folder


def rows(path):
    with closing(duckdb.connect(path, read_only=True)) as connection:
        names = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return {name: sorted(map(repr, connection.table(name).fetchall())) for name in names}


def test_a_data_folder_of_every_older_version_is_opened_trained_and_shown(older):
    folder, _ = older
    with folder.lock(), closing(CatalogueStore.open(folder)) as store:
        store.set_paused(False)
        waiting = store.claim(300.0)
        store.record_epoch(waiting.id, epoch(1))
        assert (waiting.id, waiting.state) == (3, TrialState.RUNNING)
        Publisher(store, folder).publish()
    with closing(open_snapshot(folder)) as catalogue:
        assert catalogue.counts()[TrialState.COMPLETE] == 1


def test_an_upgrade_keeps_the_catalogue_that_the_older_version_can_open_again(older):
    folder, steps = older
    before = rows(folder.live)
    CatalogueStore.open(folder).close()
    (kept,) = folder.home.glob("live-before-*.duckdb")
    assert kept == folder.live_before(MIGRATIONS[len(steps)].__name__)
    assert rows(kept) == before
    kept.replace(folder.live)
    with closing(duckdb.connect(folder.live)) as connection:
        migrate(connection, steps)
        require_schema(connection, steps)


def test_what_was_not_yet_in_the_file_is_kept_too(older):
    folder, steps = older
    with closing(duckdb.connect(folder.live, config={"checkpoint_threshold": "1GB"})) as connection:
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        connection.execute("UPDATE trainer SET paused = false")
    assert Path(f"{folder.live}.wal").exists()
    CatalogueStore.open(folder).close()
    assert rows(folder.live_before(MIGRATIONS[len(steps)].__name__))["trainer"] == ["(False,)"]


def test_without_an_upgrade_nothing_is_kept(tmp_path):
    folder = DataFolder(tmp_path)
    for _ in range(2):
        CatalogueStore.open(folder).close()
    assert list(tmp_path.glob("live-before-*")) == []


def test_this_version_says_in_one_sentence_that_the_catalogue_is_of_a_newer_one(newer, monkeypatch):
    monkeypatch.setenv("REMAP_HOME", str(newer.home))
    with pytest.raises(NewerSchema):
        CatalogueStore.open(newer)
    for command in ("trainer", "status", "models"):
        ended = CliRunner().invoke(app, [command])
        assert isinstance(ended.exception, NewerSchema)
        assert str(ended.exception) == (
            "The catalogue was written by a newer version (it has m999_of_the_next_version): install that version."
        )


def test_with_what_the_newer_version_kept_this_one_trains_and_shows_again(newer):
    newer.live_before("m999_of_the_next_version").replace(newer.live)
    with newer.lock(), closing(CatalogueStore.open(newer)) as store:
        Publisher(store, newer).publish()
    with closing(open_snapshot(newer)) as catalogue:
        assert catalogue.counts()[TrialState.COMPLETE] == 6


def test_a_backup_from_before_the_upgrade_is_the_way_back(tmp_path):
    folder = write_catalogue(tmp_path / "home")
    write_backup(folder, tmp_path / "backup")
    with closing(duckdb.connect(folder.live)) as connection:
        migrate(connection, NEXT)
    back = DataFolder(tmp_path / "back")
    assert restore_backup(tmp_path / "backup", back) == 6
    with back.lock(), closing(CatalogueStore.open(back)) as store:
        assert store.catalogue().counts()[TrialState.COMPLETE] == 6
