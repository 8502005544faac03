from dataclasses import replace

import pytest
from trainings import epoch

from remap_core.analysis.durations import TimeEstimate
from remap_core.analysis.previews import PreviewStatus, by_fingerprint, previews
from remap_core.space.architecture import Architecture
from remap_core.space.caps import Cap, Cost
from remap_core.space.edits import Prepend, Remove, ablations, candidate
from remap_core.space.layers import Activation, Conv2d, Dense, MaxPool2d
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Proposal, Trial, TrialState

RELU, POOL = Activation("relu"), MaxPool2d(2)
PARENT_CHAIN = Architecture((1, 8, 8), 10, (Conv2d(3, 16), RELU, RELU, POOL))
CONFIG = TrainingConfig(epochs=4)


def trial(number, architecture, state=TrialState.COMPLETE, config=CONFIG):
    return Trial(number, Proposal(architecture, "digits", config), state, 1.0, 1, 0.0, last=epoch(4))


PARENT = trial(1, PARENT_CHAIN)


def judged(candidates, present=(), estimate=None, cap=1_000_000, caps=()):
    cap = (Cap(Cost.PARAMETERS, cap, "REMAP_MAX_PARAMETERS"), *caps)
    return previews([(PARENT, found) for found in candidates], by_fingerprint(present), estimate, cap)


def test_every_candidate_gets_its_verdict_in_order():
    without_pool = Remove(3).apply(PARENT_CHAIN)
    candidates = (*ablations(PARENT_CHAIN), candidate(PARENT_CHAIN, Prepend(0, Dense(8))))
    found = judged(candidates, [PARENT, trial(6, without_pool)])
    assert [(preview.verdict, preview.reason) for preview in found] == [
        (PreviewStatus.NEW, ""),
        (PreviewStatus.NEW, ""),
        (PreviewStatus.DUPLICATE, "The same child as in row 2."),
        (PreviewStatus.EXISTING, "Same as Model 6: 54.0 % after 4 epochs."),
        (
            PreviewStatus.INVALID,
            "Conv 16x3 at 2 does not fit: it needs an image, but its input "
            "is a vector of 8 (after a Dense or GlobalAvgPool).",
        ),
    ]
    assert found[3].same == 6
    assert found[4].edit == "Inserted Dense 8 before layer 1 (Conv 16x3)"


def test_a_child_over_the_cap_says_both_numbers():
    (found,) = judged([candidate(PARENT_CHAIN, Prepend(4, Dense(256)))], cap=30_000)
    assert found.verdict is PreviewStatus.OVER_CAP
    assert found.reason == "Over the cap: 39,850 parameters, at most 30,000 allowed (REMAP_MAX_PARAMETERS)."


@pytest.mark.parametrize(
    ("cap", "reason"),
    [
        (
            Cap(Cost.MULTIPLY_ADDS, 30_000, "REMAP_MAX_MULTIPLY_ADDS"),
            "Over the cap: 44,608 multiply-adds, at most 30,000 allowed (REMAP_MAX_MULTIPLY_ADDS).",
        ),
        (
            Cap(Cost.MEMORY, 512, "REMAP_MAX_ACTIVATION_MEMORY"),
            "Over the cap: 0.7 KB of activations, at most 0.5 KB allowed (REMAP_MAX_ACTIVATION_MEMORY).",
        ),
        (
            Cap(Cost.SECONDS, 3, "REMAP_MAX_SECONDS"),
            "Over the cap: 4.0 s of training, at most 3.0 s allowed (REMAP_MAX_SECONDS).",
        ),
    ],
)
def test_a_child_over_another_cap_says_both_numbers_too(cap, reason):
    second = TimeEstimate((1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), 3, 0.1)
    (found,) = judged([candidate(PARENT_CHAIN, Prepend(4, Dense(256)))], caps=[cap], estimate=second)
    assert (found.verdict, found.reason) == (PreviewStatus.OVER_CAP, reason)


@pytest.mark.parametrize("state", [TrialState.FAILED, TrialState.CANCELLED])
def test_what_failed_or_was_cancelled_can_be_trained(state):
    child = candidate(PARENT_CHAIN, Remove(3))
    assert judged([child], [trial(6, child.child, state)])[0].verdict is PreviewStatus.NEW


def test_what_waits_or_runs_is_not_trained_twice():
    child = candidate(PARENT_CHAIN, Remove(3))
    (found,) = judged([child], [trial(6, child.child, TrialState.WAITING)])
    assert (found.verdict, found.reason) == (PreviewStatus.EXISTING, "Same as Model 6, which is waiting.")


def test_the_same_architecture_with_other_settings_is_trained_and_named():
    child = candidate(PARENT_CHAIN, Remove(3))
    (found,) = judged([child], [trial(6, child.child, config=replace(CONFIG, epochs=20))])
    assert (found.verdict, found.same) == (PreviewStatus.NEW, None)
    assert found.reason == "Model 6 has the same architecture, trained for 20 epochs instead of 4."


def test_the_expected_time_is_the_parents_epochs_at_the_estimated_pace():
    line = TimeEstimate(costs=(0.5, 0, 0, 1e-6, 0, 0, 0), trainings=9, error=0.1)
    child = candidate(PARENT_CHAIN, Remove(3))
    (found,) = judged([child], estimate=line)
    assert found.seconds == pytest.approx(4 * (0.5 + child.child.multiply_adds / 1e6))


def test_two_parents_that_would_have_the_same_child_train_it_once():
    other = trial(2, PARENT_CHAIN.with_layers((*PARENT_CHAIN.layers, Dense(8))))
    cap = (Cap(Cost.PARAMETERS, 10**6, "REMAP_MAX_PARAMETERS"),)
    children = [(PARENT, candidate(PARENT_CHAIN, Remove(1))), (other, candidate(other.architecture, Remove(4)))]
    assert [found.verdict for found in previews(children, {}, None, cap)] == [PreviewStatus.NEW, PreviewStatus.NEW]
    children[1] = (other, candidate(other.architecture, Remove(4), Remove(1)))
    assert [found.verdict for found in previews(children, {}, None, cap)] == [
        PreviewStatus.NEW,
        PreviewStatus.DUPLICATE,
    ]
