"""Several data sets side by side: each with its own models, drawer, objective and queue, and in the URL."""

from dataclasses import replace

import pytest
from apps import linked, opened, said
from catalogues import CARD, architecture, evaluation, write_catalogue
from trainings import epoch

from remap_core.catalogue.snapshot import Publisher
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Proposal
from remap_core.ui.session import SESSION

LEAVES = "leaves@0123456789ab"


@pytest.fixture
def two(home):
    """Models 1 to 6 of digits, 7 to 9 of leaves, of which 9 waits."""
    folder = write_catalogue(home)
    store = CatalogueStore.open(folder)
    store.register_dataset(replace(CARD, name=LEAVES))
    chains = ("Dense 7, ReLU", "Dense 8, ReLU", "Dense 9, ReLU")
    store.enqueue([Proposal(architecture(text), LEAVES, TrainingConfig(epochs=1)) for text in chains], 200.0)
    for number in (7, 8):
        store.claim(201.0)
        store.record_epoch(number, epoch(1))
        store.complete(number, evaluation(number), 203.0)
    Publisher(store, folder).publish()
    store.close()
    return home


def switched(app, name):
    app.selectbox(key="dataset-switch").set_value(name).run()
    assert not app.exception
    return app


def session(app):
    return app.session_state[SESSION]


def test_one_data_set_is_named_and_not_a_choice(home):
    write_catalogue(home)
    app = opened("overview")
    assert "digits" in [text.value for text in app.sidebar.markdown]
    assert not [box for box in app.sidebar.selectbox if box.key == "dataset-switch"]
    assert "dataset" not in app.query_params


@pytest.mark.parametrize("page", ["overview", "drawer", "inspect", "generate", "queue", "data"])
def test_every_page_switches_between_titles(two, page):
    app = opened(page)
    switch = app.sidebar.selectbox(key="dataset-switch")
    assert switch.options == ["digits", "leaves"]
    switched(app, LEAVES)
    assert app.query_params["dataset"] == LEAVES


def test_the_overview_shows_the_models_of_the_chosen_data_set(two):
    app = opened("overview")
    assert "6 models" in said(app)
    assert "2 models" in said(switched(app, LEAVES))


def test_each_data_set_has_its_own_drawer(two):
    app = opened("overview", drawer=[1, 2], selected=2)
    switched(app, LEAVES)
    assert (session(app).drawer, session(app).selected) == ([], None)
    assert "drawer" not in app.query_params
    session(app).drawer.append(7)
    switched(app, "digits")
    assert (session(app).drawer, session(app).selected) == ([1, 2], 2)
    switched(app, LEAVES)
    assert session(app).drawer == [7]


def test_each_data_set_has_its_own_objective(two):
    app = opened("overview")
    app.number_input(key="cap-parameters").set_value(1000).run()
    switched(app, LEAVES)
    assert app.number_input(key="cap-parameters").value is None
    switched(app, "digits")
    assert app.number_input(key="cap-parameters").value == 1000


def test_the_queue_shows_one_data_set_or_all(two):
    app = opened("queue")
    assert "The queue is empty." in said(app)
    assert [row["Model"] for row in app.dataframe[0].value.to_dict("records")] == [6, 5, 4, 3, 2, 1]
    app.button_group(key="queue-datasets").set_value(True).run()
    assert "0 running, 1 waiting" in said(app)
    assert "#9 · leaves" in said(app)
    assert set(app.dataframe[0].value["Data set"]) == {"digits", "leaves"}
    switched(app, LEAVES)
    app.button_group(key="queue-datasets").set_value(False).run()
    assert [row["Model"] for row in app.dataframe[0].value.to_dict("records")] == [8, 7]


@pytest.mark.parametrize("named", [LEAVES, "leaves"])
def test_a_link_opens_the_data_set_that_it_names(two, named):
    app = opened("overview", dataset=named)
    assert session(app).dataset == LEAVES
    assert "2 models" in said(app)
    assert app.query_params["dataset"] == LEAVES


def test_a_link_to_a_model_opens_its_data_set(two):
    app = opened("inspect", model="8")
    assert "##### #8 " in said(app)
    assert (session(app).dataset, app.query_params["dataset"]) == (LEAVES, LEAVES)


def test_a_link_to_a_drawer_opens_the_data_set_of_its_models(two):
    app = linked("drawer", "7,8")
    assert (session(app).dataset, session(app).drawer) == (LEAVES, [7, 8])


def test_switching_on_a_page_about_a_model_leaves_the_model(two):
    app = switched(opened("inspect", model="2"), LEAVES)
    assert "Start here" in said(app)
    assert "**#8** 40.0 %" in said(app)
    assert "model" not in app.query_params


def test_a_link_to_a_data_set_that_is_not_there_says_so_and_shows_the_first(two):
    app = opened("overview", dataset="<b>nowhere")
    assert app.main.warning[0].value == "There is no data set \\<b\\>nowhere."
    assert "6 models" in said(app)


def test_a_removed_data_set_is_looked_away_from(two):
    app = opened("overview", dataset="leaves")
    folder = DataFolder(two)
    store = CatalogueStore.open(folder)
    store.remove_dataset(LEAVES)
    Publisher(store, folder).publish()
    store.close()
    app.run()
    assert not app.exception
    assert "6 models" in said(app)
    assert "leaves" not in [text.value for text in app.sidebar.markdown]
