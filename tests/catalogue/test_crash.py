"""What remains when a trainer is killed or its disk is full."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from trainings import epoch

from remap_core.catalogue.snapshot import Publisher, open_snapshot
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.trials.trial import TrialState

WRITER = """
import itertools, sys
from pathlib import Path
from trainings import epoch, proposal
from remap_core.data_folder.folder import DataFolder
from remap_core.catalogue.snapshot import Publisher
from remap_core.catalogue.store import CatalogueStore

folder = DataFolder(Path(sys.argv[1]))
with folder.lock():
    store = CatalogueStore.open(folder)
    publisher = Publisher(store, folder)
    for number in itertools.count(len(store.fingerprints("toy")) + 1):
        store.apply_once(str(number), "enqueue", 1.0, lambda: str(store.enqueue([proposal(number)], 1.0)))
        trial = store.claim(2.0)
        store.record_epoch(trial.id, epoch(1))
        print(trial.id, flush=True)
        if number % 4 == 0:
            publisher.publish()
"""
FULL_DISK = """
import resource, sys
from pathlib import Path
from trainings import proposal
from remap_core.data_folder.folder import DataFolder
from remap_core.catalogue.store import CatalogueStore
from remap_core.errors import FolderUnusable

store = CatalogueStore.open(DataFolder(Path(sys.argv[1])))
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, most))  # no file may grow beyond this, the log neither
acknowledged = 0
try:
    while True:
        store.enqueue([proposal(3)], 1.0)
        acknowledged += 1
except FolderUnusable as error:
    print(acknowledged, error, sep="\\n")
try:
    store.checkpoint()
except FolderUnusable as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
print(*store.enqueue([proposal(3)], 1.0), flush=True)
"""


def writing(program, home):
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.Popen([sys.executable, "-c", program, str(home)], stdout=subprocess.PIPE, env=environment)


def last_acknowledged(writer, at_least):
    """Kill the writer after it has acknowledged so many more commits; returns the last one."""
    lines = [writer.stdout.readline() for _ in range(at_least)]
    writer.send_signal(signal.SIGKILL)
    lines += [line for line in writer.stdout if line.endswith(b"\n")]
    return int(lines[-1])


@pytest.mark.parametrize("commits", [3, 8])
def test_killing_the_trainer_loses_nothing_that_was_acknowledged(tmp_path, commits):
    folder = DataFolder(tmp_path)
    acknowledged = 0
    for _ in range(2):  # the second goes on where the first was killed
        with writing(WRITER, tmp_path) as writer:
            acknowledged = last_acknowledged(writer, commits)
        with folder.lock(), closing(CatalogueStore.open(folder)) as store:
            running = [store.trial(number) for number in range(1, acknowledged + 1)]
            assert [(trial.state, trial.last) for trial in running] == [(TrialState.RUNNING, epoch(1))] * acknowledged
            catalogue = store.catalogue()
            assert len(catalogue.receipts(10_000)) == sum(catalogue.counts().values())
            Publisher(store, folder).publish()
        with closing(open_snapshot(folder)) as snapshot:
            assert snapshot.counts()[TrialState.RUNNING] >= acknowledged


def test_a_full_disk_is_reported_in_words_and_the_trainer_continues_when_there_is_space(tmp_path):
    with writing(FULL_DISK, tmp_path) as writer:
        acknowledged, commit, checkpoint, next_id = writer.stdout.read().decode().splitlines()
    assert commit.startswith("The catalogue cannot be written: ")
    assert checkpoint.startswith("The catalogue cannot be written: ")
    assert int(next_id) == int(acknowledged) + 1 > 1
    with closing(CatalogueStore.open(DataFolder(tmp_path))) as store:
        assert store.catalogue().counts()[TrialState.WAITING] == int(next_id)
