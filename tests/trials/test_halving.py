import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trainings import proposal

from remap_core.trials.evaluation import EpochResult
from remap_core.trials.halving import (
    HalvingDecision,
    HalvingTrial,
    Pruning,
    decide,
    next_comparison_epoch,
    replay_halving,
)
from remap_core.trials.trial import Origin, Trial, TrialState

WAITING, RUNNING, COMPLETE = TrialState.WAITING, TrialState.RUNNING, TrialState.COMPLETE
PRUNED, FAILED, CANCELLED = TrialState.PRUNED, TrialState.FAILED, TrialState.CANCELLED


def result(epoch, accuracy, loss=1.0):
    return EpochResult(epoch, 1.0, 0.5, loss, accuracy, 0.1)


def halved(trial, *accuracies, state=WAITING, epochs=10):
    return HalvingTrial(trial, state, epochs, tuple(result(epoch, value) for epoch, value in enumerate(accuracies, 1)))


def test_a_comparison_waits_until_every_model_has_reached_its_epoch_or_has_ended():
    reached = [halved(1, 0.9), halved(2, 0.1)]
    assert decide([*reached, halved(3, state=RUNNING)]) == HalvingDecision((), frozenset({1, 2}))
    assert decide([*reached, halved(3)]).on_hold == {1, 2}
    assert decide([*reached, halved(3, state=FAILED)]).pruned == (Pruning(2, 1, rank=2, of=2),)


def test_the_best_third_survives_and_the_others_are_pruned_with_their_rank():
    decision = decide([halved(number, accuracy) for number, accuracy in enumerate((0.3, 0.9, 0.1, 0.7), 1)])
    assert decision.pruned == (Pruning(1, 1, 3, 4), Pruning(3, 1, 4, 4))
    assert decision.on_hold == frozenset()


def test_the_second_comparison_ranks_the_survivors_by_their_accuracy_at_its_epoch():
    pruned_models = [halved(number, 0.1 * number / 9, state=PRUNED) for number in range(1, 7)]
    others = [halved(7, 0.9, 0.9, 0.5), halved(8, 0.8, 0.8, 0.6), halved(9, 0.7, 0.9)]
    assert decide([*pruned_models, *others]).on_hold == {7, 8}
    others[2] = halved(9, 0.7, 0.9, 0.4)
    assert [pruning for pruning in decide([*pruned_models, *others]).pruned if pruning.epoch == 3] == [
        Pruning(7, 3, 2, 3),
        Pruning(9, 3, 3, 3),
    ]


def test_equal_accuracies_are_ranked_by_loss_and_then_by_id():
    results = [(0.5, 2.0), (0.5, 1.0), (0.5, 1.0)]
    alike = [HalvingTrial(n, WAITING, 10, (result(1, *values),)) for n, values in enumerate(results, 1)]
    assert [pruning.trial for pruning in decide(alike).pruned] == [3, 1]


def test_models_that_were_cancelled_or_pruned_later_still_count_and_ranks_never_change():
    requested = [halved(number, 0.1 * number) for number in range(1, 10)]
    later = [replace(requested[0], state=PRUNED), replace(requested[8], state=CANCELLED), *requested[1:8]]
    assert set(decide(later).pruned) == set(decide(requested).pruned)


def test_models_are_not_compared_after_their_last_epoch():
    assert decide([halved(1, 0.9, epochs=1), halved(2, 0.1, epochs=1)]) == HalvingDecision()
    assert decide([]) == HalvingDecision()


@pytest.mark.parametrize(("done", "epoch"), [(0, 1), (1, 3), (2, 3), (3, None), (9, None)])
def test_a_training_is_put_on_hold_after_the_next_comparison_epoch(done, epoch):
    trial = Trial(1, proposal(epochs=10), RUNNING, 1.0, 1, 0.0, last=result(done, 0.5) if done else None)
    assert next_comparison_epoch(trial) == epoch


def test_children_repeats_and_retried_models_run_to_their_end():
    initial = Trial(1, proposal(epochs=10), RUNNING, 1.0, 1, 0.0)
    assert next_comparison_epoch(replace(initial, attempt=2)) is None
    for origin in set(Origin) - {Origin.INITIAL}:
        assert next_comparison_epoch(replace(initial, proposal=proposal(epochs=10, origin=origin, parent=1))) is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_in_any_order_at_least_one_in_nine_and_at_most_one_in_three_models_survive(accuracies, random_order):
    curves = [halved(n, *([value] * 10), state=COMPLETE) for n, value in enumerate(accuracies, 1)]
    pruned = {pruning.trial for pruning in decide(curves).pruned}
    assert len(curves) / 9 <= len(curves) - len(pruned) <= -(-len(curves) // 3)
    assert max(range(1, len(curves) + 1), key=lambda n: (accuracies[n - 1], -n)) not in pruned
    random_order.shuffle(curves)
    assert {pruning.trial for pruning in decide(curves).pruned} == pruned


def test_a_replay_counts_the_epochs_that_halving_would_have_trained():
    late = [halved(1, *[0.1] * 9, 1.0, state=COMPLETE)]
    replay = replay_halving(late + [halved(n, *[0.1 * n] * 10, state=COMPLETE) for n in range(2, 10)])
    assert (replay.models, replay.epochs, replay.halved_epochs) == (9, 90, 6 * 1 + 2 * 3 + 10)
    assert replay.saved == pytest.approx(1 - 22 / 90)
    assert replay.pruned[1].sentence == "Pruned after epoch 1: 9th of 9."


@pytest.mark.parametrize(
    ("rank", "ordinal"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (22, "22nd"), (112, "112th"), (40, "40th")]
)
def test_ranks_are_written_as_ordinals(rank, ordinal):
    assert f" {ordinal} of 200." in Pruning(1, 1, rank, 200).sentence


def test_the_first_comparison_decides_the_same_with_partial_and_with_complete_curves():
    curves = {n: [random.Random(n).random() for _ in range(10)] for n in range(1, 41)}  # noqa: S311 (no secret)
    complete = [halved(n, *curve, state=COMPLETE) for n, curve in curves.items()]
    final = {pruning.trial: pruning for pruning in decide(complete).pruned}
    partial = [replace(trial, curve=trial.curve[:1], state=WAITING) for trial in complete]
    assert {pruning.trial: pruning for pruning in decide(partial).pruned} == {
        n: p for n, p in final.items() if p.epoch == 1
    }
