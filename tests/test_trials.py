import numpy as np
import pytest
from trainings import EVALUATION, trial

from remap_core.errors import InvalidTrial
from remap_core.trials import Evaluation, TrainingConfig, TrialState


def test_the_defaults_are_the_papers_recipe():
    config = TrainingConfig()
    assert (config.epochs, config.batch_size, config.learning_rate, config.decay) == (10, 256, 1e-3, 0.75)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"epochs": 0}, "epochs must be a whole number of at least 1, but got 0."),
        ({"batch_size": 2.0}, "batch_size must be a whole number of at least 1, but got 2.0."),
        ({"seed": -1}, "seed must be a whole number of at least 0, but got -1."),
        ({"learning_rate": 0}, "0 < learning_rate <= 1 must hold, but got 0."),
        ({"decay": float("nan")}, "0 < decay <= 1 must hold, but got nan."),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(options, sentence):
    with pytest.raises(InvalidTrial) as refused:
        TrainingConfig(**options)
    assert str(refused.value) == sentence


def test_a_configuration_round_trips_and_unknown_fields_are_refused():
    config = TrainingConfig(epochs=3, seed=5)
    assert TrainingConfig.from_json(config.to_json()) == config
    with pytest.raises(InvalidTrial, match="A training configuration has epochs"):
        TrainingConfig.from_json({"epoch": 3})


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
