import threading

import numpy as np
import pytest
from catalogues import CARD, evaluation
from trainings import epoch

from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import CommandRefused, InvalidDistances
from remap_core.geometry.embedding.smacof import stress_1
from remap_core.geometry.otmann.distances import distances
from remap_core.geometry.prediction_distances import prediction_distances
from remap_core.services.map_updates import SETTLED_FROM, IncrementalMap, MapUpdater
from remap_core.space.markov.sampler import sample_architectures
from remap_core.space.markov.search_spaces import REMAP_2019
from remap_core.trials.model_maps import MappedModel, ModelMap, Relation
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Proposal

ARCHITECTURES = sample_architectures(REMAP_2019, (1, 8, 8), 10, 90, np.random.default_rng(0), max_parameters=100_000)
PREDICTIONS = np.random.default_rng(1).integers(0, 10, (90, 20)).astype(np.uint8)
MODELS = [
    MappedModel(number + 1, architecture, predictions)
    for number, (architecture, predictions) in enumerate(zip(ARCHITECTURES, PREDICTIONS, strict=True))
]


CONFIG = TrainingConfig(epochs=1)


def true_distances(relation, models):
    if relation is Relation.STRUCTURE:
        return distances([model.architecture for model in models])
    return prediction_distances([model.predictions for model in models])


@pytest.mark.parametrize("relation", Relation)
def test_newcomers_are_placed_while_the_others_stay(relation):
    living = IncrementalMap("digits", relation)
    before = living.add(MODELS[:60])
    after = living.add(MODELS[60:70])
    assert np.array_equal(after.points[:60], before.points)
    assert after.ids.tolist() == list(range(1, 71))
    assert (after.version, after.laid_out_with) == (before.version, 60)


@pytest.mark.parametrize("relation", Relation)
def test_the_stress_is_that_of_all_places_also_after_newcomers(relation):
    living = IncrementalMap("digits", relation)
    living.add(MODELS[:50])
    for start in (50, 51, 60):
        living.add(MODELS[start : start + 9])
    drawn = living.map
    models = [MODELS[model - 1] for model in drawn.ids]
    assert drawn.stress == pytest.approx(stress_1(drawn.points, true_distances(relation, models)), rel=1e-9)


def test_a_young_map_is_recomputed_whenever_its_models_have_doubled_and_a_settled_one_is_not():
    living = IncrementalMap("digits", Relation.STRUCTURE)
    editions = [(len(living.add([model])), living.map.laid_out_with) for model in MODELS]
    laid = [laid_out_with for _, laid_out_with in editions]
    assert sorted(set(laid)) == [1, 2, 4, 8, 16, 32, 64]
    assert laid[-1] == 64 >= SETTLED_FROM


def test_recomputing_lowers_the_stress_and_keeps_the_map_where_it_was():
    living = IncrementalMap("digits", Relation.PREDICTION)
    living.add(MODELS[:45])
    old = living.add(MODELS[45:])
    new = living.recompute()
    assert (new.version, new.laid_out_with) == (old.version + 1, 90)
    assert new.stress < old.stress
    assert np.linalg.norm(new.points.mean(axis=0) - old.points.mean(axis=0)) < 1e-9


@pytest.mark.parametrize("relation", Relation)
@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_the_first_models_make_a_sane_map(relation, n):
    drawn = IncrementalMap("digits", relation).add(MODELS[:n])
    assert drawn.points.shape == (n, 2)
    assert np.isfinite(drawn.points).all()
    assert drawn.stress == pytest.approx(0, abs=1e-3)


def test_identical_models_have_one_place():
    alike = [MappedModel(number, ARCHITECTURES[0], PREDICTIONS[0]) for number in range(1, 60)]
    living = IncrementalMap("digits", Relation.STRUCTURE)
    living.add(alike[:50])
    drawn = living.add(alike[50:])
    assert np.ptp(drawn.points, axis=0) == pytest.approx([0, 0], abs=1e-6)
    assert drawn.stress == pytest.approx(0, abs=1e-6)


def test_a_map_resumes_from_the_stored_one():
    living = IncrementalMap("digits", Relation.STRUCTURE)
    stored = living.add(MODELS[:50])
    successor = IncrementalMap("digits", Relation.STRUCTURE, stored, MODELS[:50])
    assert np.allclose(successor.add(MODELS[50:55]).points, living.add(MODELS[50:55]).points)


def test_a_map_needs_a_place_for_every_model():
    with pytest.raises(InvalidDistances, match="one position for each of 2 models"):
        ModelMap("digits", Relation.STRUCTURE, np.array([1, 2]), np.zeros((3, 2)), 0.0, 2, 1)


def test_a_model_that_is_not_on_the_map_has_no_place():
    drawn = IncrementalMap("digits", Relation.STRUCTURE).add(MODELS[:3])
    places = drawn.positions_of(np.array([2, 99]))
    assert np.array_equal(places[0], drawn.points[1])
    assert np.isnan(places[1]).all()


@pytest.fixture
def store(tmp_path):
    opened = CatalogueStore.open(DataFolder(tmp_path))
    opened.register_dataset(CARD)
    yield opened
    opened.close()


def finish(store, architectures):
    for number in store.enqueue([Proposal(architecture, "digits") for architecture in architectures], 1.0):
        store.claim(2.0)
        store.record_epoch(number, epoch(1))
        store.complete(number, evaluation(number % 20), 3.0)


def draw(store):
    """Tick until no map is missing a model."""
    updater = MapUpdater(store, share=1.0)
    for _ in range(200):
        updater.tick()
        if updater._running is None:
            break
        threading.Event().wait(0.02)
    updater.close()


def test_finished_models_are_placed_on_both_maps(store):
    finish(store, ARCHITECTURES[:5])
    draw(store)
    for relation in Relation:
        assert store.catalogue().model_map("digits", relation).ids.tolist() == [1, 2, 3, 4, 5]


def test_a_restart_places_what_a_dead_trainer_left_out_and_moves_no_other_model(store):
    finish(store, ARCHITECTURES[:45])
    draw(store)
    before = store.catalogue().model_map("digits", Relation.PREDICTION)
    finish(store, ARCHITECTURES[45:50])
    draw(store)
    after = store.catalogue().model_map("digits", Relation.PREDICTION)
    assert np.array_equal(after.points[:45], before.points)
    assert len(after) == 50
    version = store.version
    draw(store)
    assert store.version == version  # nothing is missing: nothing is written


def test_a_map_is_recomputed_on_request(store):
    finish(store, ARCHITECTURES[:6])
    draw(store)
    editions = {relation: store.catalogue().model_map("digits", relation).version for relation in Relation}
    store.request_layout("digits", Relation.STRUCTURE)
    draw(store)
    assert store.catalogue().requested_layouts() == []
    assert store.catalogue().model_map("digits", Relation.STRUCTURE).version == editions[Relation.STRUCTURE] + 1
    assert store.catalogue().model_map("digits", Relation.PREDICTION).version == editions[Relation.PREDICTION]


def test_a_map_that_does_not_exist_cannot_be_recomputed(store):
    with pytest.raises(CommandRefused, match="There is no map of digits by structure yet"):
        store.request_layout("digits", Relation.STRUCTURE)


def test_models_that_cannot_be_compared_are_logged_and_the_other_map_is_updated(store, monkeypatch, caplog):
    finish(store, ARCHITECTURES[:4])
    catalogue = type(store.catalogue())
    whole = catalogue.mapped_models

    def shortened(self, trials):
        return [
            MappedModel(model.id, model.architecture, model.predictions[: model.id]) for model in whole(self, trials)
        ]

    monkeypatch.setattr(catalogue, "mapped_models", shortened)
    draw(store)
    assert store.catalogue().model_map("digits", Relation.PREDICTION) is None
    assert len(store.catalogue().model_map("digits", Relation.STRUCTURE)) == 4
    assert "the prediction map of digits was not updated" in caplog.text


def completed(store, dataset, numbers):
    store.enqueue([Proposal(ARCHITECTURES[number], dataset, CONFIG) for number in numbers], 1.0)
    while trial := store.claim(2.0):
        store.record_epoch(trial.id, epoch(1))
        store.complete(trial.id, evaluation(12), 3.0)


def settle(updater):
    """Until the thread has nothing to compute."""
    for _ in range(3):
        updater.tick()
        if updater._running is not None:
            updater._running.result()


def test_a_map_forgets_the_models_of_a_data_set_that_was_removed_and_added_again(tmp_path):
    store = CatalogueStore.open(DataFolder(tmp_path))
    updater = MapUpdater(store, share=1.0)
    store.register_dataset(CARD)
    completed(store, "digits", [0, 1, 2])
    settle(updater)
    store.remove_dataset("digits")
    store.register_dataset(CARD)
    completed(store, "digits", [3, 4])
    settle(updater)
    drawn = store.catalogue().model_map("digits", Relation.STRUCTURE)
    assert drawn is not None
    assert drawn.ids.tolist() == [4, 5]
    updater.close()
    store.close()


def test_a_map_that_was_computed_while_its_data_set_was_removed_is_not_stored(tmp_path):
    store = CatalogueStore.open(DataFolder(tmp_path))
    updater = MapUpdater(store, share=1.0)
    store.register_dataset(CARD)
    completed(store, "digits", [0, 1, 2])
    updater.tick()
    store.remove_dataset("digits")
    updater._running.result()
    updater.tick()
    assert store.catalogue().model_map("digits", Relation.STRUCTURE) is None
    updater.close()
    store.close()


@pytest.mark.parametrize(
    ("error", "reason"), [(MemoryError(), "there is not enough memory"), (RuntimeError("a bug"), "RuntimeError: a bug")]
)
def test_a_map_that_does_not_fit_into_memory_is_logged_and_drawn_when_there_is_something_new(
    store, monkeypatch, caplog, error, reason
):
    finish(store, ARCHITECTURES[:4])
    updater = MapUpdater(store, share=1.0)
    with monkeypatch.context() as patched:
        patched.setattr(IncrementalMap, "recompute", raising(error))
        settle(updater)
    for relation in Relation:
        assert f"the {relation} map of digits was not updated: {reason}" in caplog.text
    assert updater.problem == f"A map was not updated: {reason}. It is tried again with the next model."
    assert store.catalogue().model_map("digits", Relation.STRUCTURE) is None
    finish(store, ARCHITECTURES[4:5])
    settle(updater)
    assert len(store.catalogue().model_map("digits", Relation.STRUCTURE)) == 5
    assert updater.problem == ""
    updater.close()


def raising(error):
    def fail(*_):
        raise error

    return fail
