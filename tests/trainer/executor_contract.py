"""What the trainer can rely on, wherever trainings run; subclasses say where, with their fixture `make_executor`."""

import pytest
from trainings import (
    WAIT,
    epoch,
    polled_until,
    prepare_in_vain,
    ready,
    score_wide_ones_badly,
    train_and_hang,
    train_until_stopped,
    train_well,
    train_wide_ones_badly,
    trial,
)

from remap_core.errors import RemapError
from remap_core.trainer.executors.base import EpochDone, Failed, Finished, Lost, Run, Scored, Stopped
from remap_core.trials.evaluation import SealedScore


class ExecutorContract:
    def test_epochs_and_the_evaluation_come_back_in_order(self, make_executor):
        executor = ready(make_executor(train_well))
        executor.start(trial(7))
        assert (executor.slots, executor.free_slots) == (1, 0)
        events = polled_until(executor, Finished)
        assert events[:2] == [EpochDone(Run(7, 1), epoch(1)), EpochDone(Run(7, 1), epoch(2))]
        assert events[2].evaluation.confusion.tolist() == [[3, 1], [0, 4]]
        assert executor.free_slots == 1
        assert executor.device.endswith("a toy")

    def test_a_killed_process_loses_its_job_and_is_replaced(self, make_executor):
        executor = ready(make_executor(train_wide_ones_badly))
        executor.start(trial(1, units=15))
        events = polled_until(executor, Lost)
        assert events[0] == EpochDone(Run(1, 1), epoch(1))
        assert events[-1].run == Run(1, 1)
        assert events[-1].sentence.endswith(".")
        ready(executor).start(trial(2, units=14))
        assert "unexpected ValueError: mat1" in polled_until(executor, Failed)[-1].sentence
        ready(executor).start(trial(3, units=13))
        assert "diverged" in polled_until(executor, Failed)[-1].sentence
        ready(executor).start(trial(4))
        assert polled_until(executor, Finished)[-1].run == Run(4, 1)

    def test_a_stopped_training_ends_between_batches_and_frees_its_slot(self, make_executor):
        executor = ready(make_executor(train_until_stopped))
        executor.start(trial(1))
        polled_until(executor, EpochDone)
        executor.stop(Run(1, 2))  # another attempt: not this one
        executor.stop(Run(1, 1))
        assert polled_until(executor, Stopped)[-1] == Stopped(Run(1, 1))
        executor.start(trial(1))  # the same attempt again is another job, and not stopped
        polled_until(executor, EpochDone)
        for _ in range(30):
            assert executor.poll() == []
            WAIT.wait(0.05)

    def test_closing_gives_the_last_events(self, make_executor):
        executor = ready(make_executor(train_until_stopped))
        executor.start(trial(1))
        polled_until(executor, EpochDone)
        assert executor.close(grace=20)[-1] == Stopped(Run(1, 1))

    def test_a_silent_job_is_killed_and_lost(self, make_executor):
        executor = ready(make_executor(train_and_hang, stale=3.0))
        executor.start(trial(1))
        lost = polled_until(executor, Lost)[-1]
        assert lost.run == Run(1, 1)
        assert "was silent for 3 seconds" in lost.sentence
        ready(executor).start(trial(2))
        assert polled_until(executor, EpochDone)[-1].run == Run(2, 1)

    def test_a_poll_raises_that_the_device_is_missing(self, make_executor):
        executor = make_executor(train_well, prepare_in_vain)
        with pytest.raises(RemapError, match="this machine has no GPU"):
            polled_until(executor, Finished)

    def test_scorings_are_jobs_like_trainings(self, make_executor):
        executor = ready(make_executor(train_well, score=score_wide_ones_badly))
        executor.score(trial(7))
        assert executor.free_slots == 0
        assert polled_until(executor, Scored) == [Scored(Run(7, 1), SealedScore(8, 6, 0.5))]
        executor.score(trial(8, units=13))
        assert polled_until(executor, Failed) == [Failed(Run(8, 1), "Model 1 has no weights.")]
        executor.score(trial(9, units=15))
        assert polled_until(executor, Lost)[-1].run == Run(9, 1)
        ready(executor).start(trial(10))
        assert polled_until(executor, Finished)[-1].run == Run(10, 1)
