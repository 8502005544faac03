import numpy as np
import pytest
from apps import linked, opened, said
from catalogues import CARD, architecture, write_catalogue
from weights import leave_weights

from remap_core.catalogue.snapshot import Publisher
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.drawing.snac.chips import Size
from remap_core.trials.annotations import Annotation
from remap_core.trials.commands import Annotate
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import Evaluation, Latency
from remap_core.trials.trial import Proposal
from remap_core.ui.session import SESSION
from remap_core.ui.sidebar.drawer_rows import MAX_LISTED
from remap_core.ui.tables import snac_column


def drawer(app) -> list[int]:
    return app.session_state[SESSION].drawer


def chosen(app, *models):
    """Select the rows of these models."""
    table = app.dataframe[0]
    rows = [table.value["Model"].tolist().index(model) for model in models]
    app.session_state[table.key] = {"selection": {"rows": rows}}
    return app.run()


def named(app) -> str:
    return "".join(app.query_params["drawer"])  # a list of one where the page left it as it was


def test_an_empty_drawer_says_how_models_come_into_it(home):
    write_catalogue(home)
    assert "The drawer is empty. Click circles on the map" in said(opened("drawer"))


def test_the_table_has_a_row_for_each_model_in_the_order_of_the_drawer_with_all_metrics(home):
    write_catalogue(home)
    table, classes = (found.value for found in opened("drawer", drawer=[4, 1, 6]).dataframe)
    assert table["Model"].tolist() == [4, 1, 6]
    assert table["Validation accuracy"].between(1, 100).all(), "in percent"
    assert {"Parameters", "Multiply-adds", "Latency, batch of 1", "Seconds per epoch"} <= {*table}
    assert {*classes} == {"Class", "#4", "#1", "#6"}
    assert classes["Class"].tolist() == list("0123456789")
    assert classes["#4"].between(1, 100).all(), "in percent"


def test_columns_that_say_nothing_about_these_models_are_left_out(home):
    write_catalogue(home, failed=1)
    silent = {"State", "Epochs", "Origin", "Tags", "Note", "Over seeds", "Data set"}
    assert not silent & {*opened("drawer", drawer=[4, 1]).dataframe[0].value}
    assert opened("drawer", drawer=[1, 7]).dataframe[0].value["State"].tolist() == ["complete", "failed"]


def test_selected_rows_stay_selected_on_another_page_and_when_rows_go(home):
    write_catalogue(home)
    app = chosen(opened("drawer", drawer=[3, 2, 1]), 1)
    assert "Report on 1 model" in offered(app)
    app.switch_page("pages/queue.py").run()
    app.switch_page("pages/drawer.py").run()
    assert "Report on 1 model" in offered(app)
    app.session_state[SESSION].drawer.remove(3)
    app.run()
    assert "Inspect #1" in offered(app)


def offered(app) -> set[str]:
    return {button.label for button in [*app.button, *app.download_button]}


def test_what_is_removed_comes_back_to_where_it_was(home):
    write_catalogue(home)
    app = opened("drawer", drawer=[3, 2, 1])
    chosen(app, 2, 1)
    app.button(key="remove").click().run()
    assert drawer(app) == [3]
    app.button(key="undo").click().run()
    assert drawer(app) == [3, 2, 1]
    assert not app.exception


def test_the_drawer_of_the_address_is_taken_over_once_and_the_address_follows_it(home):
    write_catalogue(home)
    app = linked("drawer", "3,1,5")
    assert (drawer(app), named(app)) == ([3, 1, 5], "3,1,5")
    chosen(app, 1)
    app.button(key="remove").click().run()
    assert (drawer(app), named(app)) == ([3, 5], "3,5")


@pytest.mark.parametrize("page", ["overview", "inspect", "generate", "queue"])
def test_every_page_names_the_drawer_in_its_address(home, page):
    write_catalogue(home)
    app = linked(page, "3,1", model="2")
    assert drawer(app) == [3, 1]
    assert named(app) == "3,1"


def test_what_of_an_address_is_no_number_is_said_and_the_rest_is_kept(home):
    write_catalogue(home)
    app = linked("drawer", "3,<img src=x>,1")
    assert drawer(app) == [3, 1]
    assert "but got '\\<img src=x\\>', which is ignored." in said(app)


def test_models_that_are_not_in_the_catalogue_are_said_and_kept(home):
    write_catalogue(home)
    app = linked("drawer", "99,1")
    assert drawer(app) == [99, 1]
    assert "Not in this catalogue: #99." in said(app)
    app.button(key="remove-missing").click().run()
    assert drawer(app) == [1]


def test_two_models_are_compared_layer_by_layer_and_by_a_paired_test(home):
    write_catalogue(home)
    words = said(opened("drawer", drawer=[1, 6]))
    assert "From #1 to #6: 3 kept, 1 removed." in words
    assert "- Removed layer 2 (ReLU)" in words
    assert "#1 is right on 0 images where #6 is wrong, 5 the other way: within noise (exact McNemar p = 0.062)" in words


def test_two_of_many_are_compared_when_they_are_chosen(home):
    write_catalogue(home)
    app = opened("drawer", drawer=[1, 2, 3])
    assert "Two are compared layer by layer." in said(app)
    assert "From #1 to #3: " in said(chosen(app, 1, 3))


def test_models_without_predictions_are_compared_by_what_there_is(home):
    write_catalogue(home, failed=1)
    words = said(opened("drawer", drawer=[1, 7]))
    assert "Model 7 has no predictions: it is failed." in words


def test_models_of_different_data_sets_are_not_tested_against_each_other(home):
    write_catalogue(home)
    add_model_of_another_data_set(home)
    app = opened("drawer", drawer=[1, 7])
    assert "Model 1 and Model 7 cannot be compared image by image: they belong to different data sets." in said(app)
    assert app.dataframe[0].value["Data set"].tolist() == ["digits", "<b>other</b>"]


def test_a_note_is_sent_through_the_inbox_as_it_was_typed(home):
    folder = write_catalogue(home)
    app = opened("drawer", drawer=[2])
    note = '<script>alert(1)</script> & "quotes"\nsecond line 🧩'
    app.text_area(key="note-2").set_value(note).run()
    app.text_input(key="tags-2").set_value("small, <i>slow</i>").run()
    app.button(key="save-2").click().run()
    ((_, command, _),) = Inbox(folder).pending()
    assert command == Annotate(2, note, ("small", "<i>slow</i>"))
    assert "Sent. Waiting for a trainer." in said(app)


def test_a_note_that_is_too_long_is_refused_in_a_sentence_and_cannot_be_sent(home):
    folder = write_catalogue(home)
    app = opened("drawer", drawer=[2])
    app.text_input(key="tags-2").set_value("x" * 41).run()
    assert "A tag has at most 40 characters" in app.error[0].value
    app.button(key="save-2").click().run()
    assert Inbox(folder).pending() == []
    assert app.text_input(key="tags-2").value == "x" * 41


def test_notes_and_tags_are_shown_as_they_were_kept(home):
    write_catalogue(home)
    note = "<b>first</b> **line**\nsecond " + 9_000 * "x"
    annotate(home, 2, Annotation(note, ("small",)))
    app = opened("drawer", drawer=[1, 2])
    table = app.dataframe[0].value
    assert [list(tags) for tags in table["Tags"]] == [[], ["small"]]
    assert table["Note"].tolist() == ["", "<b>first</b> **line**…"]
    assert app.text[0].value == note


def test_the_sidebar_opens_a_model_and_marks_the_one_that_is_shown(home):
    write_catalogue(home)
    app = opened("drawer", drawer=[1, 2])
    app.button(key="open-2").click().run()
    assert app.session_state[SESSION].selected == 2
    assert ":primary[**#2**]" in app.button(key="open-2").label
    assert ":primary" not in app.button(key="open-1").label


def test_the_snac_column_is_as_wide_as_the_longest_chain():
    chain = architecture(", ".join(["ReLU", "Tanh"] * 6))
    column = snac_column([architecture("Dense 4"), chain])
    assert column["width"] == Size.MEDIUM.width(13) + 16


def annotate(home, model, annotation):
    folder = DataFolder(home)
    store = CatalogueStore.open(folder)
    store.annotate(model, annotation)
    Publisher(store, folder).publish()
    store.close()


def add_model_of_another_data_set(home):
    folder = DataFolder(home)
    store = CatalogueStore.open(folder)
    other = DatasetCard("<b>other</b>", *[getattr(CARD, name) for name in [*DatasetCard.__dataclass_fields__][1:]])
    store.register_dataset(other)
    (model,) = store.enqueue([Proposal(architecture("Dense 16"), other.name)], 200.0)
    store.claim(201.0)
    predictions = CARD.validation_labels
    store.complete(model, Evaluation(2 * np.eye(10, dtype=np.int64), predictions, Latency(1, 2, "cpu", 1)), 202.0)
    Publisher(store, folder).publish()
    store.close()


def test_a_report_on_the_models_is_offered(home):
    write_catalogue(home)
    app = opened("drawer", drawer=[1, 6])
    assert "Report on 2 models" in {button.label for button in app.download_button}


def test_a_report_is_written_when_somebody_asks_for_it(home, monkeypatch):
    write_catalogue(home)
    monkeypatch.setattr("remap_core.drawing.report.report_html", lambda _: pytest.fail("nobody asked"))
    monkeypatch.setattr("remap_core.services.model_files.architectures_json", lambda _: pytest.fail("nobody asked"))
    assert "Report on 6 models" in {button.label for button in opened("drawer", drawer=range(1, 7)).download_button}


def test_of_a_drawer_of_many_models_the_sidebar_lists_the_last_and_says_so(home):
    write_catalogue(home, waiting=MAX_LISTED)
    app = opened("queue", drawer=range(1, MAX_LISTED + 7))
    listed = [button.key for button in app.sidebar.button if (button.key or "").startswith("open-")]
    assert listed == [f"open-{model}" for model in range(7, MAX_LISTED + 7)]
    assert "The last 50 of 56 models; the page Drawer has all of them." in said(app)


def test_the_chosen_models_are_exported_to_one_zip_file(home):
    folder = write_catalogue(home)
    leave_weights(folder, 2)
    app = opened("drawer", drawer=[2, 3])
    app.session_state["drawer-export-forms"] = [".json", ".onnx"]
    app.run().button(key="make-zip").click().run()
    (download,) = [found for found in app.download_button if found.key == "download-zip"]
    assert download.label.startswith("Download 2 models (")
    assert "Model 3 has no weights in the data folder, so it cannot be exported." in said(app)
    assert "model-2/model-2.onnx: Not verified: The validation images were not published" in said(app)


def test_an_export_of_models_without_weights_is_one_sentence(home):
    write_catalogue(home)
    app = opened("drawer", drawer=[2, 3])
    app.button(key="make-zip").click().run()
    assert [error.value for error in app.error] == [
        "Model 2 has no weights in the data folder, so it cannot be exported."
    ]
    assert "download-zip" not in {found.key for found in app.download_button}
