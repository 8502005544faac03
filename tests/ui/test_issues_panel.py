"""What the models say about the data, on the data page, run by Streamlit's own test runner."""

from base64 import b64decode
from dataclasses import replace
from io import BytesIO

import numpy as np
from apps import opened, said
from catalogues import CARD, wide_card, write_catalogue, write_halved
from photos import write_photos
from PIL import Image

import remap_core as remap
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.data_folder.validation_images import write_validation_images
from remap_core.datasets.dataset import load_dataset
from remap_core.datasets.kept import find_kept, kept_datasets
from remap_core.datasets.preparation.intake import add
from remap_core.datasets.recipe import Choices
from remap_core.trials.dataset_card import DatasetCard
from remap_core.ui.data.issues.image_list import PAGE
from remap_core.ui.data.issues.issues_panel import MAX_PAIRS
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.session import SESSION

PIXELS = np.arange(20 * 64, dtype=np.int64).reshape(20, 8, 8, 1).astype(np.uint8)


def asked():
    """The page with the panel open."""
    app = opened("data")
    app.session_state["data-issues"] = True
    app.run()
    assert not app.exception
    return app


def rows(app):
    """What is said of each image that is shown, in both lists."""
    return [str(text.value) for text in app.markdown if " models say " in str(text.value)]


def pictures(app):
    """The pictures, as they are sent."""
    sent = (element.proto.body for element in app.get("html"))
    return [body.split('"')[1] for body in sent if "Validation image" in body]


def current(app):
    return app.session_state[SESSION]


def say(app, image, what):
    app.button_group(key=f"issues-said-digits-{image}").set_value(what).run()
    assert not app.exception


def test_the_panel_stays_closed_and_asks_nothing_before_it_is_opened(home):
    write_catalogue(home)
    app = opened("data")
    assert [panel.label for panel in app.expander][:1] == ["What the models say about digits"]
    assert "Suspected wrong labels" not in said(app)


def test_with_fewer_than_five_models_one_sentence_says_what_is_missing(home):
    write_halved(home)
    words = said(asked())
    assert "needs at least 5 finished models, but digits has 1 model." in words
    assert "Suspected wrong labels" not in words


def test_without_models_there_is_no_panel(home):
    assert not [panel for panel in opened("data").expander if panel.label.startswith("What the models say")]


def test_suspected_labels_are_shown_with_picture_label_and_votes(home):
    write_catalogue(home)
    write_validation_images(DataFolder(home), "digits", PIXELS)
    app = asked()
    assert "the better half of the finished models, 3 models, on 20 validation images" in said(app)
    assert rows(app)[0] == "Labelled **6** · 3 of 3 models say **7**, 0 say **6**  \n:small[:gray[Image 16]]"
    assert [f"Image {image}]" in row for image, row in zip((16, 17, 18, 19, 14, 15), rows(app), strict=True)]
    assert len(pictures(app)) == 6


def test_pictures_of_large_images_are_small(home):
    write_catalogue(home, card=replace(CARD, input_shape=(3, 224, 224)))
    noise = np.random.default_rng(0).integers(0, 256, (20, 224, 224, 3), dtype=np.uint8)
    write_validation_images(DataFolder(home), "digits", noise)
    for picture in pictures(asked()):
        encoded = picture.removeprefix("data:image/png;base64,")
        assert max(Image.open(BytesIO(b64decode(encoded))).size) == 75


def test_a_pair_that_every_good_model_confuses_is_a_limit_of_the_data(home):
    labels = np.repeat(np.arange(10, dtype=np.uint8), 8)  # images 16 to 19, all of class 2, are read as 3
    write_catalogue(home, card=replace(CARD, split=(70, 80, 10), validation_labels=labels))
    words = said(asked())
    assert "- **2** and **3**: of 16 images, 4.0 are read as the other on average (4.0 2 as 3), 4 by #6" in words
    assert "In no two classes do good models differ by more than chance." in words


def by_place(images: int) -> DatasetCard:
    """Images 14 and 15 of every 20 are fours, which the best model alone tells from fives; 16 to 19 are noughts."""
    place = np.arange(images) % 20
    labels = np.select([place >= 16, place >= 14], [0, 4], 8).astype(np.uint8)
    return replace(CARD, split=(70, images, 10), validation_labels=labels)


def test_a_pair_that_the_best_model_tells_apart_is_a_limit_of_the_architecture(home):
    write_catalogue(home, card=by_place(100))
    words = said(asked())
    assert "- **4** and **5**: of 10 images, 5.0 are read as the other on average (5.0 4 as 5), 0 by #6" in words
    assert "more pair" not in words


def test_pairs_with_too_few_images_are_only_counted(home):
    write_catalogue(home, card=by_place(40))
    words = said(asked())
    assert "1 more pair: too few images to say that it is no chance." in words
    assert "**4** and **5**" not in words


def test_of_many_pairs_the_first_are_listed_and_the_others_counted(home):
    labels = np.repeat(np.arange(10, dtype=np.uint8), 20)  # the last four of each class are read as the next one
    write_catalogue(home, card=replace(CARD, split=(70, 200, 10), validation_labels=labels))
    words = said(asked())
    assert words.count("are read as the other on average") == MAX_PAIRS
    assert "- … and 2 more" in words


def test_no_pairs_and_no_hard_images_are_said_in_words(home):
    write_catalogue(home)
    words = said(asked())
    assert "No two classes are confused by every good model." in words


def test_without_stored_images_the_lists_have_no_pictures_and_the_page_says_why(home):
    write_catalogue(home)
    app = asked()
    assert "Without pictures: The validation images were not published" in said(app)
    assert pictures(app) == []
    assert len(rows(app)) == 6


def test_images_of_an_added_data_set_have_the_names_of_their_files(home, tmp_path):
    kept = add(write_photos(tmp_path / "trees.zip", per_class=40), "trees", Choices(side=16), home)
    card = replace(load_dataset(kept.name, home).card(), input_shape=(1, 8, 8))
    write_catalogue(home, card=card)
    app = asked()
    assert [panel.label for panel in app.expander][:1] == ["What the models say about trees"]
    assert rows(app)
    assert all(any(escape_markdown(name) in row for name in kept.names()) for row in rows(app))


def test_of_many_images_the_first_are_shown_and_more_on_request(home):
    write_catalogue(home, card=wide_card(1000))
    app = asked()
    assert "600 images." in said(app)
    assert len(rows(app)) == 2 * PAGE  # suspected and hard ones
    assert "kind 16 of bird" in rows(app)[0]
    app.button(key="issues-suspected-shown-more").click().run()
    assert len(rows(app)) == 3 * PAGE


def test_what_is_said_of_images_becomes_a_new_data_set_and_the_page_says_what_comes_next(home):
    card = load_dataset("digits#140").card()
    write_catalogue(home, card=card)
    app = asked()
    app.button_group(key="issues-said-digits#140-16").set_value("Label is wrong").run()
    app.button_group(key="issues-said-digits#140-17").set_value("Leave out").run()
    assert "1 label corrected, 1 image left out** in a new data set; digits#140 and its models stay" in said(app)
    app.button(key="issues-make").click().run()
    assert "Next: train models on it." in app.success[0].value
    kept = find_kept("digits-corrected-140", home)
    wrong = int(card.validation_labels[16])
    assert kept.recipe.relabelled == (("validation 16", card.class_names[(wrong + 1) % 10]),)
    assert kept.recipe.without == ("validation 17",)
    assert current(app).corrections["digits#140"] == {}
    assert app.button_group(key="issues-said-digits#140-16").value is None
    app.button(key="issues-train").click().run()
    assert "The first models of digits-corrected-140 are being sampled" in said(app)


def test_another_class_than_the_models_say_can_be_chosen(home):
    write_catalogue(home)
    app = asked()
    say(app, 16, "Label is wrong")
    app.selectbox(key="issues-said-digits-16-class").set_value("9").run()
    assert current(app).corrections["digits"] == {16: "9"}
    say(app, 16, None)
    assert current(app).corrections["digits"] == {}


def test_a_name_that_is_taken_is_one_sentence_and_nothing_that_was_said_is_lost(home):
    write_catalogue(home)
    app = asked()
    say(app, 16, "Leave out")
    app.text_input(key="issues-name").set_value("leaves")
    app.button(key="issues-make").click().run()
    assert [error.value for error in app.error] == [
        "leaves is the name of a data set that is built in: choose another one."
    ]
    assert current(app).corrections["digits"] == {16: ""}


def test_the_trainings_that_judge_training_images_are_queued_by_a_press(home):
    write_catalogue(home)
    app = asked()
    assert "Needs 15 trainings of the 5 best models" in said(app)
    app.button(key="issues-held-out").click().run()
    assert not app.exception
    ((_, command, _),) = Inbox(DataFolder(home)).pending()
    assert {proposal.dataset for proposal in command.proposals} == {f"digits%not{part}of3" for part in (1, 2, 3)}


def test_training_images_are_listed_with_pictures_and_corrected_by_their_numbers(home, monkeypatch):
    monkeypatch.setenv("REMAP_DATASET", "digits#300")
    lab = remap.open(home, dataset="digits#300", epochs=1)
    lab.train([remap.architecture(f"MaxPool 2, Dense {units}", dataset=lab) for units in range(8, 13)], progress=False)
    lab.train(lab.held_out(), progress=False)
    app = asked()
    assert "5 models, each trained without the images that it judges, 210 in all" in said(app)
    hard = lab.data_issues(training=True)["hard"][0]
    row = next(text for text in rows(app) if f"Image {hard['image'].split()[1]}]" in text and "of 5 models" in text)
    assert f"Labelled **{hard['label']}**" in row
    assert any("Training image" in element.proto.body for element in app.get("html"))
    app.button_group(key=f"issues-said-digits#300-{hard['image']}").set_value("Label is wrong").run()
    assert "**1 label corrected** in a new data set" in said(app)
    app.button(key="issues-make").click().run()
    assert not app.exception
    (kept,) = kept_datasets(home)
    assert kept.recipe.relabelled == ((hard["image"], hard["other"]),)
