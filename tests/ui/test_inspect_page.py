import re
import time
from dataclasses import replace

import numpy as np
import pytest
from apps import linked, opened, said
from catalogues import CARD, architecture, evaluation, finish, write_catalogue
from trainings import epoch
from weights import leave_weights

from remap_core.catalogue.snapshot import Publisher, open_snapshot
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.data_folder.validation_images import write_validation_images
from remap_core.errors import ExportFailed
from remap_core.exports.original_check import OriginalCheck
from remap_core.trials.annotations import Annotation
from remap_core.trials.commands import Enqueue, ScoreSealed
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import SealedScore
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Origin, Proposal
from remap_core.ui.events.chart_events import Point
from remap_core.ui.inspect.image_panel import ANY
from remap_core.ui.inspect.performance import open_images
from remap_core.ui.session import SESSION, Session, Tab

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


def charts(app) -> int:
    return len(app.get("plotly_chart"))


def sealed(app):
    """The button that asks whether to score the model."""
    (popover,) = (block for block in app.get("popover") if "sealed" in block.proto.popover.label)
    return popover


def button(app, key):
    return next((found for found in app.button if found.key == key), None)


def test_the_numbers_of_the_model_in_the_address_are_shown(home):
    write_catalogue(home)
    words = said(opened("inspect", model="6"))
    assert "Ablation of #1: Removed layer 2 (ReLU); complete, 2 of 2 epochs." in words
    assert "##### #6 :small[52.0 % · 10,090 parameters · 0.12 ms]" in words
    assert "Training accuracy 50.0 % · " in words
    assert "3.4 ms for 256 images" in words


def test_a_model_with_linear_layers_in_a_row_says_what_can_do_as_much(home):
    write_catalogue(home)
    words = said(opened("inspect", model="1", tab="layers"))
    assert "Conv 16x3, ReLU, MaxPool 2 can compute everything that this model can, with" in words


def test_a_failed_model_says_why_and_what_is_missing(home):
    write_catalogue(home, failed=1)
    app = opened("inspect", model="7")
    assert app.error[0].value == "The training diverged at epoch 1: its loss is no longer a number."
    words = said(app)
    assert "Only complete models are evaluated; this one is failed." in words
    assert not app.get("popover")[1:]  # the filter of the map alone


@pytest.mark.parametrize("tab", ["", "images", "lineage"])
def test_a_model_that_waits_says_when_there_will_be_more(home, tab):
    write_catalogue(home, waiting=1)
    app = opened("inspect", model="7", tab=tab)
    assert "##### #7 :small[waiting · " in said(app)
    assert "Available once training finishes." in said(app)


def test_a_model_that_trains_shows_its_epochs_and_then_its_confusions_by_itself(home):
    write_catalogue(home, waiting=1)
    change(home, lambda store: store.claim(300.0), lambda store: store.record_epoch(7, epoch(1)))
    app = opened("inspect", model="7")
    assert "##### #7 :small[51.0 % · epoch 1 of 2 · " in said(app)
    assert charts(app) == 2  # the map and the curves
    change(home, lambda store: store.record_epoch(7, epoch(2)), lambda store: store.complete(7, evaluation(9), 301.0))
    app.run()
    assert "##### #7 :small[52.0 % · " in said(app)
    assert "Available once" not in said(app)
    assert charts(app) == 3


# Tabs


def test_a_link_to_a_tab_opens_it_and_only_its_content_is_made(home):
    write_catalogue(home)
    app = opened("inspect", model="1", tab="notes")
    assert app.text_area(key="note-1").value == ""
    assert not app.selectbox(key="inspect-compare-1-0").disabled
    assert "Training accuracy" not in said(app)
    assert app.query_params["tab"] == "notes"


def test_another_tab_is_named_in_the_address_and_the_model_stays(home):
    write_catalogue(home)
    app = linked("inspect", "3,1", model="1")
    assert "tab" not in app.query_params
    app.session_state["inspect-tabs"] = "Layers"
    app.session_state[SESSION].tab = Tab.LAYERS
    app.run()
    assert app.query_params["tab"] == "layers"
    assert app.query_params["model"] == "1"
    assert app.query_params["drawer"] == "3,1"
    app.switch_page("pages/queue.py").run()
    assert app.query_params["model"] == "1"


def test_an_unknown_tab_opens_the_first(home):
    write_catalogue(home)
    assert "Training accuracy" in said(opened("inspect", model="1", tab="nonsense"))


# Images


def test_the_images_of_the_worst_class_are_shown_with_what_they_were_read_as(home):
    folder = write_catalogue(home)
    write_validation_images(folder, "digits", IMAGES)
    app = opened("inspect", model="1", tab="images")
    assert app.selectbox(key="images-1-true").value == 1
    assert "2 images, each with its predicted class." in said(app)
    assert html(app).count("alt='1, predicted 2'") == html(app).count("alt='1, predicted 1'") == 1


def test_the_images_of_a_cell_are_shown_when_it_is_chosen(home):
    folder = write_catalogue(home)
    write_validation_images(folder, "digits", IMAGES)
    app = opened("inspect", model="1", tab="images")
    app.selectbox(key="images-1-true").set_value(9).run()
    app.selectbox(key="images-1-predicted").set_value(0).run()
    assert "1 image, each with its predicted class." in said(app)


def test_an_empty_cell_says_so_and_shows_no_images(home):
    folder = write_catalogue(home)
    write_validation_images(folder, "digits", IMAGES)
    app = opened("inspect", model="1", tab="images")
    app.selectbox(key="images-1-true").set_value(0).run()
    app.selectbox(key="images-1-predicted").set_value(9).run()
    assert "No 0 was predicted as 9." in said(app)
    assert "predicted" not in html(app)


def test_a_click_opens_the_images_of_a_cell_or_of_a_whole_class(home, monkeypatch):
    write_catalogue(home)
    trial = open_snapshot(DataFolder(home)).trial(1)
    chosen = {SESSION: Session()}
    monkeypatch.setattr("streamlit.session_state", chosen)
    open_images(trial, Point(1, (3, 5), None, None, None), range(10))
    assert (chosen["images-1-true"], chosen["images-1-predicted"]) == (3, 5)
    open_images(trial, Point(3, 7, None, None, 7), range(10))
    assert (chosen["images-1-true"], chosen["images-1-predicted"]) == (7, ANY)
    assert chosen[SESSION].tab is Tab.IMAGES


def test_images_that_were_not_published_are_said_and_the_rest_of_the_page_stands(home):
    write_catalogue(home)
    words = said(opened("inspect", model="1", tab="images"))
    assert "The validation images were not published" in words
    assert "#1 :small" in words


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
    app = opened("inspect", model="7", tab="images")
    app.selectbox(key="images-7-true").set_value(0).run()
    assert not app.error
    assert "<img src=x" not in html(app)
    assert "&lt;img src=x onerror=alert(1)&gt;" in html(app)


def test_a_model_that_was_judged_on_other_images_says_so(home):
    write_catalogue(home)
    other = DatasetCard(
        "digits", CARD.input_shape, CARD.class_names, CARD.split, CARD.validation_labels[:10], CARD.examples
    )
    change(home, lambda store: store.register_dataset(other))
    assert "Model 1 was evaluated on other images than its data set has now." in said(
        opened("inspect", model="1", tab="images")
    )


# Two models


def test_a_second_model_of_the_address_is_compared_with_the_first(home):
    write_catalogue(home)
    words = said(opened("inspect", model="1", compare="6"))
    assert "#1 :small[52.0 %" in words
    assert "#6 :small[52.0 %" in words
    assert "On the validation images: " in words
    assert "From #1 to #6: 3 kept, 1 removed." in said(opened("inspect", model="1", compare="6", tab="layers"))


def test_the_images_of_both_models_are_shown(home):
    folder = write_catalogue(home)
    write_validation_images(folder, "digits", IMAGES)
    app = opened("inspect", model="1", compare="6", tab="images")
    assert app.selectbox(key="images-1-true").value == 1
    assert app.selectbox(key="images-6-true").value is not None


def test_the_second_model_is_chosen_from_drawer_and_relatives_and_named_in_the_address(home):
    write_catalogue(home)
    app = linked("inspect", "3,1", model="1")
    compared = app.selectbox(key="inspect-compare-1-0")
    assert compared.options == ["Compare with: none", "Compare with #3", "Compare with #6"]
    compared.set_value(3).run()
    assert app.query_params["compare"] == "3"
    assert "#3 :small" in said(app)
    app.selectbox(key="inspect-compare-1-3").set_value(0).run()
    assert "compare" not in app.query_params


@pytest.mark.parametrize(
    ("asked", "sentence"), [("x", "like ?compare=7, but got ?compare=x."), ("99", "Model 99 does not exist.")]
)
def test_a_second_model_that_is_none_is_said_and_the_first_is_shown(home, asked, sentence):
    write_catalogue(home)
    app = opened("inspect", model="1", compare=asked)
    assert sentence in app.warning[0].value
    assert "#1 :small" in said(app)


# Lineage


def test_the_lineage_shows_each_edit_and_its_effect(home):
    write_catalogue(home)
    app = opened("inspect", model="1", tab="lineage")
    made = "Removed layer 2 (ReLU): 0.0 points (within noise), as many parameters"
    assert made in [caption.value for caption in app.caption]
    assert button(app, "inspect-lineage-6") is not None
    assert button(opened("inspect", model="6", tab="lineage"), "inspect-lineage-1") is not None


def test_a_model_whose_parent_is_not_in_the_catalogue_has_a_page(home):
    write_catalogue(home)
    orphan = Proposal(architecture("Dense 77"), "digits", parent=99)
    change(home, lambda store: store.enqueue([orphan], 300.0))
    assert "#7 :small" in said(opened("inspect", model="7", tab="lineage"))


# The sealed test


def test_the_sealed_test_asks_first_and_is_sent_through_the_inbox(home):
    folder = write_catalogue(home)
    folder.weights(1).parent.mkdir()
    folder.weights(1).touch()
    app = opened("inspect", model="1")
    assert "cannot be undone" in said(app)
    button(app, "sealed-1").click().run()
    assert [command for _, command, _ in Inbox(folder).pending()] == [ScoreSealed(1)]


def test_a_model_without_weights_cannot_be_scored(home):
    write_catalogue(home)
    app = opened("inspect", model="1")
    assert sealed(app).proto.popover.disabled
    assert "Its weights are not in the data folder." in said(app)


def test_a_score_is_shown_with_its_time_and_cannot_be_asked_for_again(home):
    write_catalogue(home)
    change(
        home,
        lambda store: store.ask_sealed_score(1, 1.7e9),
        lambda store: store.finish_sealed_test(1, SealedScore(8, 6, 0.5), 1.7e9),
    )
    app = opened("inspect", model="1")
    assert "**Test accuracy 75.0 %** (+23.0 points vs. validation)" in said(app)
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


# The catalogue that changes under the page


def test_a_page_goes_on_when_the_catalogue_is_replaced_under_it(home):
    folder = write_catalogue(home)
    write_validation_images(folder, "digits", IMAGES)
    app = opened("inspect", model="1", tab="images")
    for number in range(6):
        change(home, lambda store, number=number: store.annotate(2, Annotation(str(number))))
    app.selectbox(key="images-1-true").set_value(4).run()
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
    assert "#1 :small" in said(app)


def test_a_repeated_model_shows_mean_and_spread_and_every_seed(home):
    write_catalogue(home)
    change(home, repeat)
    app = opened("inspect", model="1", tab="lineage")
    assert "#1 :small[71.7 % ± 17.6 (3 seeds) · " in said(app)
    (seeds,) = [frame.value for frame in app.dataframe if "Seed" in frame.value]
    assert seeds["Seed"].tolist() == [0, 1, 2]
    assert "Model 1: 71.7 % ± 17.6 (3 seeds), mean" in said(app)


def test_a_repeat_says_whose_it_is_and_has_its_models_lineage(home):
    write_catalogue(home)
    change(home, repeat)
    app = opened("inspect", model="7", tab="lineage")
    assert "Model 1 repeated with seed 1; complete" in said(app)
    assert button(app, "inspect-lineage-6") is not None


def test_further_seeds_are_asked_for_with_the_time_that_they_take(home):
    folder = write_catalogue(home)
    app = opened("inspect", model="1", tab="lineage")
    app.number_input(key="repeat-seeds").set_value(2).run()
    assert re.fullmatch(r"Repeat with 2 other seeds, about \d\.\d s \(± \d+ %\)", button(app, "repeat-train").label)
    app.button(key="repeat-train").click().run()
    ((_, command, _),) = Inbox(folder).pending()
    assert isinstance(command, Enqueue)
    assert [(one.origin, one.parent, one.config.seed) for one in command.proposals] == [
        (Origin.REPEAT, 1, 1),
        (Origin.REPEAT, 1, 2),
    ]


def test_a_repeated_model_has_its_mean_and_spread_in_drawer_overview_and_generate(home):
    write_catalogue(home)
    change(home, repeat, lambda store: repeat(store, 6, (5,), (1,)))
    assert "**#1** 71.7 % ± 17.6 (3 seeds)" in said(opened("generate", model="1"))
    drawer = opened("drawer", drawer=[1, 2])
    assert drawer.dataframe[0].value["Over seeds"].tolist() == ["± 17.6 (3 seeds)", ""]
    assert button(drawer, "open-1").label.endswith("#1 71.7 % ± 17.6 · 10k")
    overview = said(opened("overview"))
    assert "6 models" in overview
    (children,) = [frame.value for frame in opened("generate", model="1").dataframe if "Result" in frame.value]
    assert children[["Model", "Result"]].to_numpy().tolist() == [[6, "42.5 % ± 53.0"]]


def exported(app) -> set[str]:
    return {button.label for button in app.download_button}


def looked_at(home, model: str):
    """Inspect with its exports open."""
    assert exported(opened("inspect", model=model)) == set()  # nothing is made before it is looked at
    return opened("inspect", model=model, tab="export")


def test_a_complete_model_is_exported_in_six_forms_and_as_a_report(home):
    leave_weights(write_catalogue(home), 2)
    app = looked_at(home, "2")
    assert exported(app) == {
        "ONNX",
        "ONNX and classify.py",
        "PyTorch source",
        "PyTorch and classify.py",
        "Weights",
        "Architecture (JSON)",
        "Report",
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


def verifiable(home) -> DataFolder:
    """Models 1 and 2 with weights that are not those of their results, and the validation images."""
    folder = write_catalogue(home)
    for model in (1, 2):
        leave_weights(folder, model)
    write_validation_images(folder, "digits", IMAGES)
    return folder


def test_an_export_that_loses_accuracy_is_a_warning_before_it_leaves(home):
    verifiable(home)
    app = looked_at(home, "2")
    assert "ONNX: Verified on 20 validation images: " in said(app)
    assert "ONNX: This file loses accuracy: 60.0 % before, " in app.warning[0].value


def test_int8_is_made_when_it_is_pressed_and_checked_on_all_validation_images(home):
    verifiable(home)
    app = looked_at(home, "2")
    app.button(key="make-model-2.int8.onnx").click().run()
    (download,) = [found for found in app.download_button if found.key == "export-model-2.int8.onnx"]
    assert download.label.startswith("ONNX, int8 (")
    assert "ONNX, int8: Verified on 20 validation images: " in said(app)
    assert any(found.value.startswith("ONNX, int8: This file loses accuracy") for found in app.warning)


def test_a_form_whose_extra_is_not_installed_says_which(home, monkeypatch):
    verifiable(home)
    monkeypatch.setattr("remap_core.ui.inspect.made_exports.find_spec", lambda name: None)
    button = looked_at(home, "2").button(key="make-model-2.h")
    assert button.disabled
    assert button.help.endswith("It needs an extra that is not installed: pip install -e '.[microcontroller]'.")


def test_an_export_that_cannot_be_made_is_one_sentence_and_its_button_stays(home, monkeypatch):
    verifiable(home)

    def refused(*_):
        raise ExportFailed("int8 needs at least 10 training images to calibrate on, but digits has 1 training image.")

    monkeypatch.setattr("remap_core.ui.inspect.made_exports.made_file", refused)
    app = looked_at(home, "1")
    app.button(key="make-model-1.int8.onnx").click().run()
    assert app.error[0].value.startswith("ONNX, int8: int8 needs at least 10 training images")
    assert button(app, "make-model-1.int8.onnx") is not None


def test_without_its_weights_a_model_is_exported_as_its_architecture_and_why_is_said(home):
    write_catalogue(home)
    app = looked_at(home, "2")
    assert exported(app) == {"Architecture (JSON)", "Report"}
    assert "Model 2 has no weights in the data folder, so it cannot be exported." in said(app)


def test_damaged_weights_and_models_that_wait_are_said_not_thrown(home):
    folder = write_catalogue(home, waiting=1)
    folder.weights(2).parent.mkdir(parents=True)
    folder.weights(2).write_bytes(b"nothing")
    assert "The weights of Model 2 cannot be read" in said(looked_at(home, "2"))
    assert "Only complete models can be exported, but Model 7 is waiting." in said(looked_at(home, "7"))


def with_finish(app):
    """The page with the panel open: what is in it is not made before."""
    app.session_state["finish"] = True
    return app.run()


def test_a_model_is_finished_with_the_epochs_and_the_time_that_it_takes(home):
    folder = write_catalogue(home)
    leave_weights(folder, 1)
    app = with_finish(opened("inspect", model="1", tab="export"))
    app.number_input(key="finish-epochs").set_value(50).run()
    assert re.fullmatch(r"Finish #1, about \d\.\d s \(± \d+ %\)", button(app, "finish-train").label)
    app.button(key="finish-train").click().run()
    ((_, command, _),) = Inbox(folder).pending()
    (asked,) = command.proposals
    assert (asked.origin, asked.parent, asked.config.epochs) == (Origin.FINISH, 1, 50)
    assert asked.config.recipe.title == "thorough"


def test_a_finished_model_is_exported_with_its_finished_weights(home):
    folder = write_catalogue(home)
    change(home, finish)
    for model in (1, 7):
        leave_weights(folder, model)
    app = opened("inspect", model="1", tab="export")
    (weights,) = [group for group in app.get("button_group") if group.label == "Weights"]
    assert weights.options == ["As compared: 52.0 %", "Finished, 6 epochs: 95.0 %"]
    assert "export-model-1-finished.onnx" in {button.key for button in app.download_button}


def test_a_model_whose_weights_are_gone_says_so_instead_of_offering_to_finish_it(home):
    write_catalogue(home)
    app = with_finish(opened("inspect", model="1", tab="export"))
    assert "The weights of Model 1 are gone, so it cannot be finished." in said(app)


def test_a_finish_says_whose_it_is(home):
    write_catalogue(home)
    change(home, finish)
    assert "Model 1 finished: 6 epochs, recipe thorough, batch size 16; complete" in said(opened("inspect", model="7"))


def test_the_page_says_how_a_model_was_trained(home):
    write_catalogue(home)
    assert "Trained for 2 epochs, recipe paper, batch size 256" in said(opened("inspect", model="1"))


@pytest.mark.parametrize(("model", "said_so"), [(6, True), (5, False)])
def test_only_the_most_accurate_model_says_how_optimistic_its_accuracy_is(home, model, said_so):
    write_catalogue(home)
    words = said(opened("inspect", model=str(model)))
    assert ("The validation accuracy of the best of 6 models is optimistic by less than 0.1 points" in words) is said_so


def test_layers_say_what_a_model_needs_on_each_target_and_on_a_device_of_ones_own(home):
    write_catalogue(home)
    app = opened("inspect", model="4", tab="layers", target="80-200")
    (devices,) = (table.value for table in app.dataframe if "Target" in table.value)
    assert devices["Target"].tolist()[-2:] == ["Browser", "80 KB RAM, 200 KB flash"]
    assert devices["Result"].tolist()[:-1] == ["fits"] * 4
    assert devices["Result"].tolist()[-1].startswith("flash +")
