"""A data folder as version 0.1.0 left it, file by file, still opens, and its waiting commands are still understood.

Everything is written literally: what these tests read must not follow the code when that changes.
"""

import json
import shutil
from contextlib import closing
from pathlib import Path

import duckdb
import numpy as np
import pytest
from safetensors.numpy import save_file

from remap_core.catalogue.migrations import MIGRATIONS
from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.snapshot import Publisher, open_snapshot
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import TrainerStatus, last_status
from remap_core.data_folder.inbox import Inbox
from remap_core.data_folder.validation_images import read_validation_images
from remap_core.datasets.dataset import Dataset
from remap_core.datasets.images import Images
from remap_core.errors import CatalogueError
from remap_core.exports.finished_model import read_model
from remap_core.space.architecture import Architecture
from remap_core.space.edits import Prepend, Remove, Reparameterize, Replace
from remap_core.space.layers import Activation, Conv2d, Dense, Dropout, MaxPool2d
from remap_core.training.training_loop import train
from remap_core.trials.annotations import Annotation
from remap_core.trials.commands import (
    COMMANDS,
    AddedDataset,
    Annotate,
    Cancel,
    CancelBatch,
    Enqueue,
    Move,
    Pause,
    RecomputeLayout,
    RemoveDataset,
    Resume,
    Retry,
    ScoreSealed,
    command_to_json,
)
from remap_core.trials.evaluation import EpochResult
from remap_core.trials.model_maps import Relation
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.training_recipe import PAPER
from remap_core.trials.trial import Origin, Place, Proposal, TrialState

GOLDEN_CATALOGUE = Path(__file__).parents[1] / "golden" / "catalogue" / "m003_maps.sql"

HEARTBEAT = (
    '{"pid":4711,"started":1700000000.5,"heartbeat":1700000009.25,"version":"0.1.0","device":"CPU, 4 cores",'
    '"workers":4,"message":"Trainings pause.","host":"box"}'
)

ENQUEUE = """
{"version": 1, "kind": "enqueue", "proposals": [
  {"architecture": {"input_shape": [1, 28, 28], "classes": 10, "layers": [
     {"kind": "conv2d", "kernel_size": 3, "filters": 32},
     {"kind": "activation", "function": "relu"},
     {"kind": "max_pool2d", "size": 2, "stride": 2},
     {"kind": "dropout", "rate": 0.25},
     {"kind": "dense", "units": 64}]},
   "dataset": "mnist",
   "config": {"epochs": 10, "batch_size": 64, "learning_rate": 0.001, "decay": 0.75, "seed": 3},
   "origin": "variation", "parent": 7, "batch": "variations of 7",
   "edits": [{"edit": "remove", "index": 1},
             {"edit": "replace", "index": 0, "layer": {"kind": "dense", "units": 8}},
             {"edit": "prepend", "index": 2, "layer": {"kind": "activation", "function": "tanh"}},
             {"edit": "reparameterize", "index": 4, "name": "units", "value": 64}]}]}
"""
ENQUEUED = Proposal(
    Architecture((1, 28, 28), 10, (Conv2d(3, 32), Activation("relu"), MaxPool2d(2, 2), Dropout(0.25), Dense(64))),
    "mnist",
    TrainingConfig(epochs=10, batch_size=64, recipe=PAPER, seed=3),
    Origin.VARIATION,
    parent=7,
    edits=(Remove(1), Replace(0, Dense(8)), Prepend(2, Activation("tanh")), Reparameterize(4, "units", 64)),
    batch="variations of 7",
)
INBOX = {
    "00000001700000000000001-000000-0a1b2c3d": (ENQUEUE, Enqueue((ENQUEUED,))),
    "00000001700000000000002-000001-0a1b2c3d": ('{"version":1,"kind":"cancel","trial":7}', Cancel(7)),
    "00000001700000000000003-000002-0a1b2c3d": ('{"version":1,"kind":"retry","trial":8}', Retry(8)),
    "00000001700000000000004-000003-0a1b2c3d": (
        '{"version":1,"kind":"cancel_batch","batch":"ablations of 9"}',
        CancelBatch("ablations of 9"),
    ),
    "00000001700000000000005-000004-0a1b2c3d": (
        '{"version":1,"kind":"move","trial":7,"place":"top"}',
        Move(7, Place.TOP),
    ),
    "00000001700000000000006-000005-0a1b2c3d": ('{"version":1,"kind":"pause"}', Pause()),
    "00000001700000000000007-000006-0a1b2c3d": ('{"version":1,"kind":"resume"}', Resume()),
    "00000001700000000000008-000007-0a1b2c3d": ('{"version":1,"kind":"score_sealed","trial":1}', ScoreSealed(1)),
    "00000001700000000000009-000008-0a1b2c3d": (
        '{"version":1,"kind":"annotate","trial":1,"note":"mixes up yes & no","tags":["small","linear"]}',
        Annotate(1, "mixes up yes & no", ("small", "linear")),
    ),
    "00000001700000000000010-000009-0a1b2c3d": (
        '{"version":1,"kind":"relay_map","dataset":"toy","relation":"prediction"}',
        RecomputeLayout("toy", Relation.PREDICTION),
    ),
}

TRAINING = (
    '{"format": "1", "trial": 2, "attempt": 2, "fingerprint": "ecc9b67066a7709e6d9cb551c82a1fd9", "dataset": "toy", '
    '"config": {"epochs": 2, "batch_size": 256, "learning_rate": 0.001, "decay": 0.75, "seed": 0}}'
)
EPOCHS = (
    '[{"epoch": 1, "train_loss": 0.75, "train_accuracy": 0.5, "validation_loss": 0.625, "validation_accuracy": 0.25, '
    '"seconds": 0.125}]'
)
WEIGHTS = {
    "1.weight": np.full((4, 4), 0.5, np.float32),
    "1.bias": np.zeros(4, np.float32),
    "3.weight": np.full((2, 4), 0.25, np.float32),
    "3.bias": np.zeros(2, np.float32),
}
LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1], np.uint8)
IMAGES = np.arange(32, dtype=np.uint8).reshape(8, 2, 2, 1)


@pytest.fixture
def folder(tmp_path):
    home = tmp_path / "home"
    for name in ("snapshots", "artifacts/1", "artifacts/2", "inbox/tmp", "inbox/rejected"):
        (home / name).mkdir(parents=True)
    with duckdb.connect(home / "live.duckdb") as connection:
        connection.execute(GOLDEN_CATALOGUE.read_text(encoding="utf-8"))
    shutil.copy(home / "live.duckdb", home / "snapshots" / "catalogue-7.duckdb")
    (home / "snapshots" / "CURRENT").write_text("7")
    (home / "trainer.json").write_text(HEARTBEAT)
    (home / "daemon.lock").write_text("4711")
    for name, (text, _) in INBOX.items():
        (home / "inbox" / f"{name}.json").write_text(text)
    (home / "inbox" / "rejected" / "1.json").write_text('{"version": 0}')
    (home / "inbox" / "rejected" / "1.reason.txt").write_text("Commands of version 1 are understood, but got 0.\n")
    images = home / "artifacts" / "datasets" / "0f53133ce57ca8e8937bb4b1c15a33ef" / "validation.npy"
    images.parent.mkdir(parents=True)
    np.save(images, IMAGES)
    return DataFolder(home)


def updated(folder: DataFolder) -> Catalogue:
    """The catalogue once a trainer of this version has started."""
    with folder.lock(), closing(CatalogueStore.open(folder)) as store:
        Publisher(store, folder).publish()
    return open_snapshot(folder)


def test_the_snapshot_that_the_pointer_names_waits_for_a_trainer_of_this_version(folder):
    with pytest.raises(
        CatalogueError,
        match=r"it lacks m004_recipes, .*, m007_suggested, m008_people\); start the trainer",
    ):
        open_snapshot(folder)


def test_everything_in_the_catalogue_is_read(folder):
    with closing(updated(folder)) as catalogue:
        assert [catalogue.trial(number).state for number in (1, 2)] == [TrialState.COMPLETE, TrialState.WAITING]
        assert catalogue.annotations([1]) == {1: Annotation("mixes up yes & no", ("small", "linear"))}
        assert catalogue.sealed_test(1).score.right == 6
        assert catalogue.model_map("toy", Relation.STRUCTURE).version == 1
        assert catalogue.requested_layouts() == [("toy", Relation.PREDICTION)]


def test_a_trainer_continues_the_live_catalogue_with_the_next_snapshot(folder):
    with folder.lock(), closing(CatalogueStore.open(folder)) as store:
        assert Publisher(store, folder).publish() == 8
    with closing(open_snapshot(folder)) as catalogue:
        assert catalogue.number == 8
        assert catalogue.paused()


def test_every_kind_of_command_in_the_inbox_is_understood(folder):
    assert Inbox(folder).pending() == [(name, command, None) for name, (_, command) in INBOX.items()]
    assert {command.kind for _, command in INBOX.values()} == set(COMMANDS) - {AddedDataset.kind, RemoveDataset.kind}


def test_commands_are_still_written_in_the_same_form(folder):
    for text, command in INBOX.values():
        assert command_to_json(command) == json.loads(text)


def test_the_heartbeat_and_the_reason_of_a_rejected_command_are_read(folder):
    assert last_status(folder) == TrainerStatus(
        pid=4711,
        started=1700000000.5,
        heartbeat=1700000009.25,
        version="0.1.0",
        device="CPU, 4 cores",
        workers=4,
        message="Trainings pause.",
        host="box",
    )
    assert folder.lock_holder() is None  # the trainer that wrote its process id there is gone
    assert Inbox(folder).rejection("1") == "Commands of version 1 are understood, but got 0."


def test_the_published_validation_images_are_found(folder):
    with closing(updated(folder)) as catalogue:
        card = catalogue.dataset("toy")
    np.testing.assert_array_equal(read_validation_images(folder, card), IMAGES)


def test_the_weights_of_a_finished_model_are_found(folder):
    described = {
        "training": TRAINING,
        "epochs": EPOCHS,
        "architecture": '{"input_shape": [1, 2, 2], "classes": 2, "layers": [{"kind": "dense", "units": 4}, '
        '{"kind": "activation", "function": "relu"}]}',
        "dataset": "toy",
        "scale": '{"mean": [100.0], "deviation": [60.0]}',
    }
    save_file(WEIGHTS, folder.home / "artifacts" / "1" / "weights.safetensors", described)
    with closing(updated(folder)) as catalogue:
        model = read_model(folder.weights(1), catalogue.trial(1), catalogue.dataset("toy"))
    assert model.mean == (100.0,)
    np.testing.assert_array_equal(model.weights["3.weight"], WEIGHTS["3.weight"])


def test_a_training_continues_from_its_checkpoint(folder):
    units = 5
    shapes = {"1.weight": (units, 4), "1.bias": (units,), "3.weight": (2, units), "3.bias": (2,)}
    tensors = {}
    for name, shape in shapes.items():
        tensors[f"network.{name}"] = np.full(shape, 0.5, np.float32)
        tensors[f"adam.{name}.step"] = np.float32([1.0]).reshape(())
        tensors[f"adam.{name}.exp_avg"] = np.zeros(shape, np.float32)
        tensors[f"adam.{name}.exp_avg_sq"] = np.zeros(shape, np.float32)
    artifacts = folder.home / "artifacts" / "2"
    save_file(tensors, artifacts / "checkpoint.safetensors", {"training": TRAINING, "epochs": EPOCHS})
    (artifacts / "checkpoint.safetensors.ab12.partial").write_bytes(b"half")
    images = Images(IMAGES, LABELS)
    with closing(updated(folder)) as catalogue:
        training = train(
            catalogue.trial(2), Dataset("toy", ("no", "yes"), images, images, images), device="cpu", folder=artifacts
        )
    assert next(training) == EpochResult(1, 0.75, 0.5, 0.625, 0.25, 0.125)
    assert next(training).epoch == 2
    training.close()
    assert [path.name for path in artifacts.iterdir()] == ["checkpoint.safetensors"]


def test_the_golden_catalogue_has_the_schema_of_0_1_0():
    assert MIGRATIONS[2].__name__ == GOLDEN_CATALOGUE.stem
