from dataclasses import replace
from itertools import count

import pytest
from fakes import MemoryStore
from trainer_doubles import Daemon
from trainings import EVALUATION, epoch, proposal, tiny, train_well, train_wide_ones_badly

from remap_core.errors import FolderUnusable, UnreadableCommand
from remap_core.trainer.executors.base import EpochDone, Finished, InlineExecutor, Lost, Run, Stopped
from remap_core.trainer.worker import ANSWERING
from remap_core.trials.commands import Cancel, CancelBatch, Enqueue, Move, Outcome, Pause, Receipt, Resume, Retry
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Origin, Place, Proposal, TrialState


@pytest.fixture
def daemon():
    return Daemon()


def test_what_is_enqueued_is_trained_one_after_the_other(daemon):
    receipt = daemon.told(Enqueue((proposal(3), proposal(4))))
    assert (receipt.outcome, receipt.message) == (Outcome.APPLIED, "2 models enqueued: 1 to 2.")
    assert [daemon.state(1), daemon.state(2)] == [TrialState.RUNNING, TrialState.WAITING]
    daemon.tick(8)
    assert [daemon.state(1), daemon.state(2)] == [TrialState.COMPLETE, TrialState.COMPLETE]
    assert daemon.store.trial(2).last == epoch(2)
    assert not daemon.worker.is_busy


def test_one_failing_architecture_is_a_failed_trial_with_a_sentence_and_the_next_one_trains():
    daemon = Daemon(train_wide_ones_badly)
    daemon.told(Enqueue((proposal(13), proposal(14), proposal(4))))
    daemon.tick(12)
    assert [daemon.state(number) for number in (1, 2, 3)] == [
        TrialState.FAILED,
        TrialState.FAILED,
        TrialState.COMPLETE,
    ]
    assert daemon.store.trial(1).error == "The training diverged at epoch 2: its loss is no longer a number."
    assert daemon.store.trial(2).error == (
        "Training ended with an unexpected ValueError: mat1 and mat2 shapes cannot be multiplied"
    )


class LosingExecutor(InlineExecutor):
    """Loses the job at each poll whose number is in `losses`."""

    def __init__(self, train, losses):
        super().__init__(train)
        self.losses, self.polls = losses, count(1)

    def poll(self):
        if next(self.polls) in self.losses and self._current:
            run, self._current = self._current[0], None
            return [Lost(run, "The worker process ended.")]
        return super().poll()


def test_a_trial_whose_process_died_goes_on_and_dies_again_later_without_harm(daemon):
    daemon.worker._executor = LosingExecutor(train_well, {3, 6})
    daemon.told(Enqueue((proposal(3, epochs=4),)))
    daemon.tick(2)
    assert daemon.store.trial(1).epochs_done == 1
    daemon.tick(20)
    assert (daemon.state(1), daemon.store.trial(1).epochs_done) == (TrialState.COMPLETE, 4)


def test_a_trial_that_is_lost_twice_in_the_same_epoch_fails_with_the_reason_and_the_next_one_trains(daemon):
    daemon.worker._executor = LosingExecutor(train_well, {2, 3})
    daemon.told(Enqueue((proposal(3), proposal(4))))
    daemon.tick(20)
    assert daemon.store.trial(1).error == "The worker process ended. A second try ended in the same epoch."
    assert [daemon.state(1), daemon.state(2)] == [TrialState.FAILED, TrialState.COMPLETE]


class FullStore(MemoryStore):
    """A store whose disk is full while `full`."""

    full = False

    def record_epoch(self, trial, result):
        if self.full:
            raise FolderUnusable("No space left on device.")
        super().record_epoch(trial, result)


def test_what_the_store_refuses_for_want_of_space_is_recorded_when_there_is_room():
    daemon = Daemon(store=FullStore())
    daemon.told(Enqueue((proposal(3, epochs=3),)))
    daemon.store.full = True
    for _ in range(3):
        with pytest.raises(FolderUnusable):
            daemon.tick()
    daemon.store.full = False
    daemon.tick(9)
    assert (daemon.state(1), daemon.store.trial(1).epochs_done) == (TrialState.COMPLETE, 3)


def test_trainings_pause_where_there_is_no_room_and_go_on_from_their_last_epoch_when_there_is(daemon):
    daemon.told(Enqueue((proposal(3, epochs=4), proposal(4))))
    daemon.tick(2)
    daemon.worker._want_of_room = lambda: "The disk is full."
    assert daemon.told(Move(2, Place.TOP)).outcome is Outcome.APPLIED  # it still listens
    daemon.tick(5)
    assert (daemon.state(1), daemon.worker.trouble) == (TrialState.WAITING, "The disk is full.")
    done = daemon.store.trial(1).epochs_done
    assert 1 <= done < 4
    daemon.worker._want_of_room = str
    daemon.tick(20)
    assert [daemon.state(1), daemon.state(2)] == [TrialState.COMPLETE, TrialState.COMPLETE]
    assert daemon.worker.trouble == ""


def test_leaving_puts_the_running_trial_back_to_the_head_with_its_epochs(daemon):
    daemon.told(Enqueue((proposal(3, epochs=9), proposal(4))))
    daemon.tick(2)
    daemon.worker.leave(daemon.now)
    assert daemon.state(1) is TrialState.WAITING
    assert daemon.store.trial(1).epochs_done == 2
    assert daemon.store.claim(daemon.now).id == 1


def test_a_new_worker_goes_on_with_what_a_dead_one_left_running(daemon):
    daemon.told(Enqueue((proposal(3), proposal(4))))
    successor = Daemon(store=daemon.store)
    assert successor.state(1) is TrialState.WAITING
    successor.tick(8)
    assert [successor.state(1), successor.state(2)] == [TrialState.COMPLETE, TrialState.COMPLETE]


def test_a_cancelled_running_trial_stops_and_its_late_events_are_ignored():
    daemon = Daemon()
    daemon.told(Enqueue((proposal(3, epochs=9), proposal(4))))
    assert daemon.told(Cancel(1)).message == "Model 1 cancelled."
    late = [EpochDone(Run(1, 1), epoch(7)), Finished(Run(1, 1), None), Stopped(Run(1, 1))]
    daemon.executor._events += late
    daemon.worker.tick(daemon.now)
    assert daemon.state(1) is TrialState.CANCELLED
    assert daemon.store.trial(1).epochs_done < 7


def test_a_cancelled_batch_stops_what_runs_of_it_and_the_rest_goes_on():
    daemon = Daemon()
    daemon.told(Enqueue((proposal(3, epochs=9, batch="mine"), proposal(4, batch="mine"), proposal(5))))
    assert daemon.told(CancelBatch("mine")).message == "2 of the batch cancelled: 1, 2."
    daemon.tick(5)
    assert [daemon.state(number) for number in (1, 2, 3)] == [
        TrialState.CANCELLED,
        TrialState.CANCELLED,
        TrialState.COMPLETE,
    ]
    assert daemon.store.trial(1).epochs_done < 9


def test_a_batch_of_more_children_than_the_cap_is_refused_whole(daemon):
    daemon.told(Enqueue((proposal(3),)))
    receipt = daemon.told(Enqueue(tuple(proposal(units, parent=1) for units in range(10, 1_011))))
    assert (receipt.outcome, receipt.message) == (
        Outcome.REFUSED,
        "One batch holds at most 1,000 children, but got 1,001.",
    )
    assert daemon.store.fingerprints("toy") == {tiny(3).fingerprint}


def test_an_architecture_over_the_parameter_cap_is_refused_with_both_numbers():
    daemon = Daemon(max_parameters=50)
    receipt = daemon.told(Enqueue((proposal(3), proposal(9))))
    assert (receipt.outcome, receipt.message) == (
        Outcome.REFUSED,
        "A model must have at most 50 parameters (REMAP_MAX_PARAMETERS), but one has 65.",
    )
    assert daemon.store.fingerprints("toy") == set()


def repeat_of(model, seed, **changes):
    """A repeat of a model of three units."""
    asked = replace(proposal(3, parent=model, origin=Origin.REPEAT), **changes)
    return replace(asked, config=replace(asked.config, seed=seed))


def test_a_repeat_is_trained_beside_its_model_and_the_same_seed_not_twice(daemon):
    daemon.told(Enqueue((proposal(3),)))
    daemon.tick(5)
    receipt = daemon.told(Enqueue((repeat_of(1, 0), repeat_of(1, 1), repeat_of(1, 2), repeat_of(1, 2))))
    assert receipt.message == "2 models enqueued: 2 to 3. Already trained or waiting as model 1. 1 asked for twice."
    daemon.tick(10)
    assert [daemon.state(trial) for trial in (2, 3)] == [TrialState.COMPLETE] * 2
    assert [daemon.store.trial(trial).model for trial in (1, 2, 3)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ((repeat_of(3, 1),), "A model must be complete to be repeated, but model 3 is waiting."),
        ((repeat_of(2, 2),), "Model 2 is a repeat: repeat model 1 instead."),
        ((repeat_of(99, 1),), "Model 99 does not exist."),
        ((repeat_of(1, 2, architecture=tiny(4)),), "must be trained as it was but for the seed"),
        ((repeat_of(1, 2, config=TrainingConfig(epochs=9)),), "must be trained as it was but for the seed"),
        (tuple(repeat_of(1, seed) for seed in range(2, 13)), "with at most 10 seeds at once, but got 11."),
    ],
)
def test_only_a_complete_model_is_repeated_and_only_as_it_was_trained(daemon, asked, reason):
    daemon.told(Enqueue((proposal(3),)))
    daemon.tick(5)
    daemon.told(Enqueue((repeat_of(1, 1),)))
    daemon.tick(5)
    daemon.told(Pause())
    daemon.told(Enqueue((proposal(8),)))
    receipt = daemon.told(Enqueue(asked))
    assert receipt.outcome is Outcome.REFUSED
    assert reason in receipt.message
    assert daemon.store.fingerprints("toy") == {tiny(3).fingerprint, tiny(8).fingerprint}


def test_ten_thousand_commands_are_answered_in_order_and_no_tick_takes_long():
    daemon, seconds = Daemon(), [0.0]
    daemon.told(Enqueue((proposal(3),)))

    def applied_slowly(command, kind, now, action):
        seconds[0] += 0.01
        answered.append((daemon.now, command))
        return Receipt(command, kind, Outcome.APPLIED, "", now)

    daemon.worker._clock, daemon.store.apply_once, answered = (lambda: seconds[0]), applied_slowly, []
    names = [daemon.inbox.send(Pause()) for _ in range(10_000)]
    while daemon.inbox.waiting:
        before = seconds[0]
        daemon.tick()
        assert seconds[0] - before < ANSWERING + 0.02
    assert [command for _, command in answered] == names


def test_a_command_whose_file_outlived_a_crash_is_applied_once(daemon):
    name = daemon.inbox.send(Enqueue((proposal(3),)))
    command = daemon.inbox.waiting[name]
    daemon.tick()
    daemon.inbox.waiting[name] = command  # the daemon died between the commit and the unlinking
    daemon.tick()
    assert not daemon.inbox.waiting
    assert daemon.store.find_same_training(proposal(3)) == 1
    assert daemon.store.enqueue([proposal(9)], 0.0) == [2]


def test_what_is_no_command_is_put_aside_with_the_reason(daemon):
    name = daemon.inbox.send(UnreadableCommand("kind must be one of enqueue, but got 'dance'."))
    daemon.tick()
    assert daemon.inbox.rejected == {name: "kind must be one of enqueue, but got 'dance'."}


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (Cancel(99), "99"),
        (Retry(99), "99"),
        (Move(99, Place.TOP), "99"),
        (Enqueue(()), "There is nothing to enqueue: the command holds no architecture."),
        (Enqueue((Proposal(tiny(), "birds"),)), "birds is not a data set."),
        (
            Enqueue((Proposal(tiny().with_layers(()), "toy"), Proposal(type(tiny())((3, 8, 8), 5, ()), "toy"))),
            "The architecture is for images of 3 x 8 x 8 in 5 classes, but toy has 1 x 2 x 2 in 2.",
        ),
        (Enqueue((proposal(parent=99),)), "99"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason_and_changes_nothing(daemon, command, reason):
    receipt = daemon.told(command)
    assert receipt.outcome is Outcome.REFUSED
    assert reason in receipt.message
    assert daemon.store.fingerprints("toy") == set()


def test_nothing_is_trained_twice(daemon):
    daemon.told(Enqueue((proposal(3),)))
    receipt = daemon.told(Enqueue((proposal(3), proposal(4), proposal(4))))
    assert receipt.message == "Model 2 enqueued. Already trained or waiting as model 1. 1 asked for twice."


def test_a_failed_model_can_be_asked_for_again():
    daemon = Daemon(train_wide_ones_badly)
    daemon.told(Enqueue((proposal(13),)))
    daemon.tick(3)
    assert daemon.told(Enqueue((proposal(13),))).message == "Model 2 enqueued."


def test_a_paused_queue_begins_nothing_until_it_goes_on(daemon):
    daemon.told(Pause())
    daemon.told(Enqueue((proposal(3),)))
    daemon.tick(3)
    assert daemon.state(1) is TrialState.WAITING
    daemon.told(Resume())
    daemon.tick(4)
    assert daemon.state(1) is TrialState.COMPLETE


def test_a_moved_trial_is_next(daemon):
    daemon.told(Pause())
    daemon.told(Enqueue((proposal(3), proposal(4), proposal(5))))
    assert daemon.told(Move(3, Place.TOP)).message == "Model 3 moved: top."
    daemon.told(Resume())
    assert daemon.state(3) is TrialState.RUNNING


def test_a_data_set_is_registered_with_the_first_trial_that_needs_it(daemon):
    assert daemon.store.dataset_names() == []
    daemon.told(Enqueue((proposal(3),)))
    assert daemon.store.dataset_names() == ["toy"]


def test_an_evaluation_that_does_not_fit_the_data_set_fails_its_trial_and_not_the_daemon():
    def train_on_other_images(trial, should_stop):
        yield epoch(1)
        return replace(EVALUATION, predictions=EVALUATION.predictions[:3])

    daemon = Daemon(train_on_other_images)
    daemon.told(Enqueue((proposal(3), proposal(4))))
    daemon.tick(6)
    assert [daemon.state(1), daemon.state(2)] == [TrialState.FAILED, TrialState.FAILED]
    assert "8 validation images" in daemon.store.trial(1).error
