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


def test_nobody_is_judged_before_all_have_reached_the_rung_or_have_ended():
    there = [halved(1, 0.9), halved(2, 0.1)]
    assert decide([*there, halved(3, state=RUNNING)]) == HalvingDecision((), frozenset({1, 2}))
    assert decide([*there, halved(3)]).on_hold == {1, 2}
    assert decide([*there, halved(3, state=FAILED)]).pruned == (Pruning(2, 1, rank=2, of=2),)


def test_the_best_third_goes_on_and_the_others_are_pruned_with_their_rank():
    decision = decide([halved(number, accuracy) for number, accuracy in enumerate((0.3, 0.9, 0.1, 0.7), 1)])
    assert decision.pruned == (Pruning(1, 1, 3, 4), Pruning(3, 1, 4, 4))
    assert decision.on_hold == frozenset()


def test_the_second_rung_compares_those_that_went_on_at_its_own_epoch():
    pruned_models = [halved(number, 0.1 * number / 9, state=PRUNED) for number in range(1, 7)]
    others = [halved(7, 0.9, 0.9, 0.5), halved(8, 0.8, 0.8, 0.6), halved(9, 0.7, 0.9)]
    assert decide([*pruned_models, *others]).on_hold == {7, 8}
    others[2] = halved(9, 0.7, 0.9, 0.4)
    assert [one for one in decide([*pruned_models, *others]).pruned if one.epoch == 3] == [
        Pruning(7, 3, 2, 3),
        Pruning(9, 3, 3, 3),
    ]


def test_equals_are_told_apart_by_their_loss_and_then_by_their_number():
    results = [(0.5, 2.0), (0.5, 1.0), (0.5, 1.0)]
    alike = [HalvingTrial(n, WAITING, 10, (result(1, *values),)) for n, values in enumerate(results, 1)]
    assert [one.trial for one in decide(alike).pruned] == [3, 1]


def test_who_was_cancelled_or_pruned_since_is_counted_still_so_that_ranks_stay():
    asked = [halved(number, 0.1 * number) for number in range(1, 10)]
    later = [replace(asked[0], state=PRUNED), replace(asked[8], state=CANCELLED), *asked[1:8]]
    assert set(decide(later).pruned) == set(decide(asked).pruned)


def test_with_as_many_epochs_as_a_rung_there_is_no_such_rung():
    assert decide([halved(1, 0.9, epochs=1), halved(2, 0.1, epochs=1)]) == HalvingDecision()
    assert decide([]) == HalvingDecision()


@pytest.mark.parametrize(("done", "rung"), [(0, 1), (1, 3), (2, 3), (3, None), (9, None)])
def test_a_training_rests_after_the_next_rung(done, rung):
    trial = Trial(1, proposal(epochs=10), RUNNING, 1.0, 1, 0.0, last=result(done, 0.5) if done else None)
    assert next_comparison_epoch(trial) == rung


def test_children_repeats_and_what_was_asked_for_again_go_through_to_their_end():
    initial = Trial(1, proposal(epochs=10), RUNNING, 1.0, 1, 0.0)
    assert next_comparison_epoch(replace(initial, attempt=2)) is None
    for origin in set(Origin) - {Origin.INITIAL}:
        assert next_comparison_epoch(replace(initial, proposal=proposal(epochs=10, origin=origin, parent=1))) is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_in_whatever_order_they_come_at_least_one_of_nine_and_at_most_a_third_go_on_to_the_end(accuracies, dice):
    curves = [halved(n, *([value] * 10), state=COMPLETE) for n, value in enumerate(accuracies, 1)]
    pruned = {one.trial for one in decide(curves).pruned}
    assert len(curves) / 9 <= len(curves) - len(pruned) <= -(-len(curves) // 3)
    assert max(range(1, len(curves) + 1), key=lambda n: (accuracies[n - 1], -n)) not in pruned
    dice.shuffle(curves)
    assert {one.trial for one in decide(curves).pruned} == pruned


def test_hindsight_counts_the_epochs_that_halving_would_have_trained():
    late = [halved(1, *[0.1] * 9, 1.0, state=COMPLETE)]
    seen = replay_halving(late + [halved(n, *[0.1 * n] * 10, state=COMPLETE) for n in range(2, 10)])
    assert (seen.models, seen.epochs, seen.halved_epochs) == (9, 90, 6 * 1 + 2 * 3 + 10)
    assert seen.saved == pytest.approx(1 - 22 / 90)
    assert seen.pruned[1].sentence == "Pruned after epoch 1: 9th of 9."


@pytest.mark.parametrize(
    ("rank", "said"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (22, "22nd"), (112, "112th"), (40, "40th")]
)
def test_ranks_are_said_as_people_say_them(rank, said):
    assert f" {said} of 200." in Pruning(1, 1, rank, 200).sentence


def test_at_the_first_rung_the_decision_are_those_that_whole_curves_give():
    curves = {n: [random.Random(n).random() for _ in range(10)] for n in range(1, 41)}  # noqa: S311 (no secret)
    whole = [halved(n, *curve, state=COMPLETE) for n, curve in curves.items()]
    final = {one.trial: one for one in decide(whole).pruned}
    partly = [replace(one, curve=one.curve[:1], state=WAITING) for one in whole]
    assert {one.trial: one for one in decide(partly).pruned} == {n: p for n, p in final.items() if p.epoch == 1}
