from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trainings import EVALUATION, proposal, trial

from remap_core.errors import InvalidTrial
from remap_core.trials.evaluation import Evaluation
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.training_recipe import PAPER
from remap_core.trials.trial import Origin, TrialState


def test_the_defaults_are_the_papers_recipe():
    config = TrainingConfig()
    assert (config.epochs, config.batch_size, config.recipe) == (10, 256, PAPER)
    assert (PAPER.learning_rate, PAPER.schedule, PAPER.decay) == (1e-3, "decay", 0.75)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"epochs": 0}, "epochs must be a whole number of at least 1, but got 0."),
        ({"batch_size": 2.0}, "batch_size must be a whole number of at least 1, but got 2.0."),
        ({"seed": -1}, "seed must be a whole number of at least 0, but got -1."),
    ],
)
def test_an_invalid_configuration_is_refused(options, sentence):
    with pytest.raises(InvalidTrial) as refused:
        TrainingConfig(**options)
    assert str(refused.value) == sentence


def test_a_configuration_round_trips_and_unknown_fields_are_refused():
    config = TrainingConfig(epochs=3, seed=5)
    assert TrainingConfig.from_json(config.to_json()) == config
    with pytest.raises(InvalidTrial, match="A training configuration has the fields epochs"):
        TrainingConfig.from_json({"epoch": 3})


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("epochs", 10**9, "epochs must be at most 10,000, but got 1,000,000,000."),
        ("batch_size", 10**9, "batch_size must be at most 65,536, but got 1,000,000,000."),
        ("seed", 2**31, "seed must be at most 2,147,483,647, but got 2,147,483,648."),
        ("epochs", 10**99, f"epochs must be at most 10,000, but got 1{9 * ',000'},00."),
    ],
    ids=["epochs", "batch", "seed", "huge"],
)
def test_a_configuration_that_would_never_end_is_refused_unless_it_is_in_a_catalogue_already(name, value, sentence):
    form = TrainingConfig().to_json() | {name: value}
    with pytest.raises(InvalidTrial) as refused:
        TrainingConfig.from_json(form)
    assert str(refused.value) == sentence
    assert getattr(TrainingConfig.from_json(form, is_recorded=True), name) == value


def test_only_waiting_and_running_trials_are_not_finished():
    assert [state for state in TrialState if not state.is_finished()] == [TrialState.WAITING, TrialState.RUNNING]


def test_accuracies_come_from_the_confusion_counts():
    assert EVALUATION.accuracy == 7 / 8
    assert EVALUATION.class_accuracy.tolist() == [3 / 4, 1.0]


def test_a_class_without_images_has_no_accuracy():
    evaluation = Evaluation(np.array([[2, 0], [0, 0]]), EVALUATION.predictions, EVALUATION.latency)
    assert evaluation.class_accuracy[0] == 1.0
    assert np.isnan(evaluation.class_accuracy[1])


def test_a_new_trial_has_no_epochs_done():
    assert trial().epochs_done == 0


@given(st.lists(st.floats(0, 9), max_size=8), st.integers(1, 8), st.integers(0, 4))
def test_a_training_is_over_at_its_last_epoch_or_after_patience_epochs_without_a_lower_loss(losses, epochs, patience):
    old, new = losses[: len(losses) - patience], losses[len(losses) - patience :]
    in_vain = patience > 0 and len(losses) > patience and min(new) >= min(old)
    assert TrainingConfig(epochs=epochs, patience=patience).is_over(losses) == (len(losses) >= epochs or in_vain)


@pytest.mark.parametrize(
    ("origin", "parent", "start"),
    [
        (Origin.INITIAL, None, 3),
        (Origin.VARIATION, 2, 3),
        (Origin.REPEAT, 3, 3),
        (Origin.FINISH, 3, None),
    ],
)
def test_a_training_starts_from_no_weights_but_its_own_or_its_parents(origin, parent, start):
    with pytest.raises(InvalidTrial, match=r"start from .* but got (those of )?(3|None)\.$"):
        replace(proposal(), config=TrainingConfig(start=start), origin=origin, parent=parent)


def test_only_a_child_inherits():
    child = replace(proposal(), config=TrainingConfig(start=3), origin=Origin.ABLATION, parent=3)
    finish = replace(proposal(), config=TrainingConfig(start=3), origin=Origin.FINISH, parent=3)
    assert [one.inherits for one in (child, finish, proposal())] == [True, False, False]
    assert not child.config.is_like(proposal().config)


def test_without_patience_the_stored_form_has_not_changed():
    assert "patience" not in TrainingConfig().to_json()
    assert TrainingConfig.from_json(TrainingConfig(patience=3).to_json()).patience == 3
