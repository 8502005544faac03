import os

import pytest
from trainings import (
    epoch,
    polled_until,
    prepare,
    prepare_in_vain,
    ready,
    score_wide_ones_badly,
    train_until_stopped,
    train_well,
    train_wide_ones_badly,
    trial,
    worker_pid,
)

from remap_core.errors import RemapError
from remap_core.trainer.executors.base import EpochDone, Failed, Finished, Run, Scored, Stopped
from remap_core.trainer.executors.worker_thread import ThreadExecutor


@pytest.fixture
def make_executor():
    made = []

    def make(train, prepare=prepare, **options):
        made.append(ThreadExecutor(train, prepare, **options))
        return made[-1]

    yield make
    for executor in made:
        executor.close(grace=5)
        executor._slots[0].process.join(5)
        assert not executor._slots[0].process._thread.is_alive()


def test_a_training_in_a_thread_gives_its_epochs_and_its_evaluation(make_executor):
    executor = ready(make_executor(train_well))
    executor.start(trial(7))
    assert (executor.slots, executor.free_slots, executor.device) == (1, 0, "a toy")
    events = polled_until(executor, Finished)
    assert events[:2] == [EpochDone(Run(7, 1), epoch(1)), EpochDone(Run(7, 1), epoch(2))]
    assert executor.free_slots == 1
    assert worker_pid(executor) == os.getpid()


def test_it_is_stopped_between_batches(make_executor):
    executor = ready(make_executor(train_until_stopped))
    executor.start(trial(1))
    polled_until(executor, EpochDone)
    executor.stop(Run(1, 1))
    assert polled_until(executor, Stopped)[-1] == Stopped(Run(1, 1))
    assert executor.free_slots == 1


def test_after_an_unexpected_error_another_thread_trains_the_next_one(make_executor):
    executor = ready(make_executor(train_wide_ones_badly))
    for number in (1, 2, 3, 4):  # more often than workers may fail to start
        executor.start(trial(number, units=14))
        assert "unexpected ValueError" in polled_until(executor, Failed)[-1].sentence
        ready(executor)
    executor.start(trial(5))
    assert polled_until(executor, Finished)[-1].run == Run(5, 1)


def test_closing_gives_the_last_events(make_executor):
    executor = ready(make_executor(train_until_stopped))
    executor.start(trial(1))
    polled_until(executor, EpochDone)
    assert executor.close(grace=20)[-1] == Stopped(Run(1, 1))


def test_scorings_are_jobs_too_and_a_missing_device_is_said(make_executor):
    executor = ready(make_executor(train_well, score=score_wide_ones_badly))
    executor.score(trial(7))
    assert polled_until(executor, Scored)[-1].run == Run(7, 1)
    with pytest.raises(RemapError, match="this machine has no GPU"):
        polled_until(make_executor(train_well, prepare_in_vain), Finished)
