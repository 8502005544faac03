"""A complete model on the sealed test images, as a job of the trainer."""

import pytest
from fakes import MemoryStore
from trainer_doubles import ListInbox, describe
from trainings import proposal, score_wide_ones_badly, train_well

from remap_core.trainer.executors.inline import InlineExecutor
from remap_core.trainer.worker import Worker
from remap_core.trials.annotations import Annotation
from remap_core.trials.commands import Annotate, Enqueue, Outcome, Pause, ScoreSealed
from remap_core.trials.evaluation import SealedScore, SealedTest
from remap_core.trials.trial import TrialState


class FakeTrainer:
    """A worker whose executor can score."""

    def __init__(self, store=None):
        self.store, self.inbox = store or MemoryStore(), ListInbox()
        self.worker = Worker(self.store, self.inbox, InlineExecutor(train_well, score_wide_ones_badly), describe)

    def apply(self, command):
        name = self.inbox.send(command)
        self.worker.tick(100.0)
        return self.store.apply_once(name, command.kind, 100.0, lambda: "applied again")


@pytest.fixture
def trainer():
    trainer = FakeTrainer()
    trainer.apply(Enqueue((proposal(4), proposal(13))))
    for _ in range(8):
        trainer.worker.tick(100.0)
    return trainer


def test_a_complete_model_is_scored_once_and_stays_complete(trainer):
    assert trainer.apply(ScoreSealed(1)).outcome is Outcome.APPLIED
    assert trainer.worker.is_busy
    trainer.worker.tick(101.0)
    assert trainer.store.sealed_test(1) == SealedTest(100.0, 101.0, SealedScore(8, 6, 0.5))
    assert (trainer.store.trial(1).state, trainer.worker.is_busy) == (TrialState.COMPLETE, False)
    again = trainer.apply(ScoreSealed(1))
    assert (again.outcome, again.message) == (
        Outcome.REFUSED,
        "Model 1 was already tested: 75.0 % test accuracy.",
    )


def test_a_model_without_weights_gets_the_reason_and_stays_complete(trainer):
    trainer.apply(ScoreSealed(2))
    trainer.worker.tick(101.0)
    assert trainer.store.sealed_test(2).error == "Model 1 has no weights."
    assert trainer.store.trial(2).state is TrialState.COMPLETE


def test_scoring_does_not_wait_for_a_paused_queue(trainer):
    trainer.apply(Pause())
    trainer.apply(ScoreSealed(1))
    trainer.worker.tick(101.0)
    assert trainer.store.sealed_test(1).score


def test_a_scoring_waits_for_a_free_worker(trainer):
    trainer.apply(Enqueue((proposal(5), proposal(6))))
    trainer.apply(ScoreSealed(1))
    assert trainer.store.sealed_test(1).is_pending
    for _ in range(4):
        trainer.worker.tick(101.0)
    assert trainer.store.trial(3).state is TrialState.COMPLETE
    assert trainer.store.sealed_test(1).score


def test_a_scoring_that_a_trainer_left_undone_is_done_by_the_next_one(trainer):
    trainer.apply(ScoreSealed(1))
    trainer.worker.shut_down(101.0)
    successor = FakeTrainer(trainer.store)
    successor.worker.tick(102.0)
    successor.worker.tick(103.0)
    assert trainer.store.sealed_test(1).score


def test_what_is_not_complete_is_refused(trainer):
    trainer.apply(Pause())
    trainer.apply(Enqueue((proposal(5),)))
    refused = trainer.apply(ScoreSealed(3))
    assert refused.message == "Model 3 must be complete to be tested, but it is waiting."
    assert trainer.apply(ScoreSealed(99)).message == "Model 99 does not exist."


def test_a_note_is_written_through_the_inbox(trainer):
    receipt = trainer.apply(Annotate(1, "small", ("keep",)))
    assert (receipt.outcome, receipt.message) == (Outcome.APPLIED, "Saved the note and tags of Model 1.")
    assert trainer.store.annotation(1) == Annotation("small", ("keep",))
    assert trainer.apply(Annotate(1, tags=())).message == "Saved the tags of Model 1."
    assert trainer.apply(Annotate(1, "large")).message == "Saved the note of Model 1."
    assert trainer.store.annotation(1) == Annotation("large", ())
    assert trainer.apply(Annotate(99, "small")).message == "Model 99 does not exist."
