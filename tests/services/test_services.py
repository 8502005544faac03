import json
from dataclasses import replace

import pytest
from catalogues import CARD, architecture, write_catalogue, write_learnt

from remap_core.analysis.mcnemar import PairedTest
from remap_core.analysis.previews import ParameterCap
from remap_core.catalogue.snapshot import Publisher, open_snapshot
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import InvalidTrial, NotFound
from remap_core.services.comparison import ancestors, compare_predictions, judged_images
from remap_core.services.model_files import architectures_json
from remap_core.services.proposals import parameter_cap, preview_children, propose_repeats, surrogate_of
from remap_core.services.trainer_process import last_words
from remap_core.settings import Settings
from remap_core.space.architecture import Architecture
from remap_core.space.edits import Reparameterize, candidate
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.trial import Origin, Proposal
from remap_core.views.objective import Objective


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
    assert compare_predictions(catalogue, first, second) == PairedTest(0, 3)


def test_a_model_without_predictions_cannot_be_compared(catalogue):
    first, failed = catalogue.trials([1, 7])
    with pytest.raises(NotFound, match="#7 has no predictions: it is failed"):
        compare_predictions(catalogue, first, failed)


def test_a_model_that_was_judged_on_other_images_is_not_compared(catalogue, tmp_path):
    labels = CARD.validation_labels[::-1].copy()
    other = DatasetCard("digits", CARD.input_shape, CARD.class_names, CARD.split, labels, CARD.examples)
    newest = changed(tmp_path / "home", lambda store: store.register_dataset(other))
    with pytest.raises(InvalidTrial, match="#1 was judged on other images"):
        judged_images(newest, newest.trial(1))


def test_repeats_get_the_next_free_seeds_and_are_the_models_own_training_otherwise(catalogue, tmp_path):
    first = propose_repeats(catalogue, catalogue.trial(1), 2, now=0.0)
    assert [proposal.config.seed for proposal in first] == [1, 2]
    assert all(catalogue.trial(1).proposal.same_but_seed(proposal) for proposal in first)
    assert {(proposal.origin, proposal.parent, proposal.edits) for proposal in first} == {(Origin.REPEAT, 1, ())}
    newest = changed(tmp_path / "home", lambda store: store.enqueue(first, 1.0))
    again = propose_repeats(newest, newest.trial(8), 1, now=0.0)
    assert [(proposal.config.seed, proposal.parent) for proposal in again] == [(3, 1)]


@pytest.mark.parametrize(
    ("model", "n", "reason"),
    [(1, 0, "1 to 10 further seeds"), (1, 11, "but got 11"), (7, 1, "must be complete to be repeated, but #7 is")],
)
def test_what_cannot_be_repeated_is_said(catalogue, model, n, reason):
    with pytest.raises(InvalidTrial, match=reason):
        propose_repeats(catalogue, catalogue.trial(model), n, now=0.0)


def test_the_smaller_of_both_caps_holds_for_children():
    settings = Settings(max_parameters=5_000)
    assert parameter_cap(settings, Objective()) == ParameterCap(5_000, "REMAP_MAX_PARAMETERS")
    assert parameter_cap(settings, Objective(max_parameters=900)) == ParameterCap(900, "the objective's cap")
    assert parameter_cap(settings, Objective(max_parameters=9_000)).most == 5_000


def test_ancestors_come_oldest_first_and_end_where_a_parent_is_unknown(tmp_path):
    def enqueue(store):
        for parent in (6, 7, 99):
            store.enqueue([Proposal(architecture(f"Dense {parent}"), "digits", parent=parent)], 1.0)

    write_catalogue(tmp_path / "home")
    catalogue = changed(tmp_path / "home", enqueue)
    assert [trial.id for trial in ancestors(catalogue, catalogue.trial(8))] == [1, 6, 7]
    assert [trial.id for trial in ancestors(catalogue, catalogue.trial(8), most=2)] == [6, 7]
    assert ancestors(catalogue, catalogue.trial(9)) == []


def test_exported_architectures_read_back(catalogue):
    trials = catalogue.trials([3, 1])
    forms = json.loads(architectures_json(trials))
    assert [Architecture.from_json(form) for form in forms] == [trial.architecture for trial in trials]


def test_the_last_words_of_a_trainer_are_the_sentence_that_it_ended_with(tmp_path):
    folder = DataFolder(tmp_path)
    assert last_words(folder) == ""
    folder.trainer_output.write_text("")
    assert last_words(folder) == ""
    folder.trainer_output.write_bytes(b"\xff" * 5000 + b"\nTraceback\nError: The disk is gone.\n")
    assert last_words(folder) == "The disk is gone."


def previewed(home, text, surrogate):
    newest = open_snapshot(DataFolder(home))
    parent = newest.trial(1)
    child = candidate(parent.architecture, Reparameterize(0, "units", int(text)))
    cap = ParameterCap(10**9, "the test's cap")
    return preview_children(newest, [(parent, child)], cap, None, surrogate)[0]


def test_the_accuracy_of_a_child_is_predicted_from_the_models_that_trained_as_long(tmp_path):
    newest = open_snapshot(write_learnt(tmp_path / "home"))
    surrogate = surrogate_of(newest.population("digits"), CARD, 2)
    assert surrogate.models == 30
    for units, reached in ((20, 0.5), (80, 0.9)):
        share, low, high = previewed(tmp_path / "home", units, surrogate).accuracy
        assert share == pytest.approx(reached, abs=0.06)
        assert low < share < high
    assert surrogate_of(newest.population("digits"), CARD, 3) is None


def test_a_surrogate_that_is_no_better_than_a_guess_predicts_nothing(tmp_path):
    newest = open_snapshot(write_learnt(tmp_path / "home"))
    surrogate = surrogate_of(newest.population("digits"), CARD, 2)
    assert previewed(tmp_path / "home", 20, replace(surrogate, error=surrogate.guess)).accuracy is None
    assert previewed(tmp_path / "home", 20, None).accuracy is None


def test_a_child_that_is_not_trained_has_no_predicted_accuracy(tmp_path):
    newest = open_snapshot(write_learnt(tmp_path / "home"))
    surrogate = surrogate_of(newest.population("digits"), CARD, 2)
    known = previewed(tmp_path / "home", 7, surrogate)
    assert (known.same, known.accuracy) == (2, None)
