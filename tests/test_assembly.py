"""The rooms wired together, with real trainings in this process."""

import os
import threading
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from remap_core.access.person import NOBODY
from remap_core.assembly import build_executor, build_inline_executor, build_trainer, open_catalogue
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import last_status
from remap_core.data_folder.inbox import Inbox
from remap_core.datasets.dataset import load_dataset
from remap_core.errors import FolderUnusable, InvalidSpace, NoCatalogue, SettingsError
from remap_core.services.proposals import propose_initial
from remap_core.settings import Settings
from remap_core.trainer.executors.inline import InlineExecutor
from remap_core.trainer.executors.processes import LocalExecutor
from remap_core.trials.commands import Cancel, Enqueue, Outcome, Pause, ScoreSealed
from remap_core.trials.trial import TrialState

DATASET = "digits#300"


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path, dataset=DATASET, population=2, epochs=2, max_parameters=20_000, device="cpu")


@contextmanager
def trainer_of(settings):
    folder = DataFolder(settings.home)
    with folder.lock(), build_trainer(settings, folder) as trainer:
        yield trainer


def send(settings, command):
    return Inbox(DataFolder(settings.home)).send(command, 1.0, NOBODY)


def states(settings):
    return [trial.state for trial in open_catalogue(settings).queue(finished=100)]


def test_before_the_first_snapshot_there_is_no_catalogue(settings):
    with pytest.raises(NoCatalogue):
        open_catalogue(settings)


def test_everything_queued_is_trained_and_published(settings):
    ticks = []
    with trainer_of(settings) as trainer:
        trainer.enqueue_initial()
        trainer.run_until_idle(build_inline_executor(settings), on_tick=lambda: ticks.append(1))
    assert states(settings) == [TrialState.COMPLETE] * 2
    assert len(ticks) >= 2 * settings.epochs
    assert DataFolder(settings.home).weights(1).is_file()
    assert last_status(DataFolder(settings.home)).pid == os.getpid()


def test_the_initial_population_is_enqueued_once(settings):
    for _ in range(2):
        with trainer_of(settings) as trainer:
            trainer.enqueue_initial()
            trainer.enqueue_initial()
            assert sum(trainer.store.catalogue().counts().values()) == 2


def test_the_initial_population_is_sampled_from_the_chosen_space_and_keeps_its_name(settings):
    with trainer_of(settings.model_copy(update={"space": "mobile"})) as trainer:
        trainer.enqueue_initial()
        catalogue = trainer.store.catalogue()
        assert catalogue.spaces(DATASET) == ["mobile"]
        assert {trial.proposal.space for trial in catalogue.queue()} == {"mobile"}


def test_a_space_file_with_a_fault_ends_the_start_of_a_trainer_in_one_sentence(settings, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("name = 'mine'")
    chosen = settings.model_copy(update={"space": str(file)})
    with trainer_of(chosen) as trainer, pytest.raises(InvalidSpace, match=r"mine\.toml: steps is missing"):
        trainer.enqueue_initial()


def test_a_catalogue_with_models_gets_no_initial_population(settings):
    card = load_dataset(DATASET).card()
    send(settings, Enqueue(propose_initial(settings, card, 1, seed=5)))
    with trainer_of(settings) as trainer:
        trainer.run_until_idle(build_inline_executor(settings))
        trainer.enqueue_initial()
        assert sum(trainer.store.catalogue().counts().values()) == 1


def test_a_paused_queue_returns_with_its_trials_waiting(settings):
    with trainer_of(settings) as trainer:
        trainer.enqueue_initial()
        send(settings, Pause())
        trainer.run_until_idle(build_inline_executor(settings))
    assert states(settings) == [TrialState.WAITING] * 2


def test_a_refused_command_is_answered_and_ends_the_run(settings):
    command = send(settings, Cancel(99))
    with trainer_of(settings) as trainer:
        trainer.run_until_idle(build_inline_executor(settings))
    assert open_catalogue(settings).receipt(command).outcome is Outcome.REFUSED


@pytest.mark.parametrize("path", ["/etc", "/etc/passwd", "../../../../etc/passwd", "~", "{there}", "{there}%2of4"])
def test_a_command_learns_nothing_about_paths_on_the_trainers_machine(settings, tmp_path, path):
    (tmp_path / "pictures" / "secret").mkdir(parents=True)
    name = path.format(there=tmp_path / "pictures")
    (one,) = propose_initial(settings, load_dataset(DATASET).card(), 1, seed=5)
    command = send(settings, Enqueue((replace(one, dataset=name),)))
    with trainer_of(settings) as trainer:
        trainer.run_until_idle(build_inline_executor(settings))
    answer = open_catalogue(settings).receipt(command)
    assert answer.outcome is Outcome.REFUSED
    assert answer.message == f"There is no data set {name!r:.80}: a path is added first, by `remap data add`."


def test_all_commands_are_answered_even_more_than_one_look_takes(settings):
    commands = [send(settings, Cancel(99)) for _ in range(120)]
    with trainer_of(settings) as trainer:
        trainer.run_until_idle(build_inline_executor(settings))
    catalogue = open_catalogue(settings)
    assert all(catalogue.receipt(command) for command in commands)


def test_a_model_is_scored_on_the_sealed_test_images(settings):
    with trainer_of(settings) as trainer:
        trainer.enqueue_initial()
        trainer.run_until_idle(build_inline_executor(settings))
        send(settings, ScoreSealed(1))
        trainer.run_until_idle(build_inline_executor(settings))
    assert 0 <= open_catalogue(settings).sealed_test(1).score.accuracy <= 1


@pytest.mark.parametrize("interrupted_step", [1, 2, 3])
def test_an_interrupted_run_keeps_its_epochs_and_the_next_one_resumes(settings, interrupted_step):
    steps = []

    def press_ctrl_c():
        steps.append(1)
        if len(steps) == interrupted_step:
            raise KeyboardInterrupt

    with trainer_of(settings) as trainer:
        trainer.enqueue_initial()
        with pytest.raises(KeyboardInterrupt):
            trainer.run_until_idle(build_inline_executor(settings), on_tick=press_ctrl_c)
        epochs = trainer.store.catalogue().epochs_done()
        assert TrialState.RUNNING not in states(settings)
        trainer.run_until_idle(build_inline_executor(settings))
        assert trainer.store.catalogue().epochs_done() >= epochs
    assert states(settings) == [TrialState.COMPLETE] * 2


def test_an_interruption_within_an_epoch_requeues_the_trial(settings):
    def train(trial, should_stop):
        raise KeyboardInterrupt
        yield

    with trainer_of(settings) as trainer:
        trainer.enqueue_initial()
        with pytest.raises(KeyboardInterrupt):
            trainer.run_until_idle(InlineExecutor(train))
        trainer.run_until_idle(build_inline_executor(settings))
    assert states(settings) == [TrialState.COMPLETE] * 2


def test_an_interruption_right_after_the_end_was_recorded_does_no_harm(settings, monkeypatch):
    with trainer_of(settings) as trainer:
        trainer.enqueue_initial()
        complete = trainer.store.complete

        def complete_and_interrupt(*arguments):
            complete(*arguments)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(trainer.store, "complete", complete_and_interrupt)
            with pytest.raises(KeyboardInterrupt):
                trainer.run_until_idle(build_inline_executor(settings))
        assert sorted(states(settings)) == [TrialState.COMPLETE, TrialState.WAITING]
        trainer.run_until_idle(build_inline_executor(settings))
    assert states(settings) == [TrialState.COMPLETE] * 2


def test_a_full_disk_is_an_error_and_the_trials_wait(settings, monkeypatch):
    monkeypatch.setattr(DataFolder, "disk_space_warning", lambda folder: "The disk is full.")
    with trainer_of(settings) as trainer:
        trainer.enqueue_initial()
        with pytest.raises(FolderUnusable, match="The disk is full"):
            trainer.run_until_idle(build_inline_executor(settings))
    assert states(settings) == [TrialState.WAITING] * 2


def test_worker_processes_are_waited_for_and_train_as_this_process_does(settings, tmp_path):
    folder_of = {"inline": build_inline_executor, "processes": build_executor}
    losses = []
    for name, build in folder_of.items():
        own = settings.model_copy(update={"home": tmp_path / name, "workers": 1})
        with trainer_of(own) as trainer:
            trainer.enqueue_initial()
            trainer.run_until_idle(build(own))
            curve = trainer.store.catalogue().epochs(1)
        losses.append([result.validation_loss for result in curve])
    assert np.allclose(losses[0], losses[1], rtol=1e-3)


def test_the_served_trainer_stops_when_it_is_told_to(settings):
    stop = threading.Event()
    stop.set()
    with trainer_of(settings) as trainer:
        trainer.enqueue_initial()
        trainer.serve(stop, build_inline_executor(settings))
    assert states(settings) == [TrialState.WAITING] * 2


def test_the_executor_is_the_one_of_the_settings(settings):
    assert isinstance(build_inline_executor(settings), InlineExecutor)
    executor = build_executor(settings.model_copy(update={"workers": 2}))
    try:
        assert isinstance(executor, LocalExecutor)
        assert executor.slots == 2
    finally:
        executor.close(grace=0)


@pytest.mark.parametrize("wrong", [{"device": "cuda"}, {"device": "cpu", "ray_gpus": 0.5}])
def test_a_cluster_without_the_device_is_refused(settings, wrong):
    with pytest.raises(SettingsError, match="ray_gpus"):
        build_executor(settings.model_copy(update={"executor": "ray", **wrong}))
