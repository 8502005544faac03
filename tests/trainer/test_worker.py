from dataclasses import replace
from itertools import count

import pytest
from fakes import MemoryStore
from trainer_doubles import TOY, FakeTrainer
from trainings import EVALUATION, epoch, proposal, tiny, train_well, train_wide_ones_badly

from remap_core.errors import CommandRefused, FolderUnusable, TrainingFailed, UnreadableCommand
from remap_core.space.caps import Cap, Cost
from remap_core.trainer.apply import apply
from remap_core.trainer.executors.base import EpochDone, Finished, Lost, Run, Stopped
from remap_core.trainer.executors.inline import InlineExecutor
from remap_core.trainer.worker import MAX_ANSWERING_SECONDS
from remap_core.trials.commands import Cancel, CancelBatch, Enqueue, Move, Outcome, Pause, Receipt, Resume, Retry
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.training_recipe import THOROUGH
from remap_core.trials.trial import Origin, Place, Proposal, TrialState


@pytest.fixture
def trainer():
    return FakeTrainer()


def test_what_is_enqueued_is_trained_one_after_the_other(trainer):
    receipt = trainer.apply(Enqueue((proposal(3), proposal(4))))
    assert (receipt.outcome, receipt.message) == (Outcome.APPLIED, "2 models queued: 1 to 2.")
    assert [trainer.state(1), trainer.state(2)] == [TrialState.RUNNING, TrialState.WAITING]
    trainer.tick(8)
    assert [trainer.state(1), trainer.state(2)] == [TrialState.COMPLETE, TrialState.COMPLETE]
    assert trainer.store.trial(2).last == epoch(2)
    assert not trainer.worker.is_busy


def test_one_failing_architecture_is_a_failed_trial_with_a_sentence_and_the_next_one_trains():
    trainer = FakeTrainer(train_wide_ones_badly)
    trainer.apply(Enqueue((proposal(13), proposal(14), proposal(4))))
    trainer.tick(12)
    assert [trainer.state(number) for number in (1, 2, 3)] == [
        TrialState.FAILED,
        TrialState.FAILED,
        TrialState.COMPLETE,
    ]
    assert trainer.store.trial(1).error == "The training diverged at epoch 2: its loss is no longer a number."
    assert trainer.store.trial(2).error == (
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


def test_a_trial_whose_process_died_resumes_and_may_die_again_later(trainer):
    trainer.worker._executor = LosingExecutor(train_well, {3, 6})
    trainer.apply(Enqueue((proposal(3, epochs=4),)))
    trainer.tick(2)
    assert trainer.store.trial(1).epochs_done == 1
    trainer.tick(20)
    assert (trainer.state(1), trainer.store.trial(1).epochs_done) == (TrialState.COMPLETE, 4)


def test_a_trial_that_is_lost_twice_in_the_same_epoch_fails_with_the_reason_and_the_next_one_trains(trainer):
    trainer.worker._executor = LosingExecutor(train_well, {2, 3})
    trainer.apply(Enqueue((proposal(3), proposal(4))))
    trainer.tick(20)
    assert trainer.store.trial(1).error == "The worker process ended. A second try ended in the same epoch."
    assert [trainer.state(1), trainer.state(2)] == [TrialState.FAILED, TrialState.COMPLETE]


class FullStore(MemoryStore):
    """A store whose disk is full while `full`."""

    full = False

    def record_epoch(self, trial, result):
        if self.full:
            raise FolderUnusable("No space left on device.")
        super().record_epoch(trial, result)


def test_what_the_store_refuses_on_a_full_disk_is_recorded_when_there_is_space():
    trainer = FakeTrainer(store=FullStore())
    trainer.apply(Enqueue((proposal(3, epochs=3),)))
    trainer.store.full = True
    for _ in range(3):
        with pytest.raises(FolderUnusable):
            trainer.tick()
    trainer.store.full = False
    trainer.tick(9)
    assert (trainer.state(1), trainer.store.trial(1).epochs_done) == (TrialState.COMPLETE, 3)


def test_trainings_pause_on_a_full_disk_and_resume_from_their_last_epoch(trainer):
    trainer.apply(Enqueue((proposal(3, epochs=4), proposal(4))))
    trainer.tick(2)
    trainer.worker._disk_space_warning = lambda: "The disk is full."
    assert trainer.apply(Move(2, Place.TOP)).outcome is Outcome.APPLIED  # it still listens
    trainer.tick(5)
    assert (trainer.state(1), trainer.worker.problem) == (TrialState.WAITING, "The disk is full.")
    done = trainer.store.trial(1).epochs_done
    assert 1 <= done < 4
    trainer.worker._disk_space_warning = str
    trainer.tick(20)
    assert [trainer.state(1), trainer.state(2)] == [TrialState.COMPLETE, TrialState.COMPLETE]
    assert trainer.worker.problem == ""


def test_shutting_down_requeues_the_running_trial_at_the_head_with_its_epochs(trainer):
    trainer.apply(Enqueue((proposal(3, epochs=9), proposal(4))))
    trainer.tick(2)
    trainer.worker.shut_down(trainer.now)
    assert trainer.state(1) is TrialState.WAITING
    assert trainer.store.trial(1).epochs_done == 2
    assert trainer.store.claim(trainer.now).id == 1


def test_a_new_worker_resumes_what_a_dead_one_left_running(trainer):
    trainer.apply(Enqueue((proposal(3), proposal(4))))
    successor = FakeTrainer(store=trainer.store)
    assert successor.state(1) is TrialState.WAITING
    successor.tick(8)
    assert [successor.state(1), successor.state(2)] == [TrialState.COMPLETE, TrialState.COMPLETE]


def test_a_cancelled_running_trial_stops_and_its_late_events_are_ignored():
    trainer = FakeTrainer()
    trainer.apply(Enqueue((proposal(3, epochs=9), proposal(4))))
    assert trainer.apply(Cancel(1)).message == "Model 1 cancelled."
    late = [EpochDone(Run(1, 1), epoch(7)), Finished(Run(1, 1), None), Stopped(Run(1, 1))]
    trainer.executor._events += late
    trainer.worker.tick(trainer.now)
    assert trainer.state(1) is TrialState.CANCELLED
    assert trainer.store.trial(1).epochs_done < 7


def test_a_cancelled_batch_stops_its_running_trials_and_no_others():
    trainer = FakeTrainer()
    trainer.apply(Enqueue((proposal(3, epochs=9, batch="mine"), proposal(4, batch="mine"), proposal(5))))
    assert trainer.apply(CancelBatch("mine")).message == "2 models cancelled: 1, 2."
    trainer.tick(5)
    assert [trainer.state(number) for number in (1, 2, 3)] == [
        TrialState.CANCELLED,
        TrialState.CANCELLED,
        TrialState.COMPLETE,
    ]
    assert trainer.store.trial(1).epochs_done < 9


def test_a_batch_of_more_children_than_the_cap_is_refused_whole(trainer):
    trainer.apply(Enqueue((proposal(3),)))
    receipt = trainer.apply(Enqueue(tuple(proposal(units, parent=1) for units in range(10, 1_011))))
    assert (receipt.outcome, receipt.message) == (
        Outcome.REFUSED,
        "A batch must have at most 1,000 children, but got 1,001.",
    )
    assert trainer.store.fingerprints("toy") == {tiny(3).fingerprint}


def test_an_architecture_over_the_parameter_cap_is_refused_with_both_numbers():
    trainer = FakeTrainer(caps=(Cap(Cost.PARAMETERS, 50, "REMAP_MAX_PARAMETERS"),))
    receipt = trainer.apply(Enqueue((proposal(3), proposal(9))))
    assert (receipt.outcome, receipt.message) == (
        Outcome.REFUSED,
        "A model must have at most 50 parameters (REMAP_MAX_PARAMETERS), but one has 65.",
    )
    assert trainer.store.fingerprints("toy") == set()


def test_an_architecture_over_a_cap_of_its_own_command_or_another_cap_of_the_trainer_is_refused():
    trainer = FakeTrainer(caps=(Cap(Cost.MEMORY, 12, "REMAP_MAX_ACTIVATION_MEMORY"),))
    receipt = trainer.apply(Enqueue((proposal(3), proposal(9))))
    assert (receipt.outcome, receipt.message) == (
        Outcome.REFUSED,
        "A model must have at most 0.012 KB of activations (REMAP_MAX_ACTIVATION_MEMORY), but one has 0.013 KB.",
    )
    receipt = trainer.apply(Enqueue((proposal(3),), (Cap(Cost.MULTIPLY_ADDS, 7),)))
    assert (receipt.outcome, receipt.message) == (
        Outcome.REFUSED,
        "A model must have at most 7 multiply-adds, but one has 18.",
    )
    assert trainer.store.fingerprints("toy") == set()


def repeat_of(model, seed, **changes):
    """A repeat of a model of three units."""
    asked = replace(proposal(3, parent=model, origin=Origin.REPEAT), **changes)
    return replace(asked, config=replace(asked.config, seed=seed))


def test_a_repeat_is_trained_as_part_of_its_model_and_no_seed_twice(trainer):
    trainer.apply(Enqueue((proposal(3),)))
    trainer.tick(5)
    receipt = trainer.apply(Enqueue((repeat_of(1, 0), repeat_of(1, 1), repeat_of(1, 2), repeat_of(1, 2))))
    assert receipt.message == "2 models queued: 2 to 3. Model 1 is already trained or queued. 1 duplicate skipped."
    trainer.tick(10)
    assert [trainer.state(trial) for trial in (2, 3)] == [TrialState.COMPLETE] * 2
    assert [trainer.store.trial(trial).model for trial in (1, 2, 3)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ((repeat_of(3, 1),), "A model must be complete to be repeated, but Model 3 is waiting."),
        ((repeat_of(2, 2),), "Model 2 is a repeat: repeat Model 1 instead."),
        ((repeat_of(99, 1),), "Model 99 does not exist."),
        ((repeat_of(1, 2, architecture=tiny(4)),), "must have the same configuration except for the seed"),
        ((repeat_of(1, 2, config=TrainingConfig(epochs=9)),), "must have the same configuration except for the seed"),
        (tuple(repeat_of(1, seed) for seed in range(2, 13)), "with at most 10 seeds at once, but got 11."),
    ],
)
def test_only_a_complete_model_is_repeated_and_only_with_its_configuration(trainer, asked, reason):
    trainer.apply(Enqueue((proposal(3),)))
    trainer.tick(5)
    trainer.apply(Enqueue((repeat_of(1, 1),)))
    trainer.tick(5)
    trainer.apply(Pause())
    trainer.apply(Enqueue((proposal(8),)))
    receipt = trainer.apply(Enqueue(asked))
    assert receipt.outcome is Outcome.REFUSED
    assert reason in receipt.message
    assert trainer.store.fingerprints("toy") == {tiny(3).fingerprint, tiny(8).fingerprint}


def finish_of(parent: int, units: int = 3, start: int | None = None) -> Proposal:
    config = TrainingConfig(epochs=5, recipe=THOROUGH, start=start or parent)
    return Proposal(tiny(units), "toy", config, Origin.FINISH, parent=parent)


def test_a_finish_stands_for_its_model_and_trains_for_its_own_epochs(trainer):
    trainer.apply(Enqueue((proposal(3),)))
    trainer.tick(5)
    trainer.apply(Enqueue((finish_of(1),)))
    trainer.tick(10)
    finish = trainer.store.trial(2)
    assert (finish.state, finish.model, finish.epochs_done) == (TrialState.COMPLETE, 1, 5)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (finish_of(3), "A model must be complete to be finished, but Model 3 is waiting."),
        (finish_of(2), "Model 2 is a finish: finish Model 1 instead."),
        (finish_of(99), "Model 99 does not exist."),
        (finish_of(1, units=4), "A finish of Model 1 must have its architecture and its data set."),
    ],
)
def test_only_a_complete_model_is_finished(trainer, asked, reason):
    trainer.apply(Enqueue((proposal(3),)))
    trainer.tick(5)
    trainer.apply(Enqueue((finish_of(1),)))
    trainer.tick(10)
    trainer.apply(Pause())
    trainer.apply(Enqueue((proposal(8),)))
    receipt = trainer.apply(Enqueue((asked,)))
    assert (receipt.outcome, receipt.message) == (Outcome.REFUSED, reason)


def test_a_training_whose_first_weights_are_gone_fails_and_the_next_one_trains():
    def provide_start(trial):
        if trial.proposal.config.start:
            raise TrainingFailed("The weights of Model 1 are gone, so it cannot be finished.")

    trainer = FakeTrainer(provide_start=provide_start)
    trainer.apply(Enqueue((proposal(3),)))
    trainer.tick(5)
    trainer.apply(Enqueue((finish_of(1), proposal(4))))
    trainer.tick(10)
    assert [trainer.state(trial) for trial in (2, 3)] == [TrialState.FAILED, TrialState.COMPLETE]
    assert trainer.store.trial(2).error == "The weights of Model 1 are gone, so it cannot be finished."


def child_of(parent: int, units: int = 6, dataset: str = "toy") -> Proposal:
    config = TrainingConfig(epochs=1, start=parent)
    return Proposal(tiny(units), dataset, config, Origin.VARIATION, parent=parent)


def test_a_child_from_its_parents_weights_is_a_model_of_its_own(trainer):
    trainer.apply(Enqueue((proposal(3),)))
    trainer.tick(5)
    trainer.apply(Enqueue((child_of(1),)))
    trainer.tick(10)
    child = trainer.store.trial(2)
    assert (child.state, child.model, child.epochs_done) == (TrialState.COMPLETE, 2, 1)
    assert child.proposal.inherits


def test_only_a_complete_model_of_the_same_data_passes_on_its_weights(trainer):
    trainer.apply(Enqueue((proposal(3),)))
    trainer.tick(5)
    trainer.apply(Pause())
    trainer.apply(Enqueue((proposal(8),)))
    for asked, reason in [
        (child_of(2), "A model must be complete to pass on its weights, but Model 2 is waiting."),
        (child_of(99), "Model 99 does not exist."),
    ]:
        receipt = trainer.apply(Enqueue((asked,)))
        assert (receipt.outcome, receipt.message) == (Outcome.REFUSED, reason)
    with pytest.raises(CommandRefused, match=r"^Model 1 was trained on toy, so a model of more cannot start from its"):
        apply(Enqueue((child_of(1, dataset="more"),)), trainer.store, lambda name: replace(TOY, name=name), 0.0)


def test_ten_thousand_commands_are_answered_in_order_and_no_tick_takes_long():
    trainer, seconds = FakeTrainer(), [0.0]
    trainer.apply(Enqueue((proposal(3),)))

    def applied_slowly(command, kind, now, action, sender):
        seconds[0] += 0.01
        answered.append((trainer.now, command))
        return Receipt(command, kind, Outcome.APPLIED, "", now, sender)

    trainer.worker._clock, trainer.store.apply_once, answered = (lambda: seconds[0]), applied_slowly, []
    names = [trainer.inbox.send(Pause()) for _ in range(10_000)]
    while trainer.inbox.waiting:
        before = seconds[0]
        trainer.tick()
        assert seconds[0] - before < MAX_ANSWERING_SECONDS + 0.02
    assert [command for _, command in answered] == names


def test_a_command_whose_file_outlived_a_crash_is_applied_once(trainer):
    name = trainer.inbox.send(Enqueue((proposal(3),)))
    command = trainer.inbox.waiting[name]
    trainer.tick()
    trainer.inbox.waiting[name] = command  # the trainer died between the commit and the unlinking
    trainer.tick()
    assert not trainer.inbox.waiting
    assert trainer.store.find_same_training(proposal(3)) == 1
    assert trainer.store.enqueue([proposal(9)], 0.0) == [2]


def test_a_file_that_is_not_a_command_is_put_aside_with_the_reason(trainer):
    name = trainer.inbox.send(UnreadableCommand("kind must be one of enqueue, but got 'dance'."))
    trainer.tick()
    assert trainer.inbox.rejected == {name: "kind must be one of enqueue, but got 'dance'."}


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
def test_what_cannot_be_done_is_refused_with_the_reason_and_changes_nothing(trainer, command, reason):
    receipt = trainer.apply(command)
    assert receipt.outcome is Outcome.REFUSED
    assert reason in receipt.message
    assert trainer.store.fingerprints("toy") == set()


def test_nothing_is_trained_twice(trainer):
    trainer.apply(Enqueue((proposal(3),)))
    receipt = trainer.apply(Enqueue((proposal(3), proposal(4), proposal(4))))
    assert receipt.message == "Model 2 queued. Model 1 is already trained or queued. 1 duplicate skipped."


def test_a_failed_model_can_be_enqueued_again():
    trainer = FakeTrainer(train_wide_ones_badly)
    trainer.apply(Enqueue((proposal(13),)))
    trainer.tick(3)
    assert trainer.apply(Enqueue((proposal(13),))).message == "Model 2 queued."


def test_a_paused_queue_starts_nothing_until_it_is_resumed(trainer):
    trainer.apply(Pause())
    trainer.apply(Enqueue((proposal(3),)))
    trainer.tick(3)
    assert trainer.state(1) is TrialState.WAITING
    trainer.apply(Resume())
    trainer.tick(4)
    assert trainer.state(1) is TrialState.COMPLETE


def test_a_moved_trial_is_next(trainer):
    trainer.apply(Pause())
    trainer.apply(Enqueue((proposal(3), proposal(4), proposal(5))))
    assert trainer.apply(Move(3, Place.TOP)).message == "Moved Model 3 to the top."
    trainer.apply(Resume())
    assert trainer.state(3) is TrialState.RUNNING


def test_a_data_set_is_registered_with_the_first_trial_that_needs_it(trainer):
    assert trainer.store.dataset_names() == []
    trainer.apply(Enqueue((proposal(3),)))
    assert trainer.store.dataset_names() == ["toy"]


def test_an_evaluation_that_does_not_fit_the_data_set_fails_its_trial_and_not_the_trainer():
    def train_on_other_images(trial, should_stop):
        yield epoch(1)
        return replace(EVALUATION, predictions=EVALUATION.predictions[:3])

    trainer = FakeTrainer(train_on_other_images)
    trainer.apply(Enqueue((proposal(3), proposal(4))))
    trainer.tick(6)
    assert [trainer.state(1), trainer.state(2)] == [TrialState.FAILED, TrialState.FAILED]
    assert "8 validation images" in trainer.store.trial(1).error
