"""A demo goes back to its prepared models once a day, whatever happens on the way."""

import shutil
import zipfile
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from catalogues import architecture, write_catalogue

from remap_core.access.person import NOBODY
from remap_core.catalogue import backups
from remap_core.catalogue.snapshot import current_number, open_snapshot
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.errors import NoCatalogue
from remap_core.services.demo import prepared_models
from remap_core.services.demo.prepared_models import is_due, next_reset, restore_prepared, restored_at
from remap_core.trials.commands import Pause
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Proposal

GOLDEN = sorted((Path(__file__).parents[2] / "golden" / "catalogue").iterdir())
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp()
NEXT_MORNING = datetime(2026, 5, 2, 4, tzinfo=UTC).timestamp()
DAY = 86_400


def models(folder):
    with closing(open_snapshot(folder)) as catalogue:
        return sorted(trial.id for trial in catalogue.queue(finished=1_000))


def train_one(folder):
    """What a trainer leaves of a visitor's training that runs: a row, a checkpoint, a command and somebody's images."""
    with folder.lock(), closing(CatalogueStore.open(folder)) as store:
        store.enqueue([Proposal(architecture("Dense 3"), "digits", TrainingConfig(epochs=2))], NOON, "visitor-1")
        trial = store.claim(NOON, ()).id
        backups.Publisher(store, folder).publish()
    checkpoint = folder.artifacts / str(trial) / "checkpoint.safetensors"
    checkpoint.parent.mkdir()
    checkpoint.write_bytes(b"half")
    Inbox(folder).send(Pause(), NOON, NOBODY)
    (folder.datasets / "uploads" / "1-a").mkdir(parents=True)
    return trial


@pytest.fixture
def folder(tmp_path):
    """A demo, restored at noon, in which a visitor trains a model."""
    folder = DataFolder(tmp_path / "home")
    assert restore_prepared(folder, NOON)
    assert train_one(folder) == 81
    return folder


def require_prepared(folder):
    assert models(folder) == list(range(1, 81))
    assert {path.name for path in folder.artifacts.iterdir()} == {*map(str, range(1, 81)), "datasets"}
    assert not list(folder.inbox.glob("*.json"))
    assert not folder.datasets.exists()


def test_a_demo_goes_back_to_its_models_at_four_in_the_morning(folder):
    number = current_number(folder)
    assert not restore_prepared(folder, NEXT_MORNING - 1)
    assert models(folder)[-1] == 81
    assert restore_prepared(folder, NEXT_MORNING)
    require_prepared(folder)
    assert current_number(folder) > number, "what is kept by the number of a catalogue is never another one's"
    assert not restore_prepared(folder, NEXT_MORNING + 1)


def test_a_demo_that_slept_for_days_goes_back_when_it_wakes_up(folder):
    assert restore_prepared(folder, NOON + 5 * DAY)
    require_prepared(folder)


@pytest.mark.parametrize("step", ["_load", "_copy_tree", "open", "publish", "rmtree", "forget"])
def test_a_crash_on_the_way_is_made_good_by_the_next_call(folder, monkeypatch, step):
    class Crash(BaseException):
        pass

    def crash(*_arguments, **_options):
        raise Crash

    owner = {"open": CatalogueStore, "publish": backups.Publisher, "rmtree": shutil, "forget": prepared_models}
    name = "_forget_the_rest" if step == "forget" else step
    with monkeypatch.context() as patch, suppress(Crash):
        patch.setattr(owner.get(step, backups), name, crash)
        restore_prepared(folder, NEXT_MORNING)
    assert models(folder), "pages still have models"
    assert restore_prepared(folder, NEXT_MORNING + 1)
    require_prepared(folder)


def test_while_a_trainer_works_nothing_is_changed(folder):
    with folder.lock():
        assert not restore_prepared(folder, NEXT_MORNING)
    assert models(folder)[-1] == 81


def test_a_folder_with_models_of_ones_own_is_never_touched(tmp_path):
    folder = write_catalogue(tmp_path / "home")
    before = models(folder)
    assert not restore_prepared(folder, NOON)
    assert not restore_prepared(folder, NOON + 9 * DAY)
    assert (models(folder), restored_at(folder)) == (before, None)


def test_a_disk_that_was_wiped_gets_the_prepared_models_again(folder):
    shutil.rmtree(folder.home)
    with pytest.raises(NoCatalogue):
        open_snapshot(folder)
    assert restore_prepared(folder, NOON + 60)
    require_prepared(folder)


@pytest.mark.parametrize(("restored", "is_over"), [(NOON, False), (NOON + 300 * DAY, True), (0.0, True)])
def test_a_demo_of_the_far_future_is_due(folder, restored, is_over):
    folder.restored.write_text(str(restored))
    assert is_due(folder, NOON + 1) is is_over


def test_a_damaged_date_is_due(folder):
    folder.restored.write_bytes(b"\xff")
    assert is_due(folder, NOON + 1)


def test_the_next_reset_is_within_a_day():
    assert next_reset(NOON) == NEXT_MORNING
    assert next_reset(NEXT_MORNING - 1) == NEXT_MORNING
    assert next_reset(NEXT_MORNING) == NEXT_MORNING + DAY


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: path.name)
def test_prepared_models_of_every_older_version_are_migrated(golden, tmp_path, monkeypatch):
    with closing(duckdb.connect()) as connection:
        connection.execute(golden.read_text())
        connection.execute(f"EXPORT DATABASE '{tmp_path / 'catalogue'}' (FORMAT parquet)")
    older = tmp_path / "older.zip"
    with zipfile.ZipFile(older, "w") as archive:
        for path in (tmp_path / "catalogue").iterdir():
            archive.write(path, f"catalogue/{path.name}")
    monkeypatch.setattr(prepared_models, "PREPARED", older)
    folder = DataFolder(tmp_path / "home")
    assert restore_prepared(folder, NOON)
    assert models(folder)
