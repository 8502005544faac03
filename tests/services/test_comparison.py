from dataclasses import replace

import pytest
from catalogues import CARD, changed, write_catalogue

from remap_core.analysis.mcnemar import PairedTest
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.errors import InvalidTrial, NotFound
from remap_core.services.comparison import compare_predictions, front, judged_images, training_difference
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.trial import Proposal


@pytest.fixture
def catalogue(tmp_path):
    return open_snapshot(write_catalogue(tmp_path / "home", failed=1))


def test_two_models_are_compared_on_the_images_that_only_one_classifies_correctly(catalogue):
    first, second = catalogue.trials([1, 4])
    assert compare_predictions(catalogue, first, second) == PairedTest(0, 3)


def test_a_model_without_predictions_cannot_be_compared(catalogue):
    first, failed = catalogue.trials([1, 7])
    with pytest.raises(NotFound, match="Model 7 has no predictions: it is failed"):
        compare_predictions(catalogue, first, failed)


def test_models_of_different_data_sets_cannot_be_compared(catalogue, tmp_path):
    def enqueue(store):
        store.register_dataset(replace(CARD, name="other"))
        store.enqueue([Proposal(catalogue.trial(1).architecture, "other")], 1.0)

    newest = changed(tmp_path / "home", enqueue)
    with pytest.raises(InvalidTrial, match="Model 1 and Model 8 cannot be compared image by image"):
        compare_predictions(newest, newest.trial(1), newest.trial(8))


def test_a_model_that_was_evaluated_on_other_images_is_not_compared(catalogue, tmp_path):
    labels = CARD.validation_labels[::-1].copy()
    other = DatasetCard("digits", CARD.input_shape, CARD.class_names, CARD.split, labels, CARD.examples)
    newest = changed(tmp_path / "home", lambda store: store.register_dataset(other))
    with pytest.raises(InvalidTrial, match="Model 1 was evaluated on other images"):
        judged_images(newest, newest.trial(1))


def test_the_front_is_smallest_first_and_leaves_out_models_without_an_accuracy(catalogue):
    models = front(catalogue.trials([1, 2, 3, 4, 5, 7]))
    parameters = [trial.architecture.parameters for trial in models]
    accuracies = [trial.accuracy for trial in models]
    assert parameters == sorted(parameters)
    assert accuracies == sorted(accuracies)
    assert 7 not in {trial.id for trial in models}


def test_models_that_were_trained_differently_are_said_to_be(catalogue):
    first, second, third = catalogue.trials([1, 2, 3])
    longer = replace(third, proposal=replace(third.proposal, config=replace(third.proposal.config, epochs=9)))
    assert training_difference([first, second]) == ""
    assert training_difference([first, longer, second]) == (
        "#1, #2: 2 epochs, recipe paper, batch size 256. #3: 9 epochs, recipe paper, batch size 256. "
        "Differences may come from the training."
    )


def test_models_with_other_seeds_were_trained_alike(catalogue):
    first, second = catalogue.trials([1, 2])
    other = replace(second, proposal=replace(second.proposal, config=replace(second.proposal.config, seed=4)))
    assert training_difference([first, other]) == ""
