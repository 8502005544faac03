"""Populations that nobody plans: one model, models that are all equal, numbers that are none, nothing that finished."""

import json

import duckdb
import pytest
from apps import linked, opened, said
from catalogues import write_catalogue

from remap_core.catalogue.snapshot import Publisher
from remap_core.catalogue.store import CatalogueStore

RELU = {"kind": "activation", "function": "relu"}
PAGES = ("overview", "drawer", "inspect", "generate", "queue", "data")

ONE = "DELETE FROM trials WHERE id <> 3"
EQUAL = (
    "UPDATE trials SET parameters = 100, multiply_adds = 50, validation_accuracy = 0.5, accuracy = 0.5, parent = NULL"
)
NOT_A_NUMBER = (
    "UPDATE trials SET validation_accuracy = 'NaN', accuracy = 'NaN', latency_1_ms = 'NaN', "
    "class_accuracy = list_transform(class_accuracy, lambda x: 'NaN'::DOUBLE)"
)
LONG_CHAIN = json.dumps({"input_shape": [1, 8, 8], "classes": 10, "layers": [RELU] * 70})
LONG_TRAINING = json.dumps({"epochs": 10**9, "batch_size": 10**9, "seed": 10**12})
OVER_LIMITS = f"UPDATE trials SET architecture = '{LONG_CHAIN}', config = '{LONG_TRAINING}' WHERE id = 3"  # noqa: S608
LONG_NAMES = "UPDATE datasets SET class_names = list_transform(class_names, lambda x: repeat('<b>' || x, 3000))"
NOTHING_FINISHED = "UPDATE trials SET state = 'failed', error = 'The training diverged.'"


def written(home, change: str) -> None:
    folder = write_catalogue(home)
    with duckdb.connect(folder.live) as connection:
        connection.execute(change)
    store = CatalogueStore.open(folder)
    Publisher(store, folder).publish()
    store.close()


@pytest.mark.parametrize(
    "change",
    [ONE, EQUAL, NOT_A_NUMBER, NOTHING_FINISHED, OVER_LIMITS, LONG_NAMES],
    ids=["one", "equal", "nan", "none", "over limits", "long names"],
)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_stays_usable(home, page, change):
    written(home, change)
    app = opened(page, drawer=[3], selected=3)
    assert not app.exception
    assert "<b>" not in said(app).replace("\\<", "")


def test_a_damaged_pointer_to_the_newest_snapshot_hides_no_model(home):
    write_catalogue(home).pointer.write_text("damaged")
    assert "6 models, best 80.0 %" in said(opened("overview"))


def test_one_model_is_all_that_a_start_can_be_made_from(home):
    written(home, ONE)
    words = said(opened("overview"))
    assert "1 model" in words
    assert "Most accurate · Knee of the front · Smallest within 2 points of the best" in words


def test_where_no_model_reached_an_accuracy_that_is_said(home):
    written(home, NOT_A_NUMBER)
    assert "No model reached an accuracy." in said(opened("overview"))


def test_where_no_training_finished_that_is_said(home):
    written(home, NOTHING_FINISHED)
    assert "has no finished models yet, and the queue is empty." in said(opened("overview"))


def test_where_no_model_is_within_the_caps_that_is_said_with_the_number_of_models(home):
    write_catalogue(home)
    assert "None of 6 models is within the caps of the objective." in said(opened("overview", cap="1"))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "query",
    [
        {"model": "<script>alert(1)</script>", "drawer": "x,,9e9", "cap": "-1", "dock": "sideways", "tab": "none"},
        {"way": "bribe", "layers": "0-99-x", "draft": "Dense minus one", "model": "3", "compare": "3", "x": "beauty"},
        {"dataset": "of somebody else", "classes": "99x2", "map": "treasure", "unknown": "<img src=x>"},
    ],
    ids=["markup", "children", "elsewhere"],
)
def test_hostile_and_unknown_parts_of_a_url_are_said_or_ignored(home, page, query):
    write_catalogue(home)
    app = linked(page, **{"drawer": "", **query})
    assert not app.exception
    assert "<script>" not in said(app).replace("\\<", "")
