from dataclasses import replace

import numpy as np
import pytest
from catalogues import CARD, CHAINS, architecture, changed, write_catalogue

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.services.best_of_many import BestOfMany, best_of_many
from remap_core.trials.class_labels import as_labels
from remap_core.trials.evaluation import EpochResult, Evaluation, Latency
from remap_core.trials.trial import Proposal
from remap_core.views.objective import Objective
from remap_core.views.view import View

IMAGES = 400
LABELS = as_labels(np.tile(np.arange(10), IMAGES // 10), 10)
MANY = replace(CARD, name="many", validation_labels=LABELS)


def train(store, units, right):
    """A training that is right on these images, and one class too high on the others."""
    predicted = np.where(right, LABELS, (LABELS + 1) % 10).astype(int)
    confusion = np.zeros((10, 10), dtype=np.int64)
    np.add.at(confusion, (LABELS, predicted), 1)
    (trial,) = store.enqueue([Proposal(architecture(f"Dense {units}"), "many")], 200.0)
    store.claim(201.0)
    store.record_epoch(trial, EpochResult(1, 1.0, 0.5, 1.0, float(right.mean()), 0.5))
    store.complete(trial, Evaluation(confusion, as_labels(predicted, 10), Latency(0.1, 1.0, "cpu", 1)), 203.0)


@pytest.fixture
def noisy(tmp_path):
    """Thirty models that are right on 80 % of the images, each on others."""
    rng = np.random.default_rng(0)

    def write(store):
        store.register_dataset(MANY)
        for units in range(1, 31):
            train(store, units, rng.random(IMAGES) < 0.8)

    write_catalogue(tmp_path / "home")
    return changed(tmp_path / "home", write)


def best_by(catalogue, **objective):
    return best_of_many(catalogue, catalogue.population("many"), View(Objective(**objective)))


def test_the_best_is_that_of_the_catalogue_and_what_it_is_too_good_is_about_two_standard_errors(noisy):
    found = best_by(noisy)
    assert (found.model, found.models) == (noisy.best("many").id, 30)
    assert found.optimism == pytest.approx(2.04 * (0.8 * 0.2 / IMAGES) ** 0.5, rel=0.3)  # the mean maximum of 30


def test_only_models_within_the_caps_are_counted(noisy):
    parameters = np.sort(noisy.population("many").parameters)
    assert best_by(noisy, max_parameters=int(parameters[9])).models == 10
    assert best_by(noisy, max_parameters=int(parameters[0])) is None


def test_the_accuracy_of_one_class_is_more_optimistic_as_it_has_fewer_images(noisy):
    of_one = best_by(noisy, weights=(1.0,) + (0.0,) * 9)
    assert of_one.optimism > 2 * best_by(noisy).optimism


def test_models_that_were_evaluated_on_other_images_do_not_count(tmp_path):
    catalogue = open_snapshot(write_catalogue(tmp_path / "home"))
    assert best_of_many(catalogue, catalogue.population("digits"), View()).models == len(CHAINS) + 1
    other = replace(CARD, validation_labels=CARD.validation_labels[::-1].copy())
    catalogue = changed(tmp_path / "home", lambda store: store.register_dataset(other))
    assert best_of_many(catalogue, catalogue.population("digits"), View()) is None


def test_the_sentence_says_the_number_of_models_and_the_points_and_names_the_sealed_test():
    assert BestOfMany(3, 1_040, 0.0081).sentence == (
        "The validation accuracy of the best of 1,040 models is optimistic by about 0.8 points; "
        "the sealed test says what is left of it."
    )
