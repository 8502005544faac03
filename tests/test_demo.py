"""A demo that anybody may visit: its settings, its prepared models, and its trainer, which has little memory."""

import os
import resource
import shutil
import subprocess
import sys
import time
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from remap_core.access.person import Person
from remap_core.access.roles import Role
from remap_core.access.sign_in import SignIn, is_closed, sign_in_of
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.data_folder.memory_use import TRAINER, memory_use
from remap_core.errors import NoCatalogue
from remap_core.services.demo.prepared_models import PREPARED, restore_prepared, restored_at
from remap_core.setting_sources import DEMO, DEMO_ORIGIN, is_community_cloud, read_settings
from remap_core.settings import Settings
from remap_core.space.architecture import Architecture
from remap_core.space.text import parse_layers
from remap_core.trainer.rights import Gate
from remap_core.trials.commands import Enqueue
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Proposal, TrialState

ROOT = Path(__file__).parents[1]
NO_FILE = Path("no such file.toml")
CLOUD = Path("/mount/src/remap")
NOW = 1_777_636_800.0
PREPARED_MODELS = 80


def demo(**variables):
    settings, _ = read_settings({"REMAP_PROFILE": "demo"} | variables, NO_FILE)
    return settings


def test_the_demo_profile_has_defaults_of_its_own_which_can_be_changed():
    settings, origins = read_settings({"REMAP_PROFILE": "demo", "REMAP_MAX_EPOCHS": "5"}, NO_FILE)
    assert {name: getattr(settings, name) for name in DEMO} == DEMO | {"max_epochs": 5}
    assert (origins["profile"], origins["max_epochs"]) == ("REMAP_PROFILE", "REMAP_MAX_EPOCHS")
    assert (origins["memory_total"], origins["epochs"]) == (DEMO_ORIGIN, "default")


@pytest.mark.parametrize("user", ["appuser", "adminuser"])
def test_community_cloud_is_known_by_its_folder_and_its_user(user):
    assert is_community_cloud(CLOUD, {"HOME": f"/home/{user}"})
    assert not is_community_cloud(CLOUD, {"HOME": "/home/ada"})
    assert not is_community_cloud(Path("/home/ada/mount/src/remap"), {"HOME": f"/home/{user}"})
    assert not is_community_cloud(CLOUD, {})


def test_there_the_profile_is_the_demo_unless_another_is_set(monkeypatch):
    monkeypatch.setattr(Path, "cwd", lambda: CLOUD)
    settings, origins = read_settings({"HOME": "/home/appuser"}, NO_FILE)
    assert (settings.is_demo, origins["profile"]) == (True, "Streamlit Community Cloud")
    assert not read_settings({"HOME": "/home/appuser", "REMAP_PROFILE": "full"}, NO_FILE)[0].is_demo
    assert not read_settings({"HOME": "/home/ada"}, NO_FILE)[0].is_demo


def test_visitors_are_told_apart_and_are_builders():
    assert sign_in_of(demo(), []) is SignIn.VISITOR
    assert is_closed(demo(), [])
    assert sign_in_of(Settings(), []) is SignIn.NONE
    rights = Gate.of(demo()).rights(Person("visitor-1"))
    assert (rights.owner, rights.role, rights.limits.waiting_each) == ("visitor-1", Role.BUILDER, 10)
    assert Gate.of(demo()).rights(Person()).role is None


def test_the_prepared_models_are_small_and_hold_no_key():
    assert PREPARED.stat().st_size < 8_000_000
    names = zipfile.ZipFile(PREPARED).namelist()
    assert {name.split("/")[0] for name in names} == {"catalogue", "artifacts"}
    assert {Path(name).suffix for name in names} == {".parquet", ".safetensors", ".npy"}


def test_an_empty_folder_gets_the_prepared_models_with_their_weights(tmp_path):
    folder = DataFolder(tmp_path)
    assert restore_prepared(folder, NOW)
    with closing(open_snapshot(folder)) as catalogue:
        counts = catalogue.counts()
        assert set(catalogue.datasets()) == {"digits", "leaves"}
        trials = [trial.id for trial in catalogue.queue(finished=1_000)]
    assert sum(counts.values()) == counts[TrialState.COMPLETE] == len(trials) == 80
    assert all(folder.weights(trial).is_file() for trial in trials)
    assert not restore_prepared(folder, NOW), "only once"


def test_a_folder_in_which_a_trainer_works_is_left_alone(tmp_path):
    folder = DataFolder(tmp_path)
    with folder.lock():
        assert not restore_prepared(folder, NOW)
    with pytest.raises(NoCatalogue):
        open_snapshot(folder)


@pytest.fixture
def trained(tmp_path):
    """What a demo's trainer wrote of its first training, and what it held then. A function of more settings."""
    processes = []

    def train(**variables):
        folder = DataFolder(tmp_path / "home")
        own = {"PROFILE": "demo", "HOME": str(folder.home), "DATASET": "digits#200", "POPULATION": "1", "EPOCHS": "1"}
        own["MEMORY_TOTAL"] = "0"  # who has the catalogue open counts as an app, and this process is large
        environment = os.environ | {f"REMAP_{name}": value for name, value in (own | variables).items()}
        command = [sys.executable, "-m", "remap_core.cli", "trainer"]
        processes.append(subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL))
        for _ in range(600):
            time.sleep(0.2)
            assert processes[-1].poll() is None, "the trainer ended"
            trial = first_finished(folder)
            if trial:
                return trial, memory_use(folder, time.time()), processes[-1]
        raise AssertionError("nothing was trained")

    yield train
    for process in processes:
        process.terminate()
        process.wait(60)


def first_finished(folder):
    try:
        with closing(open_snapshot(folder)) as catalogue:
            own = (trial for trial in catalogue.queue(finished=1) if trial.id > PREPARED_MODELS)
            return next((trial for trial in own if trial.state.is_finished()), None)
    except NoCatalogue:
        return None


def test_a_demo_trains_in_the_trainers_own_process(trained):
    trial, use, _ = trained()
    assert trial.state is TrialState.COMPLETE
    assert {process.role for process in use.processes} <= {TRAINER, "other"}
    assert use.bytes < 1e9


def test_over_the_memory_limit_a_training_fails_with_a_sentence_and_the_trainer_lives(trained):
    trial, _, process = trained(MEMORY_TOTAL="50")
    assert trial.state is TrialState.FAILED
    assert "over the limit of 50 MB (REMAP_MEMORY_TOTAL)." in trial.error
    assert process.poll() is None


def is_finished(trial):
    return trial.state.is_finished()


LARGE, SMALL = "Dense 1000000, ReLU", "Dense 16, ReLU"  # 75 million parameters and 1,210


def asked(folder, *layers, dataset="digits#200", epochs=1):
    """Trainings as a visitor asks for them."""
    chains = [Architecture((1, 8, 8), 10, parse_layers(text)) for text in layers]
    config = TrainingConfig(epochs=epochs, batch_size=32)
    command = Enqueue(tuple(Proposal(chain, dataset, config) for chain in chains))
    Inbox(folder).send(command, time.time(), Person("visitor-1"))


def until(folder, trials, are_there):
    """So many trials after the first one of this demo, once they are as they should be."""
    for _ in range(600):
        time.sleep(0.2)
        with closing(open_snapshot(folder)) as catalogue:
            found = sorted(catalogue.queue(finished=trials + 1), key=lambda trial: trial.id)[-trials:]
        if found[0].id > PREPARED_MODELS + 1 and all(map(are_there, found)):
            return found
    raise AssertionError("the trainings do not get there")


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits the memory of a process that runs")
@pytest.mark.timeout(300)
def test_where_the_system_gives_no_more_memory_a_training_fails_with_a_sentence_and_the_trainer_lives(
    trained, tmp_path
):
    _, _, process = trained(MAX_PARAMETERS="100000000")
    pages = int(Path(f"/proc/{process.pid}/statm").read_bytes().split()[5])  # what RLIMIT_DATA counts, about
    limit = pages * resource.getpagesize() + 300_000_000
    resource.prlimit(process.pid, resource.RLIMIT_DATA, (limit, limit))
    folder = DataFolder(tmp_path / "home")
    asked(folder, LARGE, SMALL)
    large, small = until(folder, 2, is_finished)
    assert large.state is TrialState.FAILED
    assert large.error == "There is not enough memory to train this model of 75,000,010 parameters with batches of 32."
    assert small.state is TrialState.COMPLETE
    assert process.poll() is None


@pytest.mark.timeout(300)
def test_a_training_goes_on_after_app_and_trainer_were_killed(trained, tmp_path):
    _, _, process = trained()
    folder = DataFolder(tmp_path / "home")
    asked(folder, "Conv 16x3, ReLU, Conv 8x3, ReLU", dataset="digits", epochs=30)
    (before,) = until(folder, 1, lambda trial: trial.epochs_done > 0)
    assert before.state is TrialState.RUNNING
    process.kill()  # as a host does that goes to sleep: nothing is closed, whatever it was about to do
    process.wait()
    restored = restored_at(folder)
    trained()
    assert restored_at(folder) == restored, "the night has not passed"
    (after,) = until(folder, 1, is_finished)
    assert (after.id, after.state, after.epochs_done) == (before.id, TrialState.COMPLETE, 30)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("happens", ["the night passes", "the disk is wiped"])
def test_the_trainer_of_another_day_ends_and_the_prepared_models_are_there_again(trained, tmp_path, happens):
    _, _, process = trained()
    folder = DataFolder(tmp_path / "home")
    asked(folder, "Conv 16x3, ReLU, Conv 8x3, ReLU", dataset="digits", epochs=30)
    until(folder, 1, lambda trial: trial.epochs_done > 0)
    if happens == "the night passes":
        folder.restored.write_text(str(time.time() - 86_400))
    else:
        shutil.rmtree(folder.home, ignore_errors=True)
    assert process.wait(60) == 0
    assert restore_prepared(folder, time.time())
    with closing(open_snapshot(folder)) as catalogue:
        assert sum(catalogue.counts().values()) == PREPARED_MODELS
