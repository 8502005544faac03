"""A model on fewer images: which trainings it needs, and what comes of them."""

from dataclasses import replace

import pytest
from catalogues import CARD, architecture, changed, evaluation
from trainings import epoch

from remap_core.analysis.durations import TimeEstimate
from remap_core.catalogue.store import CatalogueStore
from remap_core.errors import InvalidTrial, NotFound
from remap_core.services.data.more_images import more_images, propose_more_images
from remap_core.services.expected_time import estimates_by_name
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Origin, Proposal

WHOLE = replace(CARD, split=(800, 20, 10))
CONFIG = TrainingConfig(epochs=1, seed=5)
MODEL = Proposal(architecture("Conv 8x3, ReLU"), "digits", CONFIG)


def part_card(name):
    parts = int(name[-1])
    return replace(WHOLE, name=name, split=(800 // parts, 20, 10))


def train(store: CatalogueStore, proposals, right=lambda _: 15, complete=True):
    """Have proposals trained; right: how many of 20 images one classifies correctly, by its data set."""
    for name in dict.fromkeys(proposal.dataset for proposal in proposals):
        if name not in store.dataset_names():
            store.register_dataset(WHOLE if name == "digits" else part_card(name))
    for trial in store.enqueue(proposals, 100.0):
        if complete:
            name = store.trial(trial).proposal.dataset
            store.claim(101.0)
            store.record_epoch(trial, epoch(1))
            store.complete(trial, evaluation(right(name), WHOLE), 103.0)


@pytest.fixture
def catalogue(tmp_path):
    return changed(tmp_path, lambda store: train(store, [MODEL]))


def test_four_quarters_two_halves_and_two_other_seeds_are_trained_like_the_model(catalogue):
    proposals = propose_more_images(catalogue, 1, 0.0)
    assert [proposal.dataset for proposal in proposals] == [
        *(f"digits%{part}of4" for part in (1, 2, 3, 4)),
        *("digits%1of2", "digits%2of2", "digits", "digits"),
    ]
    assert {proposal.architecture for proposal in proposals} == {MODEL.architecture}
    assert [proposal.config.seed for proposal in proposals] == [5] * 6 + [6, 7]
    assert {replace(proposal.config, seed=5) for proposal in proposals} == {CONFIG}
    assert [proposal.origin for proposal in proposals[-2:]] == [Origin.REPEAT] * 2
    assert len({proposal.batch for proposal in proposals}) == 1


def test_before_and_while_they_are_trained_the_answer_says_what_it_needs(catalogue, tmp_path):
    proposals = propose_more_images(catalogue, 1, 0.0)
    assert more_images(catalogue, 1).sentence == "Needs 8 trainings: on quarters, on halves and on all of the images."
    catalogue = changed(tmp_path, lambda store: train(store, proposals[:3]))
    assert len(propose_more_images(catalogue, 1, 0.0)) == 5
    catalogue = changed(tmp_path, lambda store: train(store, proposals[3:], complete=False))
    found = more_images(catalogue, 1)
    assert (found.sentence, found.missing, found.growth) == ("5 trainings not finished yet.", 0, None)
    assert propose_more_images(catalogue, 1, 0.0) == ()


def test_the_answer_has_the_curve_through_all_trainings_but_the_models_own(catalogue, tmp_path):
    right = {"digits": 18, "2": 16, "4": 12}
    proposals = propose_more_images(catalogue, 1, 0.0)
    catalogue = changed(tmp_path, lambda s: train(s, proposals, lambda name: right.get(name[-1], right["digits"])))
    found = more_images(catalogue, 1)
    assert [(one.share, one.images, one.accuracies) for one in found.measured] == [
        (25, 200, (0.6,) * 4),
        (50, 400, (0.8,) * 2),
        (100, 800, (0.9,) * 2),  # not the 0.75 of the model itself
    ]
    assert found.growth.accuracy[found.growth.double] == pytest.approx(0.95, abs=0.005)
    assert found.sentence.startswith("More images would help. With twice as many images: 95.")
    form = found.to_json()
    assert form["measured"][0]["share"] == 0.25
    assert form["curve"]["images"][-1] == 3200


def test_trainings_on_parts_are_no_models_of_the_data_set(catalogue, tmp_path):
    proposals = propose_more_images(catalogue, 1, 0.0)
    catalogue = changed(tmp_path, lambda store: train(store, proposals, lambda name: 19 if "%" in name else 10))
    assert catalogue.datasets() == ["digits"]
    assert catalogue.population("digits").id.tolist() == [1]
    assert catalogue.best("digits").id == 1
    assert len(catalogue.part_trainings("digits")) == 6
    assert len(catalogue.queue(dataset="digits")) == 9


def test_failed_ones_are_asked_for_again(catalogue, tmp_path):
    def fail(store):
        train(store, propose_more_images(catalogue, 1, 0.0)[:1], complete=False)
        store.claim(101.0)
        store.fail(2, "no memory", 102.0)

    assert len(propose_more_images(changed(tmp_path, fail), 1, 0.0)) == 8


def test_what_cannot_be_answered_is_one_sentence(catalogue, tmp_path):
    with pytest.raises(NotFound):
        more_images(catalogue, 99)
    waiting = changed(tmp_path, lambda s: train(s, [replace(MODEL, config=replace(CONFIG, seed=9))], complete=False))
    with pytest.raises(InvalidTrial, match="complete to be trained on fewer images, but Model 2 is waiting"):
        propose_more_images(waiting, 2, 0.0)
    parts = propose_more_images(catalogue, 1, 0.0)[:1]

    def write(store):
        store.cancel(2, 104.0)
        train(store, parts)

    with pytest.raises(InvalidTrial, match="Model 3 was trained on a part of the images itself"):
        more_images(changed(tmp_path, write), 3)


def test_too_few_images_are_one_sentence(tmp_path):
    small = replace(CARD, name="small", split=(70, 20, 10))

    def write(store):
        store.register_dataset(small)
        train(store, [replace(MODEL, dataset="small")])

    with pytest.raises(InvalidTrial, match="A quarter of the training images must have 2 of a class on average: 80 in"):
        propose_more_images(changed(tmp_path, write), 1, 0.0)


def test_an_epoch_on_a_part_is_expected_to_take_its_share_of_the_time():
    estimates = estimates_by_name(["digits", "digits%1of4"], lambda _: TimeEstimate((8.0,) * 7, 9, 0.1))
    seconds = [estimates[name].training_seconds(MODEL) for name in ("digits", "digits%1of4")]
    assert seconds[0] == pytest.approx(4 * seconds[1])
