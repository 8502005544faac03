from dataclasses import replace

import pytest
from catalogues import CARD, changed, write_catalogue, write_learnt

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import InvalidTrial
from remap_core.services.proposals import (
    caps_on_children,
    preview_children,
    propose_again,
    propose_children,
    propose_finish,
    propose_repeats,
    surrogate_of,
)
from remap_core.settings import Settings
from remap_core.space.caps import Cap, Cost
from remap_core.space.edits import Remove, Reparameterize, candidate
from remap_core.trials.training_config import MAX_SEED, TrainingConfig
from remap_core.trials.training_recipe import THOROUGH
from remap_core.trials.trial import Origin
from remap_core.views.objective import Objective

TEST_CAPS = (Cap(Cost.PARAMETERS, 10**9, "the test's cap"),)


@pytest.fixture
def catalogue(tmp_path):
    return open_snapshot(write_catalogue(tmp_path / "home", failed=1))


def test_children_are_one_batch_named_after_their_origin_and_parents(catalogue):
    children = []
    for parent in catalogue.trials([4, 1]):
        children.append((parent, candidate(parent.architecture, Remove(0))))
    found = preview_children(catalogue, children, TEST_CAPS, None)
    proposals = propose_children(Origin.ABLATION, found, now=0.0)
    assert {proposal.batch for proposal in proposals} == {"ablations of #1, #4, 01 Jan 00:00:00 UTC"}
    assert [(proposal.parent, proposal.edits) for proposal in proposals] == [(4, (Remove(0),)), (1, (Remove(0),))]


def test_repeats_get_the_next_free_seeds_and_are_the_models_own_training_otherwise(catalogue, tmp_path):
    first = propose_repeats(catalogue, catalogue.trial(1), 2, now=0.0)
    assert [proposal.config.seed for proposal in first] == [1, 2]
    assert all(catalogue.trial(1).proposal.same_but_seed(proposal) for proposal in first)
    assert {(proposal.origin, proposal.parent, proposal.edits) for proposal in first} == {(Origin.REPEAT, 1, ())}
    newest = changed(tmp_path / "home", lambda store: store.enqueue(first, 1.0))
    again = propose_repeats(newest, newest.trial(8), 1, now=0.0)
    assert [(proposal.config.seed, proposal.parent) for proposal in again] == [(3, 1)]


def test_after_the_highest_seed_come_the_lowest_that_are_free(catalogue):
    model = catalogue.trial(1)
    config = replace(model.proposal.config, seed=MAX_SEED)
    model = replace(model, proposal=replace(model.proposal, config=config))
    assert [proposal.config.seed for proposal in propose_repeats(catalogue, model, 2, now=0.0)] == [
        1,
        2,
    ]  # 0 is in the catalogue


@pytest.mark.parametrize(
    ("model", "n", "reason"),
    [
        (1, 0, "1 to 10 seeds at once"),
        (1, 11, "but got 11"),
        (7, 1, "must be complete to be repeated, but Model 7 is failed"),
    ],
)
def test_what_cannot_be_repeated_is_one_sentence(catalogue, model, n, reason):
    with pytest.raises(InvalidTrial, match=reason):
        propose_repeats(catalogue, catalogue.trial(model), n, now=0.0)


def test_a_finish_trains_the_model_long_from_its_weights_and_stands_for_it(catalogue):
    finish = propose_finish(catalogue, catalogue.trial(2), 60, ["shift"], now=0.0)
    assert (finish.origin, finish.parent, finish.architecture) == (Origin.FINISH, 2, catalogue.trial(2).architecture)
    assert (finish.config.start, finish.config.epochs) == (2, 60)
    assert finish.config.recipe == THOROUGH.with_augmentation(["shift"])
    assert finish.batch == "long training of #2, 01 Jan 00:00:00 UTC"


def test_only_a_complete_model_can_be_finished(catalogue):
    with pytest.raises(InvalidTrial, match="must be complete to be finished, but Model 7 is failed"):
        propose_finish(catalogue, catalogue.trial(7), 60, [], now=0.0)


def test_models_are_trained_again_by_the_recipe_of_the_settings_with_their_origin(catalogue):
    proposals = propose_again(catalogue.trials([6, 1]), Settings(epochs=4), CARD, now=0.0)
    assert {proposal.config.title for proposal in proposals} == {"4 epochs, recipe quick, batch size 16"}
    assert [(proposal.origin, proposal.parent) for proposal in proposals] == [
        (Origin.ABLATION, 1),
        (Origin.INITIAL, None),
    ]


def test_the_smaller_of_both_caps_holds_for_children_and_defaults_of_sampling_do_not():
    settings = Settings(max_parameters=5_000, max_activation_memory=64)
    memory = Cap(Cost.MEMORY, 65_536, "REMAP_MAX_ACTIVATION_MEMORY")
    own = Cap(Cost.PARAMETERS, 5_000, "REMAP_MAX_PARAMETERS")
    assert caps_on_children(settings, Objective()) == (own, memory)
    asked = Cap(Cost.PARAMETERS, 900, "the objective's cap")
    assert caps_on_children(settings, Objective(max_parameters=900)) == (asked, memory)
    assert caps_on_children(settings, Objective(max_parameters=9_000)) == (own, memory)
    assert [cap.cost for cap in caps_on_children(Settings(), Objective())] == [Cost.PARAMETERS]


def previewed(home, units, surrogate):
    newest = open_snapshot(DataFolder(home))
    parent = newest.trial(1)
    child = candidate(parent.architecture, Reparameterize(0, "units", units))
    return preview_children(newest, [(parent, child)], TEST_CAPS, None, surrogate)[0]


def test_the_accuracy_of_a_child_is_predicted_from_the_models_that_trained_as_long(tmp_path):
    newest = open_snapshot(write_learnt(tmp_path / "home"))
    surrogate = surrogate_of(newest.population("digits"), CARD, TrainingConfig(epochs=2))
    assert surrogate.models == 30
    for units, reached in ((20, 0.5), (80, 0.9)):
        share, low, high = previewed(tmp_path / "home", units, surrogate).accuracy
        assert share == pytest.approx(reached, abs=0.06)
        assert low < share < high
    assert surrogate_of(newest.population("digits"), CARD, TrainingConfig(epochs=3)) is None


def test_a_surrogate_that_is_no_better_than_guessing_predicts_nothing(tmp_path):
    newest = open_snapshot(write_learnt(tmp_path / "home"))
    surrogate = surrogate_of(newest.population("digits"), CARD, TrainingConfig(epochs=2))
    assert previewed(tmp_path / "home", 20, replace(surrogate, error=surrogate.guess)).accuracy is None
    assert previewed(tmp_path / "home", 20, None).accuracy is None


def test_models_of_images_that_were_replaced_by_others_predict_nothing(tmp_path):
    newest = open_snapshot(write_learnt(tmp_path / "home"))
    larger = replace(CARD, input_shape=(3, 32, 32))
    assert surrogate_of(newest.population("digits"), larger, TrainingConfig(epochs=2)) is None


def test_a_child_that_is_not_trained_has_no_predicted_accuracy(tmp_path):
    newest = open_snapshot(write_learnt(tmp_path / "home"))
    surrogate = surrogate_of(newest.population("digits"), CARD, TrainingConfig(epochs=2))
    known = previewed(tmp_path / "home", 7, surrogate)
    assert (known.same, known.accuracy) == (2, None)
