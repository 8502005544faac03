import subprocess
import sys

import pytest
from trainings import EVALUATION, epoch, trial

from remap_core.errors import TrainingFailed
from remap_core.trainer.executors.base import Failed
from remap_core.trainer.executors.inline import InlineExecutor
from remap_core.trainer.limits import Limits, held_megabytes, train_within


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Work:
    """A training of 3 epochs of two batches; loading takes 100 s, a batch `batch` s, and `done` epochs are restored."""

    def __init__(self, clock, batch=1.0, done=0):
        self.clock, self.batch, self.done, self.closed = clock, batch, done, False

    def __call__(self, trial, should_stop):
        try:
            self.clock.now += 100
            for number in range(1, 4):
                for _ in range(2 * (number > self.done)):
                    if should_stop():
                        raise TrainingFailed("stopped")
                    self.clock.now += self.batch
                yield type(epoch(1))(number, 0.5, 0.5, 0.5, 0.5, seconds=2 * self.batch)
            return EVALUATION
        finally:
            self.closed = True


def run(limits, work, *, held=lambda: 0.0, should_stop=lambda: False):
    training = train_within(limits, work, trial(), should_stop, clock=work.clock, held=held)
    epochs = []
    with pytest.raises((StopIteration, TrainingFailed)) as end:
        while True:
            epochs.append(next(training).epoch)
    assert work.closed
    return epochs, end.value


def test_a_training_within_its_limits_gives_its_epochs_and_its_evaluation():
    epochs, end = run(Limits(seconds=6, megabytes=500), Work(Clock()), held=lambda: 500.0)
    assert (epochs, end.value) == ([1, 2, 3], EVALUATION)


def test_without_limits_nothing_is_too_long_or_too_large():
    epochs, end = run(Limits(), Work(Clock(), batch=1e6), held=lambda: 1e9)
    assert (epochs, end.value) == ([1, 2, 3], EVALUATION)


def test_a_training_over_its_time_ends_before_the_next_batch_with_the_limit_and_the_time():
    epochs, end = run(Limits(seconds=2.5), Work(Clock()))
    assert epochs == [1]
    assert str(end) == (
        "The training exceeded its time limit of 2.5 seconds (REMAP_TIME_LIMIT): "
        "it was stopped after 3.0 seconds, in epoch 2."
    )


def test_the_time_of_epochs_before_an_interruption_counts():
    assert run(Limits(seconds=4.5), Work(Clock(), done=2))[0] == [1, 2]
    assert run(Limits(seconds=5), Work(Clock(), done=2))[0] == [1, 2, 3]


def test_a_training_over_its_memory_ends_with_the_limit_and_the_memory():
    sizes = iter([400.0, 400.0, 600.4])
    epochs, end = run(Limits(megabytes=500), Work(Clock()), held=lambda: next(sizes))
    assert epochs == [1]
    assert str(end) == (
        "The training exceeded its memory limit of 500 MB (REMAP_MEMORY_LIMIT): its process held 600 MB in epoch 2."
    )


def test_a_stopped_training_is_not_over_a_limit():
    assert str(run(Limits(seconds=1e-9), Work(Clock()), should_stop=lambda: True)[1]) == "stopped"


def test_the_training_fails_with_the_sentence():
    def train(trial, should_stop):
        return train_within(Limits(megabytes=1), Work(Clock()), trial, should_stop)

    executor = InlineExecutor(train)
    executor.start(trial())
    (event,) = executor.poll()
    assert isinstance(event, Failed)
    assert event.sentence.startswith("The training exceeded its memory limit of 1 MB")


def test_what_a_process_holds_is_what_it_has_in_memory():
    script = (
        "from remap_core.trainer.limits import held_megabytes\n"
        "before = held_megabytes()\n"
        "block = b'1' * 200_000_000\n"
        "print(before > 5, 195 < held_megabytes() - before < 215)"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said == "True True\n"
    assert held_megabytes() > 5


def test_what_all_processes_hold_together_is_asked_once_a_second_and_ends_a_training_over_its_limit():
    clock = Clock()
    asked = []

    def held_together():
        asked.append(clock.now)
        return 900.0 if len(asked) < 3 else 1_001.4

    training = train_within(
        Limits(total_megabytes=1_000),
        Work(clock, batch=0.6),
        trial(),
        lambda: False,
        clock=clock,
        held_together=held_together,
    )
    with pytest.raises(TrainingFailed) as failed:
        list(training)
    assert str(failed.value) == (
        "There is not enough memory to train: app, trainer and workers held 1,001 MB in epoch 3, over the limit of "
        "1,000 MB (REMAP_MEMORY_TOTAL)."
    )
    assert asked == pytest.approx([100.0, 101.2, 102.4])


def test_a_training_is_refused_before_its_first_batch_where_there_is_too_little_memory():
    training = train_within(
        Limits(total_megabytes=1_000), Work(Clock()), trial(), lambda: False, held_together=lambda: 2_000.0
    )
    with pytest.raises(TrainingFailed, match="held 2,000 MB in epoch 1"):
        next(training)
