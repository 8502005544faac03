"""A data set is removed while its models train, wait and are scored."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from fakes import MemoryStore
from trainer_doubles import TOY, FakeTrainer, ListInbox, describe
from trainings import EVALUATION, epoch, proposal, train_well

from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.removed_files import remove_files
from remap_core.data_folder.validation_images import write_validation_images
from remap_core.trainer.executors.inline import InlineExecutor
from remap_core.trainer.worker import Worker
from remap_core.trials.commands import Enqueue, Outcome, RemoveDataset, ScoreSealed
from remap_core.trials.trial import TrialState


class Removals:
    """Notes which files a worker deletes."""

    def __init__(self) -> None:
        self.calls: list[tuple[set[int], str]] = []

    def __call__(self, trials: Sequence[int], dataset: str) -> None:
        self.calls.append((set(trials), dataset))


def a_worker(store, removals, inbox=None):
    return Worker(store, inbox or ListInbox(), InlineExecutor(train_well), describe, remove_files=removals)


def test_a_removed_data_set_takes_its_running_and_waiting_trainings_and_the_next_one_trains():
    trainer = FakeTrainer()
    trainer.apply(Enqueue((proposal(3), proposal(4))))
    receipt = trainer.apply(RemoveDataset("toy"))
    assert (receipt.outcome, receipt.message) == (Outcome.APPLIED, "toy removed, with 2 trainings.")
    trainer.tick(3)
    assert not trainer.worker.is_busy
    trainer.apply(Enqueue((proposal(5),)))
    trainer.tick(5)
    assert trainer.state(3) is TrialState.COMPLETE


def test_a_scoring_that_was_asked_for_is_forgotten_with_its_data_set():
    trainer = FakeTrainer()
    trainer.apply(Enqueue((proposal(3),)))
    trainer.tick(5)
    trainer.inbox.send(ScoreSealed(1))
    trainer.inbox.send(RemoveDataset("toy"))
    trainer.tick(3)
    assert not trainer.worker.is_busy
    assert trainer.store.pending_sealed_tests() == []


def test_trainings_on_parts_of_a_data_set_go_with_it():
    trainer = FakeTrainer()
    trainer.apply(Enqueue((proposal(3),)))
    trainer.store.register_dataset(replace(TOY, name="toy%1of2"))
    trainer.store.enqueue([replace(proposal(3), dataset="toy%1of2")], 1.0)
    assert trainer.apply(RemoveDataset("toy")).message == "toy removed, with 2 trainings."
    assert trainer.store.dataset_names() == []


def test_a_data_set_that_is_not_there_is_refused():
    receipt = FakeTrainer().apply(RemoveDataset("nowhere@0123456789ab"))
    assert (receipt.outcome, receipt.message) == (Outcome.REFUSED, "There is no data set nowhere.")


def test_the_files_of_a_stopped_training_are_deleted_again_once_it_has_ended():
    removals = Removals()
    inbox = ListInbox()
    store = MemoryStore()
    worker = a_worker(store, removals, inbox)
    inbox.send(Enqueue((proposal(3),)))
    worker.tick(101.0)
    inbox.send(RemoveDataset("toy"))
    worker.tick(102.0)
    assert removals.calls == [(set(), ""), ({1}, "toy"), ({1}, "")]


def test_a_trainer_that_was_killed_before_it_deleted_the_files_does_so_when_it_starts():
    store = MemoryStore()
    store.enqueue([proposal(3)], 100.0)
    store.remove_dataset("toy")
    removals = Removals()
    a_worker(store, removals)
    assert removals.calls == [({1}, "")]


def test_files_of_removed_models_and_their_images_are_deleted_and_no_others(tmp_path):
    folder = DataFolder(tmp_path)
    for trial in (1, 2, 12):
        folder.weights(trial).parent.mkdir()
        folder.weights(trial).write_bytes(b"weights")
    for name in ("toy", "another"):
        write_validation_images(folder, name, np.zeros((2, 1, 1, 1), np.uint8))
    remove_files(folder, {1, 2, 7}, "toy")
    remove_files(folder, {1, 2, 7}, "toy")
    assert [path.name for path in folder.artifacts.iterdir() if path.name.isdigit()] == ["12"]
    assert len(list((folder.artifacts / "datasets").iterdir())) == 1


REMOVER = """
import sys
from pathlib import Path
from trainings import proposal
from remap_core.data_folder.folder import DataFolder
from remap_core.catalogue.store import CatalogueStore

store = CatalogueStore.open(DataFolder(Path(sys.argv[1])))
def remove():
    store.remove_dataset("toy")
    print("removed", flush=True)
    sys.stdin.read()
    return "removed"
store.apply_once("c1", "remove_dataset", 1.0, remove)
"""


def test_a_trainer_that_is_killed_in_the_middle_has_removed_nothing(tmp_path):
    with closing(CatalogueStore.open(DataFolder(tmp_path))) as store:
        store.register_dataset(TOY)
        store.enqueue([proposal(3), proposal(4)], 1.0)
        store.claim(2.0)
        store.record_epoch(1, epoch(1))
        store.complete(1, EVALUATION, 3.0)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-c", REMOVER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as remover:
        assert remover.stdout is not None
        assert remover.stdout.readline() == b"removed\n"
        remover.send_signal(signal.SIGKILL)
    with closing(CatalogueStore.open(DataFolder(tmp_path))) as store:
        assert store.dataset_names() == ["toy"]
        assert store.trial(1).state is TrialState.COMPLETE
        assert store.catalogue().evaluation(1) is not None
        assert store.removed_trials() == set()
        assert store.remove_dataset("toy") == [1, 2]
        tables = ("trials", "epochs", "evaluations", "datasets", "label_sets", "maps", "places")
        cursor = store._live.cursor()
        assert [table for table in tables if cursor.table(table).fetchall()] == []
