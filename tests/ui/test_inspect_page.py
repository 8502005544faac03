import re
import time
from dataclasses import replace

import numpy as np
import pytest
from apps import linked, opened, said
from catalogues import CARD, architecture, evaluation, write_catalogue
from trainings import epoch
from weights import leave_weights

from remap_core.catalogue.snapshot import Publisher
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.data_folder.validation_images import write_validation_images
from remap_core.exports.original_check import OriginalCheck
from remap_core.trials.annotations import Annotation
from remap_core.trials.commands import Enqueue, ScoreSealed
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import SealedScore
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Origin, Proposal
from remap_core.ui.events.chart_events import Point
from remap_core.ui.inspect.confusion_panel import ANY, choose_cell, choose_class

IMAGES = np.arange(20 * 64, dtype=np.int64).reshape(20, 8, 8, 1).astype(np.uint8)


def change(home, *actions):
    """What a trainer does meanwhile; published."""
    folder = DataFolder(home)
    store = CatalogueStore.open(folder)
    for action in actions:
        action(store)
    Publisher(store, folder).publish()
    store.close()


def repeat(store, model=1, seeds=(1, 2), right=(14, 18)):
    """The model trained again, right on so many of 20 images."""
    asked = store.trial(model).proposal
    for seed, correct in zip(seeds, right, strict=True):
        config = replace(asked.config, seed=seed)
        (trial,) = store.enqueue([replace(asked, config=config, origin=Origin.REPEAT, parent=model, edits=())], 200.0)
        store.claim(201.0)
        store.record_epoch(trial, epoch(2))
        store.complete(trial, evaluation(correct), 203.0)


def html(app) -> str:
    return "\n".join(element.proto.body for element in app.get("html"))


def button(app, key):
    return next((found for found in app.button if found.key == key), None)


def test_the_numbers_of_the_model_in_the_address_are_shown(home):
    write_catalogue(home)
    app = opened("inspect", model="6")
    assert "Ablation of #1: Removed layer 2 (ReLU); complete, 2 of 2 epochs." in said(app)
    metrics = {metric.label: metric.value for metric in app.metric}
    assert (metrics["Validation accuracy"], metrics["Latency, batch of 256"]) == ("52.0 %", "3.4 ms")


def test_a_model_with_linear_layers_in_a_row_says_what_can_do_as_much(home):
    write_catalogue(home)
    words = said(opened("inspect", model="1"))
    assert "Conv 16x3, ReLU, MaxPool 2 can compute everything that this model can, with" in words


def test_a_failed_model_says_why_and_what_is_missing(home):
    write_catalogue(home, failed=1)
    app = opened("inspect", model="7")
    assert app.error[0].value == "The training diverged at epoch 1: its loss is no longer a number."
    words = said(app)
    assert "The confusion matrix and the accuracy by class appear when the training is complete." in words
    assert "Only complete models can be scored; this one is failed." in words


# Images


def test_the_images_of_the_worst_class_are_shown_with_what_they_were_read_as(home):
    folder = write_catalogue(home)
    write_validation_images(folder, "digits", IMAGES)
    app = opened("inspect", model="1")
    assert app.selectbox(key="inspect-1-true").value == 1
    assert "2 images, each with its predicted class." in said(app)
    assert html(app).count("alt='1, predicted 2'") == html(app).count("alt='1, predicted 1'") == 1


def test_the_images_of_a_cell_are_shown_when_it_is_chosen(home):
    folder = write_catalogue(home)
    write_validation_images(folder, "digits", IMAGES)
    app = opened("inspect", model="1")
    app.selectbox(key="inspect-1-true").set_value(9).run()
    app.selectbox(key="inspect-1-predicted").set_value(0).run()
    assert "1 image, each with its predicted class." in said(app)
    app.selectbox(key="inspect-1-predicted").set_value(5).run()
    assert "No validation images match." in said(app)


def test_a_click_chooses_a_cell_or_a_whole_class(monkeypatch):
    chosen = {}
    monkeypatch.setattr("streamlit.session_state", chosen)
    choose_cell("inspect", Point(1, (3, 5), None, None, None), range(10))
    assert chosen == {"inspect-true": 3, "inspect-predicted": 5}
    choose_class("inspect", Point(0, 7, None, None, 7), range(10))
    assert chosen == {"inspect-true": 7, "inspect-predicted": ANY}


def test_images_that_were_not_published_are_said_and_the_rest_of_the_page_stands(home):
    write_catalogue(home)
    words = said(opened("inspect", model="1"))
    assert "The validation images were not published" in words
    assert "Lineage of #1" in words


def test_class_names_with_html_are_shown_as_they_are(home):
    folder = write_catalogue(home)
    names = ("<img src=x onerror=alert(1)>", "**b**", *map(str, range(8)))
    card = DatasetCard("odd", CARD.input_shape, names, CARD.split, CARD.validation_labels, CARD.examples)

    def train(store):
        store.register_dataset(card)
        (model,) = store.enqueue([Proposal(architecture("Dense 9"), "odd", TrainingConfig(epochs=1))], 200.0)
        store.claim(201.0)
        store.record_epoch(model, epoch(1))
        store.complete(model, evaluation(10), 202.0)

    change(home, train)
    write_validation_images(folder, "odd", IMAGES)
    app = opened("inspect", model="7")
    app.selectbox(key="inspect-7-true").set_value(0).run()
    assert not app.error
    assert "<img src=x" not in html(app)
    assert "&lt;img src=x onerror=alert(1)&gt;" in html(app)


def test_a_model_that_was_judged_on_other_images_says_so(home):
    write_catalogue(home)
    other = DatasetCard(
        "digits", CARD.input_shape, CARD.class_names, CARD.split, CARD.validation_labels[:10], CARD.examples
    )
    change(home, lambda store: store.register_dataset(other))
    assert "Model 1 was evaluated on other images than its data set has now." in said(opened("inspect", model="1"))


# Two models


def test_a_second_model_of_the_address_stands_beside_the_first(home):
    write_catalogue(home)
    app = opened("inspect", model="1", **{"with": "6"})
    words = said(app)
    assert "From #1 to #6: 3 kept, 1 removed." in words
    assert [metric.value for metric in app.metric if metric.label == "Validation accuracy"] == ["52.0 %", "52.0 %"]
    assert app.selectbox(key="second-6-true").value is not None


def test_the_second_model_is_chosen_from_drawer_and_relatives_and_named_in_the_address(home):
    write_catalogue(home)
    app = linked("inspect", "3,1", model="1")
    beside = app.selectbox(key="inspect-compare-1-0")
    assert beside.options == ["no other model", "#3", "#6"]
    beside.set_value(3).run()
    assert app.query_params["with"] == "3"
    assert "From #1 to #3" in said(app)
    app.selectbox(key="inspect-compare-1-3").set_value(0).run()
    assert "with" not in app.query_params


@pytest.mark.parametrize(
    ("asked", "sentence"), [("x", "like ?with=7, but got ?with=x."), ("99", "Model 99 does not exist.")]
)
def test_a_second_model_that_is_none_is_said_and_the_first_is_shown(home, asked, sentence):
    write_catalogue(home)
    app = opened("inspect", model="1", **{"with": asked})
    assert sentence in app.warning[0].value
    assert "Model 1" in said(app)


# Lineage


def test_the_lineage_shows_each_edit_and_its_effect(home):
    write_catalogue(home)
    app = opened("inspect", model="1")
    made = "Removed layer 2 (ReLU): 0.0 points (within noise), as many parameters"
    assert made in [caption.value for caption in app.caption]
    app.button(key="inspect-lineage-6").click().run()
    assert "Model 6" in said(app)
    assert button(app, "inspect-lineage-1") is not None


def test_a_model_whose_parent_is_not_in_the_catalogue_has_a_page(home):
    write_catalogue(home)
    orphan = Proposal(architecture("Dense 77"), "digits", parent=99)
    change(home, lambda store: store.enqueue([orphan], 300.0))
    assert "Model 7" in said(opened("inspect", model="7"))


# The sealed test


def test_the_sealed_test_is_asked_for_through_the_inbox(home):
    folder = write_catalogue(home)
    folder.weights(1).parent.mkdir()
    folder.weights(1).touch()
    app = opened("inspect", model="1")
    button(app, "sealed-1").click().run()
    assert [command for _, command in Inbox(folder).pending()] == [ScoreSealed(1)]


def test_a_model_without_weights_cannot_be_scored(home):
    write_catalogue(home)
    app = opened("inspect", model="1")
    assert button(app, "sealed-1").disabled
    assert "The weights of this model are not in the data folder" in said(app)


def test_a_score_is_shown_with_its_time_and_cannot_be_asked_for_again(home):
    write_catalogue(home)
    change(
        home,
        lambda store: store.ask_sealed_score(1, 1.7e9),
        lambda store: store.finish_sealed_test(1, SealedScore(8, 6, 0.5), 1.7e9),
    )
    app = opened("inspect", model="1")
    assert {metric.label: metric.value for metric in app.metric}["Test accuracy"] == "75.0 %"
    assert "6 of 8 test images classified correctly. Scored once, 14 November 2023, 22:13 UTC." in said(app)
    assert button(app, "sealed-1") is None


def test_a_score_that_is_waited_for_and_one_that_could_not_be_are_said(home):
    write_catalogue(home)
    change(home, lambda store: store.ask_sealed_score(1, time.time()))
    assert "Requested: waiting for a trainer." in said(opened("inspect", model="1"))
    change(home, lambda store: store.finish_sealed_test(1, "Model 1 has no weights.", time.time()))
    app = opened("inspect", model="1")
    assert "Scoring failed: Model 1 has no weights." in said(app)
    assert button(app, "sealed-1") is not None


# Notes, and the catalogue that changes under the page


def test_the_note_is_shown_to_be_changed(home):
    write_catalogue(home)
    change(home, lambda store: store.annotate(3, Annotation("<b>keep</b>", ("small", "odd"))))
    app = opened("inspect", model="3")
    assert app.text_area(key="note-3").value == "<b>keep</b>"
    assert app.text_input(key="tags-3").value == "small, odd"
    assert button(app, "save-3").disabled


def test_a_page_goes_on_when_the_catalogue_is_replaced_under_it(home):
    folder = write_catalogue(home)
    write_validation_images(folder, "digits", IMAGES)
    app = opened("inspect", model="1")
    for number in range(6):
        change(home, lambda store, number=number: store.annotate(2, Annotation(str(number))))
    app.selectbox(key="inspect-1-true").set_value(4).run()
    assert not app.exception
    assert not app.error


def test_an_evaluation_of_fewer_classes_than_the_data_set_has_now_is_said_in_a_sentence(home):
    write_catalogue(home)
    fewer = DatasetCard(
        "digits", CARD.input_shape, CARD.class_names[:9], CARD.split, CARD.validation_labels, CARD.examples
    )
    change(home, lambda store: store.register_dataset(fewer))
    app = opened("inspect", model="1")
    assert "A confusion matrix of 9 classes cannot have the shape (10, 10)." in app.warning[0].value
    assert "Lineage of #1" in said(app)


def test_a_repeated_model_shows_mean_and_spread_and_every_seed(home):
    write_catalogue(home)
    change(home, repeat)
    app = opened("inspect", model="1")
    assert app.metric[0].value == "71.7 % ± 17.6 (3 seeds)"
    (seeds,) = [frame.value for frame in app.dataframe if "Seed" in frame.value]
    assert seeds["Seed"].tolist() == [0, 1, 2]
    assert "Model 1: 71.7 % ± 17.6 (3 seeds), mean" in said(app)


def test_a_repeat_says_whose_it_is_and_has_its_models_lineage(home):
    write_catalogue(home)
    change(home, repeat)
    app = opened("inspect", model="7")
    assert "Model 1 repeated with seed 1; complete" in said(app)
    assert button(app, "inspect-lineage-6") is not None


def test_further_seeds_are_asked_for_with_the_time_that_they_take(home):
    folder = write_catalogue(home)
    app = opened("inspect", model="1")
    app.number_input(key="repeat-seeds").set_value(2).run()
    assert re.fullmatch(r"Repeat with 2 other seeds, about \d\.\d s \(± \d+ %\)", button(app, "repeat-train").label)
    app.button(key="repeat-train").click().run()
    ((_, command),) = Inbox(folder).pending()
    assert isinstance(command, Enqueue)
    assert [(one.origin, one.parent, one.config.seed) for one in command.proposals] == [
        (Origin.REPEAT, 1, 1),
        (Origin.REPEAT, 1, 2),
    ]


def test_a_repeated_model_has_its_mean_and_spread_in_drawer_overview_and_generate(home):
    write_catalogue(home)
    change(home, repeat, lambda store: repeat(store, 6, (5,), (1,)))
    assert "Baseline #1: 71.7 % ± 17.6 (3 seeds)" in said(opened("generate", model="1"))
    drawer = opened("drawer", drawer=[1, 2])
    assert drawer.dataframe[0].value["Over seeds"].tolist() == ["± 17.6 (3 seeds)", ""]
    assert button(drawer, "open-1").label.endswith("#1 71.7 % ± 17.6 · 10k")
    overview = said(opened("overview"))
    assert "6 models" in overview
    (children,) = [frame.value for frame in opened("generate", model="1").dataframe if "Status" in frame.value]
    assert children[["Model", "Over seeds"]].to_numpy().tolist() == [[6, "± 53.0 (2 seeds)"]]


def exported(app) -> set[str]:
    return {button.label for button in app.download_button}


def looked_at(home, model: str):
    """Inspect with its exports open."""
    app = opened("inspect", model=model)
    assert exported(app) == set()  # nothing is made before it is looked at
    app.session_state["inspect-export"] = True
    app.run()
    assert not app.exception
    return app


def test_a_complete_model_is_exported_in_six_forms(home):
    leave_weights(write_catalogue(home), 2)
    app = looked_at(home, "2")
    assert exported(app) == {
        "ONNX",
        "ONNX and classify.py",
        "PyTorch source",
        "PyTorch and classify.py",
        "Weights",
        "Architecture (JSON)",
    }
    assert "take images as uint8" in said(app)


@pytest.mark.parametrize(
    ("check", "kind", "sentence"),
    [
        (OriginalCheck(20), "caption", "Checked on 20 original images: same classes."),
        (
            OriginalCheck(20, ["image 3 is *a* and was b"]),
            "warning",
            "1 differ (image 3 is \\*a\\* and was b).",
        ),
        (OriginalCheck(not_run="onnxruntime is not installed"), "caption", "Not checked on original images"),
    ],
)
def test_an_export_says_how_it_does_on_the_original_images(home, monkeypatch, check, kind, sentence):
    leave_weights(write_catalogue(home), 2)
    monkeypatch.setattr("remap_core.ui.inspect.export_panel.original_check", lambda *_: check)
    app = looked_at(home, "2")
    assert sentence in "".join(element.value for element in getattr(app, kind))


def test_without_its_weights_a_model_is_exported_as_its_architecture_and_why_is_said(home):
    write_catalogue(home)
    app = looked_at(home, "2")
    assert exported(app) == {"Architecture (JSON)"}
    assert "Model 2 has no weights in the data folder, so it cannot be exported." in said(app)


def test_damaged_weights_and_models_that_wait_are_said_not_thrown(home):
    folder = write_catalogue(home, waiting=1)
    folder.weights(2).parent.mkdir(parents=True)
    folder.weights(2).write_bytes(b"nothing")
    assert "The weights of Model 2 cannot be read" in said(looked_at(home, "2"))
    assert "Only complete models can be exported, but Model 7 is waiting." in said(looked_at(home, "7"))
