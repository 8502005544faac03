"""Successive halving in the worker, whatever becomes of its trainer."""

import random

import numpy as np
import pytest
from fakes import MemoryStore
from trainings import EVALUATION, proposal, tiny

from remap_core.trainer.executors.inline import InlineExecutor
from remap_core.trainer.pruning import train_to_comparison
from remap_core.trainer.worker import Worker
from remap_core.trials.commands import Cancel, Enqueue, Retry
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import EpochResult
from remap_core.trials.trial import Origin, TrialState

TOY = DatasetCard(
    "toy", (1, 2, 2), ("no", "yes"), (8, 8, 8), np.zeros(8, np.uint8), np.zeros((2, 1, 2, 2, 1), np.uint8)
)
COMPLETE, PRUNED, CANCELLED = TrialState.COMPLETE, TrialState.PRUNED, TrialState.CANCELLED


class Trainings:
    """Trainings that leave checkpoints, as real ones do; `trained` counts the epochs that were really trained."""

    def __init__(self):
        self.checkpoints, self.trained = {}, 0

    def __call__(self, trial, should_stop):
        key = trial.id, trial.attempt
        for number in range(1, trial.proposal.config.epochs + 1):
            if number > self.checkpoints.get(key, 0):
                self.trained += 1
                self.checkpoints[key] = number
            accuracy = random.Random(trial.id * 100 + number).random()  # noqa: S311 (no secret)
            yield EpochResult(number, 1.0, 0.5, 1.0, accuracy, 0.1)
        return EVALUATION


class Inbox:
    def __init__(self):
        self.waiting = {}

    def pending(self):
        return [(name, command, None) for name, command in sorted(self.waiting.items())]

    def discard(self, command):
        del self.waiting[command]


class FakeTrainer:
    def __init__(self, halving=True):
        self.store, self.inbox, self.trainings, self.halving = MemoryStore(), Inbox(), Trainings(), halving
        self.now = 100.0
        self.restart()

    def restart(self):
        """Start a trainer, or the next one after a kill: the store and the checkpoints stay."""

        def train(trial, should_stop):
            return (
                train_to_comparison(self.trainings, trial, should_stop) if self.halving else self.trainings(trial, None)
            )

        executor = InlineExecutor(train)
        self.worker = Worker(self.store, self.inbox, executor, lambda name: TOY, halving=self.halving)

    def tick(self, times=1):
        for _ in range(times):
            self.now += 1
            self.worker.tick(self.now)

    def apply(self, command):
        self.inbox.waiting[f"{self.now:09}"] = command
        self.tick()

    def until_done(self, limit=2000):
        while any(not state.is_finished() for state in self.states().values()):
            self.tick()
            limit -= 1
            assert limit, self.states()

    def states(self):
        return {number: self.store.trial(number).state for number in range(1, len(self.store._content.trials) + 1)}


def initial(n, epochs=10):
    return Enqueue(tuple(proposal(units, epochs=epochs, batch="initial") for units in range(2, n + 2)))


def test_all_are_trained_for_one_epoch_a_third_for_three_and_a_ninth_to_the_end():
    trainer = FakeTrainer()
    trainer.apply(initial(18))
    trainer.until_done()
    done = [trainer.store.trial(number).epochs_done for number in range(1, 19)]
    assert sorted(done) == [1] * 12 + [3] * 4 + [10] * 2
    assert trainer.trainings.trained == 12 + 12 + 20
    assert [trainer.states()[number] for number, epochs in enumerate(done, 1) if epochs == 10] == [COMPLETE] * 2


def test_the_best_continue_and_the_pruned_have_their_rank():
    trainer = FakeTrainer()
    trainer.apply(initial(6))
    trainer.until_done()
    first = {number: trainer.store._content.epochs[number, 1, 1].validation_accuracy for number in range(1, 7)}
    *_, last = sorted(first, key=first.get, reverse=True)
    assert trainer.store.trial(last).error == "Pruned after epoch 1: 6th of 6."
    assert trainer.store.trial(max(first, key=first.get)).epochs_done >= 3


@pytest.mark.parametrize("seed", range(8))
def test_a_trainer_that_is_killed_at_any_moment_ends_with_the_same_results(seed):
    peaceful, killed, dice = FakeTrainer(), FakeTrainer(), random.Random(seed)  # noqa: S311 (no secret)
    for trainer in (peaceful, killed):
        trainer.apply(initial(12))
    peaceful.until_done()
    for _ in range(60):
        killed.tick(dice.randint(1, 14))
        killed.restart()
    killed.until_done()
    assert killed.states() == peaceful.states()
    assert killed.store._content.epochs == peaceful.store._content.epochs
    reasons = [[trainer.store.trial(number).error for number in range(1, 13)] for trainer in (peaceful, killed)]
    assert reasons[0] == reasons[1]
    assert killed.trainings.trained == peaceful.trainings.trained


def test_children_and_handcrafted_models_are_not_pruned_and_do_not_wait():
    trainer = FakeTrainer()
    trainer.apply(initial(9))
    children = [proposal(50 + n, epochs=10, parent=1, origin=origin) for n, origin in enumerate(list(Origin)[1:4])]
    trainer.apply(Enqueue(tuple(children)))
    trainer.until_done()
    assert [trainer.states()[number] for number in (10, 11, 12)] == [COMPLETE] * 3


def test_a_retried_pruned_model_is_trained_in_full():
    trainer = FakeTrainer()
    trainer.apply(initial(3))
    trainer.until_done()
    pruned = next(number for number, state in trainer.states().items() if state is PRUNED)
    trainer.apply(Retry(pruned))
    trainer.until_done()
    again = trainer.store.trial(pruned)
    assert (again.state, again.epochs_done, again.attempt, again.error) == (COMPLETE, 10, 2, None)


def test_the_others_do_not_wait_for_one_that_is_cancelled():
    trainer = FakeTrainer()
    trainer.apply(initial(3))
    trainer.apply(Cancel(3))
    trainer.until_done()
    assert sorted(trainer.states().values()) == sorted([COMPLETE, PRUNED, CANCELLED])


def test_without_halving_all_are_trained_to_the_end_even_those_on_hold():
    trainer = FakeTrainer()
    trainer.apply(initial(3))
    trainer.tick(3)
    assert {trial.epochs_done for trial in trainer.store._content.trials.values()} == {0, 1}
    trainer.halving = False
    trainer.restart()
    trainer.until_done()
    assert set(trainer.states().values()) == {COMPLETE}


def test_halving_that_is_turned_on_later_prunes_waiting_models_and_no_complete_ones():
    trainer = FakeTrainer(halving=False)
    trainer.apply(initial(6, epochs=4))
    trainer.tick(7)
    complete = [number for number, state in trainer.states().items() if state is COMPLETE]
    assert complete
    trainer.halving = True
    trainer.restart()
    trainer.until_done()
    assert all(trainer.states()[number] is COMPLETE for number in complete)
    assert PRUNED in trainer.states().values()


def test_models_enqueued_at_another_time_are_not_compared():
    trainer = FakeTrainer()
    trainer.apply(initial(3))
    trainer.until_done()
    trainer.apply(Enqueue((proposal(40, epochs=10, batch="initial"),)))
    trainer.until_done()
    assert trainer.states()[4] is COMPLETE
    assert tiny(40) == trainer.store.trial(4).architecture
