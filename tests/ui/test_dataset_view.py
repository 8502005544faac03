from contextlib import closing
from dataclasses import replace
from math import isnan

import numpy as np
import pytest
from catalogues import CARD, architecture, evaluation, write_catalogue
from trainings import epoch

from remap_core.catalogue.snapshot import Publisher, open_snapshot
from remap_core.catalogue.store import CatalogueStore
from remap_core.errors import NotFound
from remap_core.trials.annotations import Annotation
from remap_core.trials.model_maps import ModelMap, Relation
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Proposal
from remap_core.ui.dataset_view import DatasetView


@pytest.fixture
def folder(tmp_path):
    return write_catalogue(tmp_path / "home")


def change(folder, action):
    """What a trainer does meanwhile; published."""
    with closing(CatalogueStore.open(folder)) as store:
        action(store)
        Publisher(store, folder).publish()


def finish_one(store):
    (model,) = store.enqueue([Proposal(architecture("Dense 9"), "digits", TrainingConfig(epochs=1))], 200.0)
    store.claim(201.0)
    store.record_epoch(model, epoch(1))
    store.complete(model, evaluation(10), 202.0)


def on_map(models, edition):
    points = np.arange(2.0 * models).reshape(-1, 2)
    return ModelMap("digits", Relation.STRUCTURE, np.arange(1, models + 1), points, 0.1, models, edition)


def test_answers_are_read_once(folder):
    view = DatasetView.of("digits", lambda: open_snapshot(folder))
    assert view.population is view.population
    assert view.card is view.card
    assert view.time_estimate is view.time_estimate
    assert view.sample_images(3) is view.sample_images(3)
    assert view.sample_image(3) is view.sample_image(3)
    assert view.class_names == CARD.class_names
    assert len(view.population) == 6


def test_a_chips_picture_is_one_image_where_a_tooltips_shows_several(folder):
    view = DatasetView.of("digits", lambda: open_snapshot(folder))
    assert view.sample_image(3).startswith("data:image/png;base64,")
    assert len(view.sample_image(3)) < len(view.sample_images(3))


def test_the_median_accuracy_is_of_the_finished_models_and_nothing_before_any(folder):
    view = DatasetView.of("digits", lambda: open_snapshot(folder))
    assert view.median_accuracy == pytest.approx(0.675)  # of 55 to 80 %
    change(folder, lambda store: store.register_dataset(replace(CARD, name="fresh")))
    assert isnan(DatasetView.of("fresh", lambda: open_snapshot(folder)).median_accuracy)


def test_a_view_is_current_until_another_training_finishes(folder):
    view = DatasetView.of("digits", lambda: open_snapshot(folder))
    change(folder, lambda store: store.annotate(1, Annotation("a note")))
    assert view.is_current()
    change(folder, finish_one)
    assert not view.is_current()


def test_a_map_is_read_again_when_it_has_changed(folder):
    view = DatasetView.of("digits", lambda: open_snapshot(folder))
    assert view.model_map(Relation.STRUCTURE) is None
    change(folder, lambda store: store.write_map(on_map(2, edition=1)))
    first = view.model_map(Relation.STRUCTURE)
    assert view.model_map(Relation.STRUCTURE) is first
    change(folder, lambda store: store.write_map(on_map(6, edition=2)))
    assert len(view.model_map(Relation.STRUCTURE)) == 6


def test_a_data_set_that_is_not_in_the_catalogue_has_no_view(folder):
    with pytest.raises(NotFound, match="leaves"):
        DatasetView.of("leaves", lambda: open_snapshot(folder))
