"""What the models say about the data, on the data page, run by Streamlit's own test runner."""

from dataclasses import replace

import numpy as np
from apps import opened, said
from catalogues import CARD, wide_card, write_catalogue, write_halved
from photos import write_photos

from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.validation_images import write_validation_images
from remap_core.datasets.dataset import load_dataset
from remap_core.datasets.preparation.intake import add
from remap_core.datasets.recipe import Choices
from remap_core.ui.data.issues_panel import MAX_IMAGES

PIXELS = np.arange(20 * 64, dtype=np.int64).reshape(20, 8, 8, 1).astype(np.uint8)


def asked():
    """The page with the panel open."""
    app = opened("data")
    app.session_state["data-issues"] = True
    app.run()
    assert not app.exception
    return app


def images(app, kind):
    """The rows of a table, as it is shown."""
    (found,) = (frame for frame in app.dataframe if frame.proto.alt.startswith(kind))
    return found.value.to_dict("records")


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
    first, *_, last = images(app, "Suspected")
    assert first["Image"].startswith("data:image/png;base64,")
    assert {key: value for key, value in first.items() if key != "Image"} == {
        "Label": "6",
        "Other class": "7",
        "Votes for it": "3 of 3",
        "Votes for the label": "0 of 3",
        "Number": 16,
    }
    assert last["Number"] == 19


def test_a_pair_that_every_good_model_confuses_is_a_limit_of_the_data(home):
    labels = np.repeat(np.arange(10, dtype=np.uint8), 8)  # images 16 to 19, all of class 2, are read as 3
    write_catalogue(home, card=replace(CARD, split=(70, 80, 10), validation_labels=labels))
    words = said(asked())
    assert "- **2** and **3**: of 16 images, 4.0 are read as the other on average (4.0 2 as 3), 4 by #6" in words
    assert "In no two classes do good models differ by more than chance." in words


def test_no_pairs_and_no_hard_images_are_said_in_words(home):
    write_catalogue(home)
    words = said(asked())
    assert "No two classes are confused by every good model." in words


def test_without_stored_images_the_tables_have_no_pictures_and_the_page_says_why(home):
    write_catalogue(home)
    app = asked()
    assert "Without pictures: The validation images were not published" in said(app)
    assert "Image" not in images(app, "Suspected")[0]


def test_images_of_an_added_data_set_have_the_names_of_their_files(home, tmp_path):
    kept = add(write_photos(tmp_path / "trees.zip", per_class=40), "trees", Choices(side=16), home)
    card = replace(load_dataset(kept.name, home).card(), input_shape=(1, 8, 8))
    write_catalogue(home, card=card)
    app = asked()
    assert [panel.label for panel in app.expander][:1] == ["What the models say about trees"]
    files = [row["File"] for row in images(app, "Suspected")]
    assert files
    assert set(files) <= set(kept.names())


def test_a_data_set_of_a_thousand_classes_is_shown_like_any_other(home):
    card = wide_card(1000)
    write_catalogue(home, card=card)
    app = asked()
    assert f"{MAX_IMAGES} of 600 images" in said(app)
    assert len(images(app, "Suspected")) == MAX_IMAGES
    assert "kind 16 of bird" in {row["Label"] for row in images(app, "Suspected")}
