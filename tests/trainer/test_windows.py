"""Two browser windows and a trainer that may die: whatever they do to one queue, it stays whole."""

from collections import Counter

import duckdb
import pytest
from fakes import MemoryStore
from hypothesis import given, settings
from hypothesis import strategies as st
from trainer_doubles import FakeTrainer
from trainings import proposal, tiny

from remap_core.catalogue.store import CatalogueStore
from remap_core.errors import NotFound
from remap_core.trials.commands import Cancel, CancelBatch, Enqueue, Move, Outcome, Pause, Resume, Retry
from remap_core.trials.trial import Place, TrialState

trials = st.integers(1, 6)
commands = st.one_of(
    st.builds(
        lambda units, batch: Enqueue(tuple(proposal(number, batch=batch) for number in units)),
        st.lists(st.integers(2, 6), min_size=1, max_size=3),
        st.sampled_from(["mine", "yours"]),
    ),
    st.builds(Cancel, trials),
    st.builds(Retry, trials),
    st.builds(Move, trials, st.sampled_from(Place)),
    st.builds(CancelBatch, st.sampled_from(["mine", "yours"])),
    st.just(Pause()),
    st.just(Resume()),
)
TICK, KILL = "tick", "kill"
happenings = st.lists(st.one_of(st.tuples(st.sampled_from("AB"), commands), st.sampled_from([TICK, KILL])), max_size=25)


def all_trials(store):
    found = []
    while len(found) < 100:
        try:
            found.append(store.trial(len(found) + 1))
        except NotFound:
            return found
    return found


def require_whole(store):
    """No two of the queue stand at one place, no training is there twice, and an ended trial says when."""
    found = all_trials(store)
    positions = Counter(trial.position for trial in found if trial.state is TrialState.WAITING)
    assert set(positions.values()) <= {1}
    present = (TrialState.WAITING, TrialState.RUNNING, TrialState.COMPLETE)
    trained = Counter(trial.architecture.fingerprint for trial in found if trial.state in present)
    assert set(trained.values()) <= {1}
    assert all((trial.finished is not None) == trial.state.is_finished() for trial in found)
    assert sum(trial.state is TrialState.RUNNING for trial in found) <= 1


def live_through(happenings, store):
    """Returns the receipts of all commands that were sent, in order."""
    trainer = FakeTrainer(store=store)
    sent = []
    for happening in happenings:
        if happening == TICK:
            trainer.tick()
            require_whole(store)
        elif happening == KILL:  # what it had not answered waits in the inbox for the next one
            successor = FakeTrainer(store=store)
            successor.inbox = successor.worker._inbox = trainer.inbox
            trainer = successor
            require_whole(store)
        else:
            _, command = happening
            sent.append((trainer.inbox.send(command), command))
    trainer.apply(Resume())
    trainer.tick(60)
    require_whole(store)
    assert not trainer.inbox.waiting
    return [store.apply_once(name, command.kind, 0.0, lambda: pytest.fail("not answered")) for name, command in sent]


@pytest.mark.parametrize(
    "new_store", [MemoryStore, lambda: CatalogueStore(duckdb.connect)], ids=["memory", "catalogue"]
)
@given(happenings)
@settings(max_examples=25)
def test_interleaved_commands_of_two_windows_leave_the_queue_whole_and_each_is_answered_once(new_store, happenings):
    store = new_store()
    receipts = live_through(happenings, store)
    assert len({receipt.command for receipt in receipts}) == len(receipts)
    assert {trial.state for trial in all_trials(store)} <= {TrialState.COMPLETE, TrialState.CANCELLED}


def test_both_windows_cancel_the_same_trial_and_the_second_one_is_refused():
    trainer = FakeTrainer()
    trainer.apply(Pause())
    trainer.apply(Enqueue((proposal(3),)))
    assert trainer.apply(Cancel(1)).outcome is Outcome.APPLIED
    second = trainer.apply(Cancel(1))
    assert second.outcome is Outcome.REFUSED
    assert second.message == "Couldn't cancel #1: it was already cancelled."


def test_both_windows_ask_for_the_same_child_and_it_is_trained_once():
    trainer = FakeTrainer()
    names = [trainer.inbox.send(Enqueue((proposal(3),))) for _ in "AB"]
    trainer.tick()
    receipts = [trainer.store.apply_once(name, "enqueue", 0.0, str) for name in names]
    assert [receipt.message for receipt in receipts] == [
        "Model 1 queued.",
        "Model 1 is already trained or queued.",
    ]
    assert trainer.store.fingerprints("toy") == {tiny(3).fingerprint}


@pytest.mark.parametrize("command", [Cancel(1), Retry(1), Move(1, Place.TOP)])
def test_a_command_for_a_finished_trial_is_refused_in_a_sentence(command):
    trainer = FakeTrainer()
    trainer.apply(Enqueue((proposal(3),)))
    trainer.tick(5)
    receipt = trainer.apply(command)
    assert receipt.outcome is Outcome.REFUSED
    assert receipt.message == f"Couldn't {command.kind} #1: it has already finished."
    assert trainer.state(1) is TrialState.COMPLETE
