import json

import pytest
from catalogues import CARD, architecture, write_catalogue

from remap_core import services
from remap_core.catalogue.folder import DataFolder
from remap_core.catalogue.snapshot import Publisher, open_snapshot
from remap_core.catalogue.store import CatalogueStore
from remap_core.errors import InvalidTrial, NotFound
from remap_core.geometry.mcnemar import PairedTest
from remap_core.space.architecture import Architecture
from remap_core.trials import DatasetCard, Proposal


@pytest.fixture
def catalogue(tmp_path):
    return open_snapshot(write_catalogue(tmp_path / "home", failed=1))


def changed(home, action):
    folder = DataFolder(home)
    store = CatalogueStore.open(folder)
    action(store)
    Publisher(store, folder).publish()
    store.close()
    return open_snapshot(folder)


def test_two_models_are_compared_on_the_images_that_only_one_has_right(catalogue):
    first, second = catalogue.trials([1, 4])
    assert services.compare_predictions(catalogue, first, second) == PairedTest(0, 3)


def test_a_model_without_predictions_cannot_be_compared(catalogue):
    first, failed = catalogue.trials([1, 7])
    with pytest.raises(NotFound, match="#7 has no predictions: it is failed"):
        services.compare_predictions(catalogue, first, failed)


def test_a_model_that_was_judged_on_other_images_is_not_compared(catalogue, tmp_path):
    labels = CARD.validation_labels[::-1].copy()
    other = DatasetCard("digits", CARD.input_shape, CARD.class_names, CARD.split, labels, CARD.examples)
    newest = changed(tmp_path / "home", lambda store: store.register_dataset(other))
    with pytest.raises(InvalidTrial, match="#1 was judged on other images"):
        services.judged_images(newest, newest.trial(1))


def test_ancestors_come_oldest_first_and_end_where_a_parent_is_unknown(tmp_path):
    def enqueue(store):
        for parent in (6, 7, 99):
            store.enqueue([Proposal(architecture(f"Dense {parent}"), "digits", parent=parent)], 1.0)

    write_catalogue(tmp_path / "home")
    catalogue = changed(tmp_path / "home", enqueue)
    assert [trial.id for trial in services.ancestors(catalogue, catalogue.trial(8))] == [1, 6, 7]
    assert [trial.id for trial in services.ancestors(catalogue, catalogue.trial(8), most=2)] == [6, 7]
    assert services.ancestors(catalogue, catalogue.trial(9)) == []


def test_exported_architectures_read_back(catalogue):
    trials = catalogue.trials([3, 1])
    forms = json.loads(services.architectures_json(trials))
    assert [Architecture.from_json(form) for form in forms] == [trial.architecture for trial in trials]
