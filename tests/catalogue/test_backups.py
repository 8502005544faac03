"""Backups: written, and restored."""

import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from catalogues import write_catalogue

from remap_core.access.person import NOBODY
from remap_core.catalogue import backups as backup_module
from remap_core.catalogue.backups import restore_backup, restore_snapshot, write_backup, write_dated_backup
from remap_core.catalogue.connection import connect_live
from remap_core.catalogue.snapshot import Publisher, open_snapshot, snapshot_path
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.data_folder.own_drawers import read_drawers, write_drawers
from remap_core.errors import CatalogueError, FolderInUse, FolderUnusable, NewerSchema, NoCatalogue
from remap_core.trials.commands import Pause

GOLDEN = sorted((Path(__file__).parents[1] / "golden" / "catalogue").iterdir())


@pytest.fixture
def folder(tmp_path):
    """Nine trials, weights of two, a partial file, a waiting command and a rejected one, somebody's drawer."""
    folder = write_catalogue(tmp_path / "home", waiting=2, failed=1)
    for trial in (1, 2):
        folder.weights(trial).parent.mkdir()
        folder.weights(trial).write_bytes(b"weights %d" % trial)
    (folder.artifacts / "2" / "checkpoint.partial").write_bytes(b"half")
    Inbox(folder).send(Pause(), 1.0, NOBODY)
    write_drawers(folder, "ada@example.org", {"digits": [3]})
    (folder.rejected_commands / "9.json").write_bytes(b"{")
    return folder


@pytest.fixture
def new(tmp_path):
    return DataFolder(tmp_path / "new")


def tables(path):
    with closing(duckdb.connect(path, read_only=True)) as connection:
        names = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return {name: sorted(map(repr, connection.table(name).fetchall())) for name in names}


def everything(folder):
    """Every row of the newest snapshot, the artifacts and the waiting commands."""
    with closing(open_snapshot(folder)) as catalogue:
        number = catalogue.number
    artifacts = {path.relative_to(folder.home): path.read_bytes() for path in folder.artifacts.rglob("*.safetensors")}
    return tables(snapshot_path(folder, number)), artifacts, [command for _, command, _ in Inbox(folder).pending()]


def test_restoring_gives_back_exactly_what_was_backed_up(folder, new, tmp_path):
    assert write_backup(folder, tmp_path / "backup") == 9
    assert restore_backup(tmp_path / "backup", new) == 9
    assert everything(new) == everything(folder)
    assert read_drawers(new, "ada@example.org") == {"digits": [3]}
    left = {path.name for path in (tmp_path / "backup").rglob("*")}
    assert not left & {"checkpoint.partial", "rejected", "9.json", "tmp"}


def test_a_backup_can_be_taken_from_a_running_trainer_and_a_trainer_continues_the_restored_one(folder, new, tmp_path):
    with folder.lock(), closing(CatalogueStore.open(folder)) as store:
        store.claim(200.0)
        write_backup(folder, tmp_path / "backup")  # of what was published: nothing is running there
        assert connect_refused(folder)
    restore_backup(tmp_path / "backup", new)
    with new.lock(), closing(CatalogueStore.open(new)) as store:
        assert store.claim(300.0).id == 8
        assert store.enqueue([store.trial(1).proposal], 300.0) == [10]


def connect_refused(folder):
    """Whether another process is still kept out of the live catalogue."""
    code = f"import duckdb; duckdb.connect({str(folder.live)!r})"
    ended = subprocess.run(["python3", "-c", code], capture_output=True, check=False)
    return ended.returncode != 0


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: path.name)
def test_backups_of_every_published_schema_are_restored(golden, new, tmp_path):
    source = tmp_path / "backup"
    with closing(duckdb.connect()) as connection:
        connection.execute(golden.read_text())
        (source / "catalogue").parent.mkdir()
        connection.execute(f"EXPORT DATABASE '{source / 'catalogue'}' (FORMAT parquet, COMPRESSION zstd)")
    assert restore_backup(source, new) > 0


def test_a_backup_needs_a_new_or_empty_folder_outside_the_data_folder(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    write_backup(folder, tmp_path / "empty")
    with pytest.raises(FolderUnusable, match="needs a new or empty folder"):
        write_backup(folder, tmp_path / "empty")
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderUnusable, match="needs a new or empty folder"):
        write_backup(folder, tmp_path / "file")
    with pytest.raises(FolderUnusable, match="must be outside the data folder"):
        write_backup(folder, folder.artifacts / "backup")
    with pytest.raises(FolderUnusable, match=r"cannot be written to .*: File exists"):
        write_backup(folder, tmp_path / "file" / "backup")


def test_without_a_snapshot_there_is_nothing_to_back_up_and_nothing_is_left(new, tmp_path):
    with pytest.raises(NoCatalogue):
        write_backup(new, tmp_path / "backup")
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_full_disk_leaves_no_partial_backup(folder, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup_module.shutil, "copy2", full)
    with pytest.raises(FolderUnusable, match=r"The backup cannot be written to .*: .*No space left on device"):
        write_backup(folder, tmp_path / "backup")
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_a_backup_is_only_restored_to_an_empty_data_folder(folder, new, tmp_path):
    write_backup(folder, tmp_path / "backup")
    with pytest.raises(FolderUnusable, match="restored to an empty data folder"):
        restore_backup(tmp_path / "backup", folder)
    with new.lock(), pytest.raises(FolderInUse):
        restore_backup(tmp_path / "backup", new)


def test_a_folder_that_is_not_a_backup_is_refused(folder, new, tmp_path):
    with pytest.raises(CatalogueError, match=r"is not a backup: it has no catalogue/migrations\.parquet"):
        restore_backup(tmp_path, new)


@pytest.mark.parametrize("damage", [lambda file: file.write_bytes(b"no parquet"), Path.unlink])
def test_a_damaged_backup_is_refused_and_leaves_the_folder_empty(folder, new, tmp_path, damage):
    write_backup(folder, tmp_path / "backup")
    damage(tmp_path / "backup" / "catalogue" / "trials.parquet")
    with pytest.raises(CatalogueError, match="cannot be read"):
        restore_backup(tmp_path / "backup", new)
    assert not new.live.exists()
    assert list(new.artifacts.iterdir()) == []
    assert list(new.people.glob("*")) == []


def test_a_backup_of_a_newer_version_is_refused(folder, new, tmp_path):
    write_backup(folder, tmp_path / "backup")
    steps = tmp_path / "backup" / "catalogue" / "migrations.parquet"
    with closing(duckdb.connect()) as connection:
        connection.execute(f"COPY (SELECT 'm9999_from_the_future' AS name) TO '{steps}' (FORMAT parquet)")
    with pytest.raises(NewerSchema, match="m9999_from_the_future"):
        restore_backup(tmp_path / "backup", new)


def test_nothing_in_a_backup_is_executed(folder, new, tmp_path):
    write_backup(folder, tmp_path / "backup")
    for script in (tmp_path / "backup" / "catalogue").glob("*.sql"):
        script.write_text(f"COPY (SELECT 1) TO '{tmp_path / 'proof'}';")
    restore_backup(tmp_path / "backup", new)
    assert not (tmp_path / "proof").exists()
    with closing(connect_live(new.live)):
        pass


def test_added_data_sets_are_backed_up_but_not_what_is_being_prepared(folder, new, tmp_path):
    for name in ("leaves@0123456789ab", "jobs/1", "uploads/1", ".work/1"):
        (folder.datasets / name).mkdir(parents=True)
        (folder.datasets / name / "pixels.npy").write_bytes(b"pixels")
    write_backup(folder, tmp_path / "backup")
    restore_backup(tmp_path / "backup", new)
    assert [path.name for path in new.datasets.iterdir()] == ["leaves@0123456789ab"]
    assert (new.datasets / "leaves@0123456789ab" / "pixels.npy").read_bytes() == b"pixels"


def test_ids_of_removed_models_stay_used_in_a_restored_backup(folder, new, tmp_path):
    with closing(CatalogueStore.open(folder)) as store:
        store.remove_dataset("digits")
        Publisher(store, folder).publish()
    assert write_backup(folder, tmp_path / "backup") == 0
    restore_backup(tmp_path / "backup", new)
    with closing(CatalogueStore.open(new)) as store:
        assert store.removed_trials() == set(range(1, 10))


# Going on from a snapshot


def test_a_damaged_catalogue_goes_on_from_the_newest_snapshot_and_is_kept(folder):
    before = everything(folder)
    folder.live.write_bytes(b"damaged" * 1_000)
    folder.live.with_name("live.duckdb.wal").write_bytes(b"its log")
    folder.pointer.write_text("lost")
    trials, kept = restore_snapshot(folder, 1_700_000_000.5)
    assert (trials, kept.name) == (9, "live.duckdb.damaged-1700000000")
    assert kept.read_bytes() == b"damaged" * 1_000
    assert kept.with_name(f"{kept.name}.wal").read_bytes() == b"its log"
    assert everything(folder) == before
    with folder.lock(), closing(CatalogueStore.open(folder)) as store:
        assert store.claim(300.0).id == 8


def test_a_snapshot_that_is_damaged_too_is_passed_over(folder):
    with closing(CatalogueStore.open(folder)) as store:
        newest = Publisher(store, folder).publish()
    content = bytearray(snapshot_path(folder, newest).read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    snapshot_path(folder, newest).write_bytes(content)
    folder.live.unlink()
    trials, kept = restore_snapshot(folder, 1.0)
    assert (trials, kept.exists()) == (9, False)


def test_without_a_snapshot_that_can_be_read_nothing_is_changed(folder):
    for snapshot in folder.snapshots.glob("*.duckdb"):
        snapshot.write_bytes(b"damaged")
    folder.live.write_bytes(b"damaged")
    with pytest.raises(CatalogueError, match=r"There is no snapshot in .* that can be read: restore a backup\."):
        restore_snapshot(folder, 1.0)
    assert folder.live.read_bytes() == b"damaged"
    with folder.lock(), pytest.raises(FolderInUse):
        restore_snapshot(folder, 1.0)


NIGHT = datetime(2026, 3, 1, 3, 30, tzinfo=UTC)


def nights(folder, parent, number, keep):
    """As many nightly backups; returns the last one."""
    for night in range(number):
        last, _ = write_dated_backup(folder, parent, NIGHT + timedelta(days=night), keep)
    return last


@pytest.mark.parametrize(("keep", "left"), [(1, 1), (2, 2), (4, 3), (5, 3), (14, 3)])
def test_as_many_nightly_backups_are_kept_as_was_said(new, tmp_path, keep, left):
    with closing(CatalogueStore.open(new)) as store:
        Publisher(store, new).publish()
    nights(new, tmp_path / "all", 3, keep)
    assert len(list((tmp_path / "all").iterdir())) == left


def test_of_nightly_backups_the_newest_are_kept_and_can_be_restored(folder, new, tmp_path):
    last = nights(folder, tmp_path / "all", 4, keep=2)
    assert [path.name for path in sorted((tmp_path / "all").iterdir())] == [
        "remap-20260303T033000Z",
        "remap-20260304T033000Z",
    ]
    assert restore_backup(last, new) == 9
    assert everything(new) == everything(folder)


def test_only_dated_backups_are_deleted_from_the_folder_of_backups(folder, tmp_path):
    all_of_them = tmp_path / "all"
    write_backup(folder, all_of_them / "before-the-upgrade")
    strange = [all_of_them / name for name in ("remap-20200101T000000Z", "photos", "remap-20200102T000000Z.zip")]
    for path in strange:
        path.mkdir()
        (path / "kept").write_text("")
    elsewhere = write_dated_backup(folder, tmp_path / "elsewhere", NIGHT - timedelta(days=1), keep=1)[0]
    (all_of_them / elsewhere.name).symlink_to(elsewhere)
    last = nights(folder, all_of_them, 2, keep=1)
    left = {path.name for path in all_of_them.iterdir()}
    assert left == {"before-the-upgrade", *(path.name for path in strange), elsewhere.name, last.name}
    assert (elsewhere / "catalogue" / "trials.parquet").is_file()


def test_where_no_new_backup_can_be_written_no_old_one_is_deleted(folder, new, tmp_path, monkeypatch):
    kept = nights(folder, tmp_path / "all", 1, keep=1)
    later = NIGHT + timedelta(days=9)
    with pytest.raises(NoCatalogue):
        write_dated_backup(new, tmp_path / "all", later, keep=1)
    monkeypatch.setattr(backup_module.shutil, "copy2", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(FolderUnusable, match="No space left"):
        write_dated_backup(folder, tmp_path / "all", later, keep=1)
    assert list((tmp_path / "all").iterdir()) == [kept]


def test_the_backup_just_written_stays_though_a_wrong_clock_has_dated_another_later(folder, tmp_path):
    write_dated_backup(folder, tmp_path / "all", NIGHT + timedelta(days=9999), keep=1)
    last = nights(folder, tmp_path / "all", 1, keep=1)
    assert list((tmp_path / "all").iterdir()) == [last]


def test_an_old_backup_that_cannot_be_deleted_is_named(folder, tmp_path, monkeypatch):
    old = nights(folder, tmp_path / "all", 1, keep=1)
    monkeypatch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    with pytest.raises(FolderUnusable, match=rf"The old backup {old} cannot be deleted: Permission denied\."):
        backup_module._delete(old)
