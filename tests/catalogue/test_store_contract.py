"""The contract of `remap_core.trainer.ports.Store`, run over every store."""

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from fakes import MemoryStore
from trainings import EVALUATION, epoch, proposal

from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import CommandRefused, NotFound
from remap_core.space.edits import Remove
from remap_core.trainer.ports import Store
from remap_core.trials.annotations import Annotation
from remap_core.trials.commands import Outcome, Receipt
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import SealedScore, SealedTest
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Origin, Place, Trial, TrialState

WAITING, RUNNING, COMPLETE = TrialState.WAITING, TrialState.RUNNING, TrialState.COMPLETE
FAILED, CANCELLED = TrialState.FAILED, TrialState.CANCELLED


@pytest.fixture(params=["memory", "catalogue"])
def store(request, tmp_path):
    if request.param == "memory":
        yield MemoryStore()
        return
    with closing(CatalogueStore.open(DataFolder(tmp_path))) as catalogue:
        as_seen_by_the_trainer: Store = catalogue
        yield as_seen_by_the_trainer


def card(name="toy", labels=(0, 0, 0, 0, 1, 1, 1, 1)):
    return DatasetCard(
        name, (1, 2, 2), ("no", "yes"), (8, 8, 8), np.array(labels, np.uint8), np.zeros((2, 1, 2, 2, 1), np.uint8)
    )


def enqueue(store, *units):
    return store.enqueue([proposal(number) for number in units], 100.0)


def claimed(store):
    """Claim all trials; returns their ids in order."""
    ids = []
    while trial := store.claim(200.0):
        ids.append(trial.id)
    return ids


def states(store, *trials):
    return [store.trial(trial).state for trial in trials]


def refuse():
    raise CommandRefused("Not today.")


# Enqueue and claim


def test_an_enqueued_trial_waits_with_everything_that_was_proposed(store):
    asked = proposal(4, origin=Origin.ABLATION, parent=9, edits=(Remove(1), Remove(0)), batch="ablations of 9")
    (trial,) = store.enqueue([asked], 123.25)
    assert store.trial(trial) == Trial(1, asked, WAITING, position=1.0, attempt=1, created=123.25)


def test_ids_count_from_one_across_requests(store):
    assert [enqueue(store, 3, 4), enqueue(store, 5)] == [[1, 2], [3]]


def test_enqueueing_nothing_changes_nothing(store):
    assert store.enqueue([], 100.0) == []
    assert store.version == 0


def test_trials_are_claimed_in_the_order_in_which_they_were_enqueued(store):
    enqueue(store, 3, 4)
    enqueue(store, 5)
    assert claimed(store) == [1, 2, 3]


def test_a_claimed_trial_is_running_from_then_on(store):
    enqueue(store, 3)
    trial = store.claim(200.5)
    assert (trial.state, trial.started, trial.finished) == (RUNNING, 200.5, None)
    assert trial == store.trial(1)


def test_claiming_from_an_empty_queue_changes_nothing(store):
    assert store.claim(200.0) is None
    assert store.version == 0


def test_nothing_is_claimed_while_the_queue_is_paused(store):
    enqueue(store, 3)
    store.set_paused(True)
    assert store.claim(200.0) is None
    store.set_paused(False)
    assert store.claim(200.0).id == 1


@pytest.mark.parametrize("trial", [0, -1, 2, 2**63, 10**40])
def test_a_trial_that_does_not_exist_is_not_found(store, trial):
    enqueue(store, 3)
    with pytest.raises(NotFound, match=f"Model {trial} does not exist"):
        store.trial(trial)
    with pytest.raises(NotFound, match=f"Model {trial} does not exist"):
        store.cancel(trial, 200.0)


# Results


def test_a_trial_has_its_last_epoch(store):
    enqueue(store, 3)
    store.claim(200.0)
    store.record_epoch(1, epoch(1))
    store.record_epoch(1, epoch(2))
    assert store.trial(1).last == epoch(2)
    assert store.trial(1).epochs_done == 2


def test_the_same_epoch_again_replaces_what_was_stored(store):
    enqueue(store, 3)
    store.claim(200.0)
    for result in (epoch(1), epoch(2)):
        store.record_epoch(1, result)
    store.record_epoch(1, type(epoch(2))(2, 0.25, 0.875, 0.5, 0.75, 4.0))
    assert store.trial(1).last == type(epoch(2))(2, 0.25, 0.875, 0.5, 0.75, 4.0)


def test_an_earlier_epoch_again_does_not_hide_the_later_one(store):
    enqueue(store, 3)
    store.claim(200.0)
    for number in (1, 2, 1):
        store.record_epoch(1, epoch(number))
    assert store.trial(1).last == epoch(2)


def test_a_complete_trial_is_finished_without_an_error(store):
    enqueue(store, 3)
    store.claim(200.0)
    store.complete(1, EVALUATION, 300.5)
    trial = store.trial(1)
    assert (trial.state, trial.started, trial.finished, trial.error) == (COMPLETE, 200.0, 300.5, None)


def test_a_failed_trial_says_why(store):
    enqueue(store, 3)
    store.claim(200.0)
    store.fail(1, "The loss is no longer a number.", 300.5)
    trial = store.trial(1)
    assert (trial.state, trial.finished, trial.error) == (FAILED, 300.5, "The loss is no longer a number.")


@pytest.mark.parametrize(
    "action",
    [
        lambda store: store.record_epoch(1, epoch(1)),
        lambda store: store.complete(1, EVALUATION, 300.0),
        lambda store: store.fail(1, "no", 300.0),
        lambda store: store.requeue(1),
    ],
    ids=["record_epoch", "complete", "fail", "requeue"],
)
def test_a_waiting_trial_refuses_what_only_a_running_one_can_do(store, action):
    enqueue(store, 3)
    before = store.trial(1), store.version
    with pytest.raises(CommandRefused, match=r"Couldn't .* #1: it is still waiting"):
        action(store)
    assert (store.trial(1), store.version) == before


# Cancel and retry


def test_a_waiting_or_running_trial_can_be_cancelled(store):
    enqueue(store, 3, 4)
    store.claim(200.0)
    store.cancel(1, 300.0)
    store.cancel(2, 301.0)
    assert states(store, 1, 2) == [CANCELLED, CANCELLED]
    assert [store.trial(1).finished, store.trial(2).finished] == [300.0, 301.0]
    assert store.claim(400.0) is None


def test_a_finished_trial_cannot_be_cancelled(store):
    enqueue(store, 3)
    store.cancel(1, 300.0)
    with pytest.raises(CommandRefused, match="Couldn't cancel #1: it was already cancelled"):
        store.cancel(1, 301.0)


def test_cancelling_a_batch_cancels_its_waiting_and_running_trials_only(store):
    store.enqueue([proposal(units, batch="mine") for units in (3, 4, 5)], 100.0)
    store.enqueue([proposal(6, batch="yours")], 100.0)
    store.claim(200.0)
    store.fail(1, "no", 250.0)
    store.claim(260.0)
    assert store.cancel_batch("mine", 300.0) == [2, 3]
    assert states(store, 1, 2, 3, 4) == [FAILED, CANCELLED, CANCELLED, WAITING]
    with pytest.raises(CommandRefused, match="Couldn't cancel the batch 'mine': all of it has already finished"):
        store.cancel_batch("mine", 301.0)
    with pytest.raises(NotFound, match="There is no batch 'ours'"):
        store.cancel_batch("ours", 302.0)


def test_a_failed_trial_is_retried_from_its_first_epoch_at_the_end_of_the_queue(store):
    enqueue(store, 3, 4)
    store.claim(200.0)
    store.record_epoch(1, epoch(1))
    store.fail(1, "no", 300.0)
    store.retry(1, 400.0)
    assert store.trial(1) == Trial(1, proposal(3), WAITING, store.trial(1).position, attempt=2, created=100.0)
    assert claimed(store) == [2, 1]


def test_a_cancelled_trial_can_be_retried(store):
    enqueue(store, 3)
    store.cancel(1, 300.0)
    store.retry(1, 400.0)
    assert (store.trial(1).state, store.trial(1).attempt) == (WAITING, 2)


@pytest.mark.parametrize("state", [WAITING, RUNNING, COMPLETE])
def test_a_trial_that_did_not_fail_cannot_be_retried(store, state):
    enqueue(store, 3)
    if state is not WAITING:
        store.claim(200.0)
    if state is COMPLETE:
        store.complete(1, EVALUATION, 300.0)
    with pytest.raises(CommandRefused, match=f"Couldn't retry #1: {state.clause}"):
        store.retry(1, 400.0)


def test_a_trial_is_not_retried_when_the_same_training_is_in_the_catalogue_again(store):
    enqueue(store, 3)
    store.cancel(1, 300.0)
    enqueue(store, 3)
    with pytest.raises(CommandRefused, match="Couldn't retry #1: #2 is the same training"):
        store.retry(1, 400.0)
    assert store.trial(1).state is CANCELLED


def test_the_next_attempt_has_its_own_epochs(store):
    enqueue(store, 3)
    store.claim(200.0)
    for number in (1, 2):
        store.record_epoch(1, epoch(number))
    store.fail(1, "no", 300.0)
    store.retry(1, 400.0)
    store.claim(500.0)
    store.record_epoch(1, epoch(1))
    assert store.trial(1).last == epoch(1)


# The same training


@pytest.mark.parametrize("state", [WAITING, RUNNING, COMPLETE])
def test_the_same_training_is_found_while_it_waits_runs_or_is_complete(store, state):
    enqueue(store, 2, 3)
    if state is not WAITING:
        store.move(2, Place.TOP)
        store.claim(200.0)
    if state is COMPLETE:
        store.complete(2, EVALUATION, 300.0)
    assert store.find_same_training(proposal(3, origin=Origin.VARIATION, parent=1, batch="another")) == 2


@pytest.mark.parametrize("other", [proposal(4), proposal(3, epochs=3)], ids=["architecture", "config"])
def test_another_architecture_or_configuration_is_another_training(store, other):
    enqueue(store, 3)
    assert store.find_same_training(other) is None


def test_a_failed_or_cancelled_training_may_be_proposed_again(store):
    enqueue(store, 3, 4)
    store.claim(200.0)
    store.fail(1, "no", 300.0)
    store.cancel(2, 300.0)
    assert [store.find_same_training(proposal(3)), store.find_same_training(proposal(4))] == [None, None]


def test_fingerprints_are_those_of_every_trial_ever_enqueued_for_the_data_set(store):
    enqueue(store, 3, 4)
    store.cancel(1, 300.0)
    assert store.fingerprints("toy") == {proposal(n).architecture.fingerprint for n in (3, 4)}
    assert store.fingerprints("another") == set()


# Order


@pytest.mark.parametrize(
    ("trial", "place", "order"),
    [
        (3, Place.TOP, [3, 1, 2, 4]),
        (3, Place.UP, [1, 3, 2, 4]),
        (2, Place.DOWN, [1, 3, 2, 4]),
        (2, Place.BOTTOM, [1, 3, 4, 2]),
        (1, Place.TOP, [1, 2, 3, 4]),
        (1, Place.UP, [1, 2, 3, 4]),
        (4, Place.DOWN, [1, 2, 3, 4]),
        (4, Place.BOTTOM, [1, 2, 3, 4]),
    ],
)
def test_a_waiting_trial_moves_to_its_place(store, trial, place, order):
    enqueue(store, 3, 4, 5, 6)
    store.move(trial, place)
    assert claimed(store) == order


def test_moving_a_trial_to_where_it_is_changes_nothing(store):
    enqueue(store, 3, 4)
    before = store.version
    store.move(1, Place.TOP)
    store.move(2, Place.DOWN)
    assert store.version == before


def test_a_trial_enqueued_after_a_move_to_the_bottom_comes_later(store):
    enqueue(store, 3, 4)
    store.move(1, Place.BOTTOM)
    enqueue(store, 5)
    assert claimed(store) == [2, 1, 3]


def test_only_waiting_trials_move(store):
    enqueue(store, 3)
    store.claim(200.0)
    with pytest.raises(CommandRefused, match=r"Couldn't .* #1: it is already running"):
        store.move(1, Place.TOP)


def test_a_requeued_trial_is_first_in_the_queue_and_keeps_its_epochs(store):
    enqueue(store, 3, 4)
    store.claim(200.0)
    store.record_epoch(1, epoch(1))
    store.requeue(1)
    trial = store.trial(1)
    assert (trial.state, trial.started, trial.attempt, trial.last) == (WAITING, None, 1, epoch(1))
    assert claimed(store) == [1, 2]


def test_trials_that_a_dead_trainer_left_running_come_first_in_their_old_order(store):
    enqueue(store, 3, 4, 5, 6)
    for now in (200.0, 200.0, 201.0):
        store.claim(now)
    store.complete(2, EVALUATION, 300.0)
    store.move(4, Place.TOP)
    assert store.requeue_running() == [1, 3]
    assert claimed(store) == [1, 3, 4]


def test_requeueing_when_nothing_is_running_changes_nothing(store):
    enqueue(store, 3)
    before = store.version
    assert store.requeue_running() == []
    assert store.version == before


# Commands


def test_an_applied_command_has_a_receipt_with_what_was_done(store):
    receipt = store.apply_once("c1", "enqueue", 200.0, lambda: f"{len(enqueue(store, 3, 4))} models enqueued.")
    assert receipt == Receipt("c1", "enqueue", Outcome.APPLIED, "2 models enqueued.", 200.0)
    assert states(store, 1, 2) == [WAITING, WAITING]


def test_a_command_is_applied_once_however_often_it_arrives(store):
    first = store.apply_once("c1", "enqueue", 200.0, lambda: str(enqueue(store, 3)))
    version = store.version
    assert store.apply_once("c1", "enqueue", 300.0, lambda: str(enqueue(store, 4))) == first
    assert store.version == version
    with pytest.raises(NotFound):
        store.trial(2)


def test_a_refused_command_leaves_nothing_but_its_receipt(store):
    enqueue(store, 3, 4)

    def cancel_enqueue_and_refuse():
        store.cancel(1, 200.0)
        store.register_dataset(card())
        enqueue(store, 5)
        store.move(2, Place.BOTTOM)
        store.set_paused(True)
        refuse()

    receipt = store.apply_once("c1", "enqueue", 200.0, cancel_enqueue_and_refuse)
    assert receipt == Receipt("c1", "enqueue", Outcome.REFUSED, "Not today.", 200.0)
    assert store.dataset_names() == []
    assert claimed(store) == [1, 2]
    assert enqueue(store, 6) == [3]


def test_a_command_about_an_unknown_trial_is_refused(store):
    receipt = store.apply_once("c1", "cancel", 200.0, lambda: store.cancel(7, 200.0) or "done")
    assert (receipt.outcome, receipt.message) == (Outcome.REFUSED, "Model 7 does not exist.")


def test_a_refused_command_stays_refused(store):
    first = store.apply_once("c1", "cancel", 200.0, refuse)
    assert store.apply_once("c1", "cancel", 300.0, lambda: "done") == first


def test_an_unexpected_error_undoes_the_command_and_it_can_be_applied_later(store):
    def enqueue_and_break():
        enqueue(store, 3)
        raise ZeroDivisionError

    before = store.version
    with pytest.raises(ZeroDivisionError):
        store.apply_once("c1", "enqueue", 200.0, enqueue_and_break)
    assert store.version == before
    assert store.apply_once("c1", "enqueue", 300.0, lambda: str(enqueue(store, 4))).message == "[1]"


def test_a_refusal_that_the_action_handles_undoes_nothing(store):
    def enqueue_and_try_to_retry():
        enqueue(store, 3)
        with pytest.raises(CommandRefused):
            store.retry(1, 200.0)
        return "enqueued"

    assert store.apply_once("c1", "enqueue", 200.0, enqueue_and_try_to_retry).outcome is Outcome.APPLIED
    assert store.trial(1).state is WAITING


# Notes and tags


def test_a_note_and_tags_are_stored_as_they_were_typed(store):
    enqueue(store, 3, 4)
    typed = Annotation("<script>alert('1')</script>\n\"so\" said 🧩 " + 9_950 * "x", ("small", "<b>"))
    store.annotate(2, typed)
    assert [store.annotation(1), store.annotation(2)] == [Annotation(), typed]


def test_an_annotation_replaces_the_last_one_and_an_empty_one_deletes_it(store):
    enqueue(store, 3)
    for annotation in (Annotation("first", ("a",)), Annotation("second"), Annotation()):
        store.annotate(1, annotation)
        assert store.annotation(1) == annotation


def test_the_same_annotation_again_changes_nothing(store):
    enqueue(store, 3)
    store.annotate(1, Annotation("note", ("tag",)))
    before = store.version
    store.annotate(1, Annotation("note", ("tag",)))
    assert store.version == before


def test_an_unknown_trial_cannot_be_annotated(store):
    with pytest.raises(NotFound, match="Model 7 does not exist"):
        store.annotate(7, Annotation("note"))


# The sealed test

SCORE = SealedScore(images=8, right=6, loss=0.5)


def completed(store, *units):
    enqueue(store, *units)
    for trial in claimed(store):
        store.complete(trial, EVALUATION, 300.0)


def test_a_complete_model_is_tested_once(store):
    completed(store, 3)
    assert (store.sealed_test(1), store.pending_sealed_tests()) == (None, [])
    store.ask_sealed_score(1, 400.0)
    assert (store.sealed_test(1), store.pending_sealed_tests()) == (SealedTest(400.0), [1])
    store.finish_sealed_test(1, SCORE, 401.5)
    assert (store.sealed_test(1), store.pending_sealed_tests()) == (SealedTest(400.0, 401.5, SCORE), [])
    with pytest.raises(CommandRefused, match=r"Model 1 was already tested: 75\.0 % test accuracy"):
        store.ask_sealed_score(1, 402.0)


def test_tests_are_pending_in_the_order_of_their_requests(store):
    completed(store, 3, 4)
    store.ask_sealed_score(2, 400.0)
    store.ask_sealed_score(1, 401.0)
    assert store.pending_sealed_tests() == [2, 1]
    with pytest.raises(CommandRefused, match="The test score of Model 2 was already requested"):
        store.ask_sealed_score(2, 402.0)


def test_a_failed_test_has_its_reason_and_may_be_requested_again(store):
    completed(store, 3)
    store.ask_sealed_score(1, 400.0)
    store.finish_sealed_test(1, "Model 1 has no weights.", 401.0)
    assert store.sealed_test(1) == SealedTest(400.0, 401.0, error="Model 1 has no weights.")
    store.ask_sealed_score(1, 402.0)
    assert store.sealed_test(1) == SealedTest(402.0)


@pytest.mark.parametrize("state", [WAITING, RUNNING, FAILED])
def test_only_complete_models_are_tested(store, state):
    enqueue(store, 3)
    if state is not WAITING:
        store.claim(200.0)
    if state is FAILED:
        store.fail(1, "no", 300.0)
    with pytest.raises(CommandRefused, match=f"Model 1 must be complete to be tested, but it is {state}"):
        store.ask_sealed_score(1, 400.0)
    with pytest.raises(NotFound):
        store.ask_sealed_score(7, 400.0)


def test_a_score_that_was_not_requested_is_refused(store):
    completed(store, 3)
    with pytest.raises(CommandRefused, match="No test score of Model 1 was requested"):
        store.finish_sealed_test(1, SCORE, 400.0)


# Data sets and the version


def test_data_sets_are_known_in_the_order_of_their_registration(store):
    for name in ("toy", "another", "toy"):
        store.register_dataset(card(name))
    assert store.dataset_names() == ["toy", "another"]


def test_every_change_increases_the_version(store):
    versions = [store.version]
    for change in (
        lambda: store.register_dataset(card()),
        lambda: enqueue(store, 3, 4),
        lambda: store.move(2, Place.UP),
        lambda: store.claim(200.0),
        lambda: store.record_epoch(2, epoch(1)),
        lambda: store.requeue(2),
        lambda: store.claim(201.0),
        store.requeue_running,
        lambda: store.claim(202.0),
        lambda: store.complete(2, EVALUATION, 203.0),
        lambda: store.claim(204.0),
        lambda: store.fail(1, "no", 205.0),
        lambda: store.retry(1, 206.0),
        lambda: store.cancel(1, 207.0),
        lambda: store.annotate(1, Annotation("no")),
        lambda: store.ask_sealed_score(2, 207.0),
        lambda: store.finish_sealed_test(2, SCORE, 207.0),
        lambda: store.set_paused(True),
        lambda: store.apply_once("c1", "pause", 208.0, lambda: "done"),
        lambda: store.apply_once("c2", "pause", 209.0, refuse),
    ):
        change()
        versions.append(store.version)
    assert sorted(set(versions)) == versions


# Successive halving


def test_trials_on_hold_are_skipped_when_claiming(store):
    enqueue(store, 3, 4, 5)
    assert store.claim(200.0, {1, 3}).id == 2
    assert store.claim(200.0, frozenset({1, 3})) is None
    assert store.claim(200.0).id == 1


def test_a_pruned_trial_keeps_its_epochs_and_has_its_reason(store):
    enqueue(store, 3)
    store.claim(200.0)
    store.record_epoch(1, epoch(1))
    with pytest.raises(CommandRefused, match=r"Couldn't .* #1: it is already running"):
        store.prune(1, "no", 300.0)
    store.requeue(1)
    store.prune(1, "Pruned after epoch 1: 2nd of 2.", 300.5)
    pruned = store.trial(1)
    assert (pruned.state, pruned.error) == (TrialState.PRUNED, "Pruned after epoch 1: 2nd of 2.")
    assert (pruned.finished, pruned.last) == (300.5, epoch(1))
    assert claimed(store) == []


def test_a_pruned_trial_can_be_retried_and_then_is_not_halved_again(store):
    enqueue(store, 3, 4)
    store.prune(1, "no", 300.0)
    store.retry(1, 400.0)
    assert (store.trial(1).state, store.trial(1).attempt) == (WAITING, 2)
    assert [[trial.id for trial in group] for group in store.halving_groups()] == [[2]]


def test_what_the_machine_suggested_is_stored_and_never_halved(store):
    store.enqueue([proposal(3), proposal(4, suggested=True)], 100.0)
    assert [store.trial(number).proposal.suggested for number in (1, 2)] == [False, True]
    assert [[trial.id for trial in group] for group in store.halving_groups()] == [[1]]


def test_a_halving_group_has_the_initial_models_of_a_request_until_all_have_ended(store):
    enqueue(store, 3, 4)
    store.enqueue([proposal(5), proposal(6, origin=Origin.HANDCRAFTED)], 101.0)
    for _ in range(3):
        store.claim(200.0)
    store.record_epoch(1, epoch(1))
    store.complete(1, EVALUATION, 300.0)
    first, second = store.halving_groups()
    assert [(trial.id, trial.state, trial.epochs, trial.curve) for trial in first] == [
        (1, COMPLETE, 2, (epoch(1),)),
        (2, RUNNING, 2, ()),
    ]
    assert [trial.id for trial in second] == [3]
    store.fail(2, "no", 300.0)
    assert [[trial.id for trial in group] for group in store.halving_groups()] == [[3]]


def test_short_children_of_one_parent_are_a_halving_group_and_other_children_are_none(store):
    enqueue(store, 3)
    store.claim(200.0)
    store.record_epoch(1, epoch(1))
    store.complete(1, EVALUATION, 300.0)
    short = TrainingConfig(epochs=3, start=1)
    children = [
        replace(proposal(units), config=short, origin=Origin.VARIATION, parent=1, batch="children") for units in (4, 5)
    ]
    finish = proposal(3, origin=Origin.FINISH, parent=1)
    store.enqueue([*children, proposal(6, origin=Origin.VARIATION, parent=1), finish], 400.0)
    assert [[trial.id for trial in group] for group in store.halving_groups()] == [[2, 3]]


def test_halving_curves_end_at_the_last_comparison_epoch(store):
    store.enqueue([proposal(3, epochs=9)], 100.0)
    store.claim(200.0)
    for number in range(1, 6):
        store.record_epoch(1, epoch(number))
    ((trial,),) = store.halving_groups()
    assert trial.curve == (epoch(1), epoch(2), epoch(3))


# Removing a data set


def filled(store):
    """Trials 1 and 2 of the toy data set, the first complete and annotated; trial 3 of another data set."""
    store.register_dataset(card())
    store.register_dataset(card("another"))
    enqueue(store, 3, 4)
    store.enqueue([replace(proposal(5), dataset="another")], 100.0)
    store.claim(200.0)
    store.record_epoch(1, epoch(1))
    store.complete(1, EVALUATION, 300.0)
    store.annotate(1, Annotation("note", ("tag",)))
    store.annotate(3, Annotation("mine"))
    store.ask_sealed_score(1, 301.0)
    return store


def test_a_removed_data_set_leaves_nothing_behind_and_the_others_as_they_were(store):
    other = filled(store).trial(3)
    assert store.remove_dataset("toy") == [1, 2]
    assert store.dataset_names() == ["another"]
    for trial in (1, 2):
        with pytest.raises(NotFound):
            store.trial(trial)
    assert store.annotation(1) == Annotation()
    assert (store.sealed_test(1), store.pending_sealed_tests()) == (None, [])
    assert store.fingerprints("toy") == set()
    assert (store.trial(3), store.annotation(3)) == (other, Annotation("mine"))


def test_no_trial_gets_the_id_of_a_removed_one(store):
    filled(store)
    store.remove_dataset("toy")
    store.remove_dataset("another")
    assert store.removed_trials() == {1, 2, 3}
    assert enqueue(store, 3, 4) == [4, 5]


def test_a_data_set_without_trials_and_trials_without_a_card_can_be_removed(store):
    store.register_dataset(card("empty"))
    enqueue(store, 3)
    assert store.remove_dataset("empty") == []
    assert store.remove_dataset("toy") == [1]
    with pytest.raises(NotFound, match="There is no data set toy"):
        store.remove_dataset("toy")


def test_a_refusal_undoes_a_removal(store):
    filled(store)

    def remove_and_refuse():
        store.remove_dataset("toy")
        refuse()

    store.apply_once("c1", "remove_dataset", 400.0, remove_and_refuse)
    assert (store.dataset_names(), store.removed_trials()) == (["toy", "another"], set())
    assert store.trial(1).state is COMPLETE
    assert store.annotation(1) == Annotation("note", ("tag",))
