"""Children from their parent's weights: how they are proposed, and that they are never compared as equal."""

from dataclasses import replace

import numpy as np
import pytest
from catalogues import changed, evaluation, write_catalogue
from trainings import epoch

from remap_core.analysis.previews import PreviewStatus
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.errors import InvalidTrial
from remap_core.services.best_of_many import best_of_many
from remap_core.services.child_trainings import child_config, full_config
from remap_core.services.comparison import training_difference
from remap_core.services.lineage import effect_sentence
from remap_core.services.proposals import preview_children, propose_children, propose_repeats
from remap_core.services.suggestions.autopilot import moved_front
from remap_core.services.suggestions.known_models import known_models
from remap_core.space.edits import Remove, Reparameterize, candidate
from remap_core.trials.trial import Origin
from remap_core.views.starting_points import starting_points
from remap_core.views.view import View

NARROW = Reparameterize(3, "units", 16)


def inherited(store, model: int = 1, edit=NARROW, right: int = 20) -> int:
    """A complete child of a model that started from its weights; right on so many of 20 images."""
    parent = store.trial(model)
    proposal = replace(
        parent.proposal,
        architecture=edit.apply(parent.architecture),
        config=replace(parent.proposal.config, epochs=1, start=model),
        origin=Origin.VARIATION,
        parent=model,
        edits=(edit,),
    )
    (child,) = store.enqueue([proposal], 200.0)
    store.claim(201.0)
    store.record_epoch(child, replace(epoch(1), validation_accuracy=right / 20))
    store.complete(child, evaluation(right), 203.0)
    return child


@pytest.fixture
def catalogue(tmp_path):
    return open_snapshot(write_catalogue(tmp_path / "home", failed=1))


@pytest.fixture
def with_child(tmp_path):
    """Model 8 is a child of model 1 and right on all images."""
    return changed(write_catalogue(tmp_path / "home", failed=1).home, inherited)


def previewed(catalogue, parent, edit, **options):
    return preview_children(catalogue, [(parent, candidate(parent.architecture, edit))], (), None, **options)


def test_a_child_starts_from_its_parents_weights_for_its_own_epochs(catalogue):
    parent = catalogue.trial(1)
    (proposal,) = propose_children(Origin.VARIATION, previewed(catalogue, parent, NARROW, inherit=1), now=0.0)
    assert proposal.inherits
    assert (proposal.parent, proposal.config.start, proposal.config.epochs) == (1, 1, 1)
    assert replace(proposal.config, epochs=2, start=None) == parent.proposal.config


def test_children_of_such_a_child_are_trained_in_full_or_from_its_own_weights(with_child):
    child = with_child.trial(8)
    full = with_child.trial(1).proposal.config
    assert full_config(with_child, child) == full
    assert child_config(with_child, child) == full
    assert child_config(with_child, child, 3) == replace(full, epochs=3, start=8)
    (proposal,) = propose_children(Origin.VARIATION, previewed(with_child, child, Remove(1)), now=0.0)
    assert (proposal.config, proposal.parent) == (full, 8)


@pytest.mark.parametrize(
    ("model", "epochs", "reason"),
    [
        (7, 1, "A model must be complete to pass on its weights, but Model 7 is failed."),
        (1, 0, "A child is trained for 1 to 10000 epochs, but got 0."),
    ],
)
def test_what_has_no_weights_passes_none_on(catalogue, model, epochs, reason):
    with pytest.raises(InvalidTrial, match=reason):
        child_config(catalogue, catalogue.trial(model), epochs)


def test_a_child_that_was_trained_in_full_needs_no_hint_and_the_other_way_round_it_is_new(with_child):
    parent = with_child.trial(1)
    (known,) = previewed(with_child, parent, Remove(1), inherit=1)  # model 6
    assert (known.verdict, known.same) == (PreviewStatus.EXISTING, 6)
    (full,) = previewed(with_child, parent, NARROW)
    assert full.verdict is PreviewStatus.NEW
    assert full.reason == "Model 8 has the same architecture, trained for 1 epoch from the weights of Model 1."
    (same,) = previewed(with_child, parent, NARROW, inherit=1)
    assert (same.verdict, same.same) == (PreviewStatus.EXISTING, 8)


def test_it_is_not_repeated_with_other_seeds(with_child):
    with pytest.raises(InvalidTrial, match=r"^Model 8 started from its parent's weights, .* train it in full first\.$"):
        propose_repeats(with_child, with_child.trial(8), 1, now=0.0)


def test_the_best_of_all_accuracies_is_on_no_front_and_nobodys_best(with_child):
    population = with_child.population("digits")
    row = population.row_of(8)
    assert population.accuracy[row] == 1.0 == population.accuracy.max()
    assert np.flatnonzero(~population.in_full).tolist() == [row]
    assert row not in population.front()
    assert row not in [point.row for point in starting_points(population, View())]
    assert not View().counts(population)[row]
    assert with_child.best("digits").id == 6
    assert best_of_many(with_child, population, View()).model != 8
    assert moved_front(population, View(), [with_child.trial(8)]) == frozenset()


def test_nothing_is_predicted_from_it_and_it_may_be_suggested_in_full(with_child):
    population = with_child.population("digits")
    config = with_child.trial(1).proposal.config
    assert 8 not in population.id[population.trained_like(config)]
    assert 8 not in known_models(population, with_child.dataset("digits"), View(), config).id
    assert with_child.trial(8).architecture.fingerprint not in with_child.tried("digits")
    assert with_child.trial(6).architecture.fingerprint in with_child.tried("digits")


def test_its_lineage_and_a_comparison_say_how_it_was_trained(with_child):
    parent, child = with_child.trials([1, 8])
    sentence = effect_sentence(with_child, parent, child)
    assert sentence.startswith("started from the weights of model 1, 1 epoch, ")
    assert sentence.endswith(" parameters fewer")
    difference = training_difference([parent, child])
    assert "#8: 1 epoch from the weights of model 1, recipe paper" in difference
