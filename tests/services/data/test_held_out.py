"""Training images are judged by models that were trained without them."""

from dataclasses import replace

import numpy as np
import pytest
from catalogues import CARD, CHAINS, architecture, changed, evaluation
from trainings import epoch

from remap_core.catalogue.store import CatalogueStore
from remap_core.datasets.splits import Part
from remap_core.errors import NotFound
from remap_core.services.data.held_out import HELD_OUT, MODELS, PARTS, held_out_trainings, training_issues
from remap_core.trials.class_labels import as_labels
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Proposal

ROWS = [np.arange(60)[part::PARTS] for part in range(PARTS)]
"""Of 60 training images, 20 in each part, in turn."""
CONFIG = TrainingConfig(epochs=1, seed=5)


def train(store: CatalogueStore, proposals, predictions=None):
    """Have proposals trained; predictions: of 20 images, else all as they are labelled."""
    for name in dict.fromkeys(proposal.dataset for proposal in proposals):
        if name not in store.dataset_names():
            store.register_dataset(replace(CARD, name=name))
    for number, trial in enumerate(store.enqueue(proposals, 100.0)):
        store.claim(101.0)
        store.record_epoch(trial, epoch(1))
        right = evaluation(20 - number % 3)
        if predictions is not None:
            right = replace(right, predictions=as_labels(predictions, 10))
        store.complete(trial, right, 103.0)


def models(store: CatalogueStore, number=MODELS, config=CONFIG):
    train(store, [Proposal(architecture(text), "digits", config) for text in CHAINS[:number]])


def test_the_best_models_are_trained_as_they_were_without_each_part(tmp_path):
    catalogue = changed(tmp_path, models)
    found = held_out_trainings(catalogue, "digits", 0.0)
    assert [proposal.dataset for proposal in found.missing] == [f"digits%not{part}of3" for part in (1, 2, 3)] * MODELS
    assert {proposal.config for proposal in found.missing} == {CONFIG}
    assert len({proposal.architecture for proposal in found.missing}) == MODELS
    assert len({proposal.batch for proposal in found.missing}) == 1
    assert found.needs == "Needs 15 trainings of the 5 best models, each without one of 3 parts of the images."
    with pytest.raises(NotFound, match="Needs 15 trainings"):
        training_issues(catalogue, found, ROWS)


def test_fewer_than_five_models_are_not_asked(tmp_path):
    with pytest.raises(NotFound, match="at least 5 finished models, but digits has 4 models"):
        held_out_trainings(changed(tmp_path, lambda store: models(store, 4)), "digits", 0.0)


def test_an_image_that_all_read_as_another_class_is_suspected_by_its_place_among_the_training_images(tmp_path):
    missing = held_out_trainings(changed(tmp_path, models), "digits", 0.0).missing
    labels = CARD.validation_labels.astype(int)
    wrong = labels.copy()
    wrong[7] = (labels[7] + 1) % 10

    def judge(store):
        for proposal in missing:
            train(store, [proposal], wrong if proposal.dataset.endswith("%not2of3") else labels)

    catalogue = changed(tmp_path, judge)
    found = held_out_trainings(catalogue, "digits", 0.0)
    assert (found.missing, found.unfinished, found.needs) == ((), 0, "")
    issues = training_issues(catalogue, found, ROWS)
    (verdict,) = issues.suspected
    assert verdict.row == ROWS[1][7]
    assert (verdict.label, verdict.other, verdict.for_other) == (labels[7], wrong[7], MODELS)
    assert issues.part is Part.TRAIN
    assert issues.to_json()["suspected"][0]["image"] == f"training {verdict.row}"
    assert (issues.images, len(issues.models), issues.hard) == (60, MODELS, ())


def test_of_a_data_set_that_has_other_images_now_nothing_is_said(tmp_path):
    missing = held_out_trainings(changed(tmp_path, models), "digits", 0.0).missing
    catalogue = changed(tmp_path, lambda store: train(store, missing))
    with pytest.raises(NotFound, match="digits has other training images now"):
        training_issues(catalogue, held_out_trainings(catalogue, "digits", 0.0), [rows[:-1] for rows in ROWS])


def test_what_waits_is_not_asked_for_again_and_what_failed_is(tmp_path):
    missing = held_out_trainings(changed(tmp_path, models), "digits", 0.0).missing

    def queue(store):
        for name in {proposal.dataset for proposal in missing}:
            store.register_dataset(replace(CARD, name=name))
        first, *_ = store.enqueue(list(missing), 100.0)
        store.claim(101.0)
        store.fail(first, "It diverged.", 102.0)

    found = held_out_trainings(changed(tmp_path, queue), "digits", 0.0)
    assert [proposal.dataset for proposal in found.missing] == ["digits%not1of3"]
    assert found.unfinished == 14


def test_models_that_have_been_asked_judge_even_where_there_are_better_ones_now(tmp_path):
    missing = held_out_trainings(changed(tmp_path, models), "digits", 0.0).missing
    judges = changed(tmp_path, lambda store: train(store, missing, CARD.validation_labels))
    asked = held_out_trainings(judges, "digits", 0.0).judges

    def better(store):
        train(store, [Proposal(architecture("Dense 99, ReLU"), "digits", CONFIG)])

    found = held_out_trainings(changed(tmp_path, better), "digits", 0.0)
    assert (found.judges, found.needs) == (asked, "")
    assert len(HELD_OUT) == PARTS
