"""`remap search`, as it is typed."""

import time
from contextlib import closing

import pytest
from catalogues import CARD, evaluation, write_learnt

from remap_core.catalogue.snapshot import Publisher
from remap_core.catalogue.store import CatalogueStore
from remap_core.cli import main
from remap_core.cli.suggestions import search_command
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import TrainerStatus, write_trainer
from remap_core.data_folder.inbox import Inbox
from remap_core.data_folder.search_file import read_ended_search, read_search
from remap_core.services.suggestions.search_runner import SearchRunner
from remap_core.settings import Settings
from remap_core.trainer.apply import apply
from remap_core.trials.evaluation import EpochResult


@pytest.fixture
def remap(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMAP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("REMAP_EPOCHS", "2")
    write_learnt(tmp_path / "home")

    def run(*words):
        monkeypatch.setattr("sys.argv", ["remap", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        written = capsys.readouterr()
        return ended.value.code or 0, written.out, written.err

    return run


@pytest.fixture
def folder(tmp_path):
    return DataFolder(tmp_path / "home")


@pytest.fixture
def trainer(folder, remap, monkeypatch):
    """Works whenever the command waits; seconds pass at once. `interrupt` is raised instead after so many waits."""
    store = CatalogueStore.open(folder)
    clock = [time.time()]
    runner = SearchRunner(store, folder, Settings(epochs=2), lambda: clock[0])
    publisher = Publisher(store, folder)
    waits = []

    def work(_seconds):
        waits.append(1)
        if len(waits) == work.interrupted_at:
            raise KeyboardInterrupt
        clock[0] += 2
        runner.tick()
        if runner._running is not None:
            runner._running.exception()
            runner.tick()
        inbox = Inbox(folder)
        for name, command, _ in inbox.pending():
            store.apply_once(
                name, command.kind, 0.0, lambda command=command: apply(command, store, lambda _: CARD, 0.0)
            )
            inbox.discard(name)
        trial = store.claim(clock[0])
        if trial:
            store.record_epoch(trial.id, EpochResult(2, 1.0, 0.5, 1.2, 0.7, 0.5))
            store.complete(trial.id, evaluation(14), clock[0])
        publisher.publish()

    work.interrupted_at = 0
    monkeypatch.setattr(search_command.time, "sleep", work)
    monkeypatch.setattr(search_command, "read_trainer", lambda *_: TrainerStatus(1, 0.0, 0.0, "0", "cpu", 1))
    with closing(store), closing(runner):
        yield work


def test_a_search_shows_each_model_and_why_it_ended(remap, trainer, folder):
    code, out, err = remap("search", "--trainings", 3)
    assert (code, err) == (0, "")
    first, *models, last = out.splitlines()
    assert first == "Search on digits started."
    assert [line.split(" ")[0] for line in models] == ["#31", "#32", "#33"]
    assert all("70.0 %" in line and "parameter" in line for line in models)
    assert last.startswith("3 of 3 trainings finished, ")
    assert last.endswith("All 3 trainings are finished.")


def test_ctrl_c_stops_the_search(remap, trainer, folder):
    trainer.interrupted_at = 3
    code, out, _ = remap("search", "--trainings", 9)
    assert code == 0
    assert out.splitlines()[-1].endswith("Stopped by a person.")
    assert read_search(folder) is None


def test_without_a_trainer_the_search_waits_for_one(remap, folder):
    code, out, _ = remap("search", "--trainings", 3, "--max-parameters", 8_300)
    assert code == 0
    assert out.splitlines() == [
        "Search on digits started.",
        "No trainer is running. Start one with: remap trainer",
    ]
    assert (read_search(folder)["trainings"], read_search(folder)["view"]) == (3, {"cap": "8300"})


def test_a_second_search_is_refused_until_the_first_is_stopped(remap, folder):
    remap("search", "--trainings", 3)
    code, _, err = remap("search", "--patience", 5)
    assert (code, err) == (
        1,
        "Error: A search on digits is going on already: wait for its end, or stop it first.\n",
    )
    code, out, _ = remap("search", "--stop")
    assert (code, out) == (0, "0 of 3 trainings finished, 0 moved the front. Stopped by a person.\n")
    assert read_ended_search(folder)["ended"] == "Stopped by a person."
    assert remap("search", "--stop")[2] == "Error: No search is going on.\n"


def test_detached_it_returns_at_once(remap, folder):
    write_trainer(folder, TrainerStatus(1, 0.0, time.time(), "0", "cpu", 1))
    assert remap("search", "--trainings", 3, "--detach")[1] == "Search on digits started.\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "A search needs an end: a number of trainings, a time, or a patience."),
        (("--until", "noon"), "until must be a time like 18:30, but got noon."),
    ],
)
def test_a_search_without_an_end_is_one_sentence(remap, words, sentence):
    code, out, err = remap("search", *words)
    assert (code, out, err) == (1, "", f"Error: {sentence}\n")


def test_until_is_the_next_such_time(remap, folder):
    remap("search", "--until", "23:59")
    assert 0 < read_search(folder)["until"] - time.time() <= 24 * 3600
