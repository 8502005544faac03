"""Pages on a data set of 1,000 classes: as usable as with ten."""

import json

import numpy as np
import pytest
from apps import opened, said
from catalogues import evaluation, wide_card, write_catalogue

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.validation_images import write_validation_images
from remap_core.drawing.charts.shown_classes import MAX_SHOWN
from remap_core.drawing.report import report_html
from remap_core.services.reports import report_of
from remap_core.ui.drawer.comparison_table import MAX_CLASSES
from remap_core.ui.events.chart_events import Point
from remap_core.ui.inspect.image_panel import ANY
from remap_core.ui.inspect.performance import open_images
from remap_core.ui.session import SESSION, Session
from remap_core.ui.sidebar.objective_panel import MAX_WEIGHTED

CARD = wide_card(1000)


@pytest.fixture
def birds(home) -> DataFolder:
    return write_catalogue(home, card=CARD)


def figure(app, key: str) -> dict:
    (chart,) = (chart for chart in app.get("plotly_chart") if chart.key == key)
    return json.loads(chart.proto.spec)


def test_the_charts_of_a_model_show_the_classes_with_the_most_errors_and_others_are_chosen(birds):
    app = opened("inspect", model="3")
    matrix, bars = figure(app, "inspect-confusion"), figure(app, "inspect-confusion")["data"][-1]
    assert len(matrix["layout"]["yaxis"]["ticktext"]) == len(bars["customdata"]) == MAX_SHOWN
    assert bars["hovertext"][0] == "0.0 % of 3 images of kind 13 of bird are classified correctly"
    app.multiselect(key="inspect-shown").set_value([999, 4]).run()
    assert figure(app, "inspect-confusion")["layout"]["yaxis"]["ticktext"] == ["kind 999 of bird", "kind 4 of bird"]
    assert figure(app, "inspect-confusion")["data"][-1]["customdata"] == [999, 4]


def test_a_click_on_a_chart_of_chosen_classes_finds_them(birds, monkeypatch):
    trial = open_snapshot(birds).trial(3)
    chosen = {SESSION: Session()}
    monkeypatch.setattr("streamlit.session_state", chosen)
    open_images(trial, Point(1, (0, 2), None, None, None), [700, 3, 800])
    assert (chosen["images-3-true"], chosen["images-3-predicted"]) == (700, 800)
    open_images(trial, Point(0, 1, None, None, 3), [700, 3, 800])
    assert (chosen["images-3-true"], chosen["images-3-predicted"]) == (3, ANY)


def test_images_of_a_class_beyond_256_are_those_of_the_class(birds):
    pixels = np.repeat(CARD.validation_labels % 251, 64).astype(np.uint8).reshape(-1, 8, 8, 1)
    write_validation_images(birds, "birds", pixels)
    app = opened("inspect", model="3", tab="images")
    app.selectbox(key="images-3-true").set_value(999).run()
    assert "3 images, each with its predicted class." in said(app)
    sheet = "".join(element.proto.body for element in app.get("html"))
    assert "kind 999 of bird, predicted kind 0 of bird" in sheet


def test_the_drawer_has_columns_for_the_classes_in_which_its_models_differ_the_most(birds):
    app = opened("drawer", drawer=[1, 6])
    (table,) = [frame.value for frame in app.dataframe if "Class" in frame.value]
    assert len(table) == MAX_CLASSES
    differences = (table["#6"] - table["#1"]).to_numpy()
    expected = 100 * (evaluation(16, CARD).class_accuracy - evaluation(11, CARD).class_accuracy)
    assert differences.tolist() == pytest.approx(np.sort(expected)[-MAX_CLASSES:].tolist())
    assert f"The {MAX_CLASSES} classes in which the models differ the most." in said(app)


def test_the_objective_weighs_classes_that_are_searched_for_and_shows_some_chips_at_a_time(birds):
    app = opened("overview")
    assert not chips(app)
    app.multiselect(key="objective-classes").set_value([*range(900, 940)]).run()
    assert chips(app) == [f"class-{label}" for label in range(900, 900 + MAX_WEIGHTED)]
    assert "and 10 more with a weight, all of them in the list above." in said(app)
    assert "best 80.0 % for kind 900 of bird, kind 901 of bird, kind 902 of bird, 37 more" in said(app)


def chips(app) -> list[str]:
    return [button.key for button in app.button if button.key.startswith("class-")]


@pytest.mark.parametrize("page", ["generate", "queue"])
def test_the_other_pages_open(birds, page):
    assert "kind 0 of bird" not in said(opened(page, selected=2))


def test_a_report_names_some_classes_and_counts_the_others(birds):
    catalogue = open_snapshot(birds)
    html = report_html(report_of(catalogue, catalogue.population("birds"), [2], 0.0))
    assert "1,000 classes: kind 0 of bird, " in html
    assert "kind 39 of bird, and 960 more." in html
