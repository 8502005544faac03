"""What models say about a data set, read from its catalogue."""

from dataclasses import replace

import numpy as np
import pytest
from catalogues import CARD, CHAINS, architecture, changed, evaluation, write_catalogue
from trainings import epoch

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import NotFound
from remap_core.services.data.data_issues import data_issues
from remap_core.trials.class_labels import as_labels
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Proposal


def catalogue_of(home, models: int):
    """So many finished models; all of them read image 3, a 3, as an 8, the others as they are labelled."""

    def write(store: CatalogueStore) -> None:
        store.register_dataset(CARD)
        config = TrainingConfig(epochs=1)
        store.enqueue([Proposal(architecture(text), "digits", config) for text in CHAINS[:models]], 100.0)
        right = evaluation(20)
        predictions = right.predictions.copy()
        predictions[3] = 8
        confusion = right.confusion.copy()
        confusion[3, 3] -= 1
        confusion[3, 8] += 1
        for number in range(1, models + 1):
            store.claim(101.0)
            store.record_epoch(number, epoch(1))
            store.complete(number, replace(right, predictions=predictions, confusion=confusion), 103.0)

    return changed(home, write)


def test_fewer_than_five_models_are_not_asked_and_the_sentence_says_how_many_there_are(tmp_path):
    with pytest.raises(NotFound, match="at least 5 finished models, but digits has 4 models"):
        data_issues(catalogue_of(tmp_path, 4), "digits")


def test_the_image_that_all_good_models_read_as_another_class_is_suspected(tmp_path):
    found = data_issues(catalogue_of(tmp_path, 5), "digits")
    assert len(found.models) == 3
    (verdict,) = found.to_json()["suspected"]
    assert verdict == {
        "image": 3,
        "file": None,
        "label": "3",
        "other": "8",
        "votes_for_label": 0,
        "votes_for_other": 3,
        "entropy": 0.0,
    }
    assert found.hard == ()


def test_the_better_half_is_asked_by_accuracy(tmp_path):
    write_catalogue(tmp_path)
    catalogue = open_snapshot(DataFolder(tmp_path))
    population = catalogue.population("digits")
    found = data_issues(catalogue, "digits")
    expected = sorted(population.id.tolist(), key=lambda model: (-population.accuracy[population.row_of(model)], model))
    assert list(found.models) == expected[:3]


def test_models_that_were_evaluated_on_other_images_do_not_vote(tmp_path):
    catalogue_of(tmp_path, 5)
    other = replace(CARD, validation_labels=as_labels(np.roll(CARD.validation_labels, 1), 10))
    catalogue = changed(tmp_path, lambda store: store.register_dataset(other))
    with pytest.raises(NotFound, match="digits has 0 models"):
        data_issues(catalogue, "digits")
