"""The overview, run by Streamlit's own test runner."""

import json
from dataclasses import replace

import numpy as np
import pytest
from apps import opened, said
from catalogues import CARD, write_catalogue

from remap_core.catalogue.snapshot import Publisher
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.trials.trial import Origin
from remap_core.ui.session import SESSION


def traces(app) -> dict[str, dict]:
    """The traces of the chart by their names."""
    (chart,) = app.get("plotly_chart")
    return {trace["name"]: trace for trace in json.loads(chart.proto.spec)["data"] if "name" in trace}


def sidebar(app) -> list[str]:
    return [text.value for text in app.sidebar.text]


def address(app) -> dict[str, str]:
    return {key: text if isinstance(text, str) else text[0] for key, text in app.query_params.items()}


def enter(app, **values):
    for key, value in values.items():
        app.number_input(key=key.replace("_", "-")).set_value(value).run()
        assert not app.exception
    return app


def renamed(home, names: tuple[str, ...], classes: int = 10) -> None:
    """The data set with other class names, and as many classes as there are names."""
    write_catalogue(home)
    folder = DataFolder(home)
    store = CatalogueStore.open(folder)
    examples = np.zeros((len(names), *CARD.examples.shape[1:]), np.uint8)
    store.register_dataset(replace(CARD, class_names=names, examples=examples))
    Publisher(store, folder).publish()
    store.close()


def test_three_entries_weigh_two_classes_and_cap_the_parameters(home):
    write_catalogue(home)
    app = enter(opened("overview"), weight_2=2.0, weight_3=2.0, cap_parameters=100_000)
    assert sidebar(app) == ["Objective: 2 x2, 3 x2; at most 100,000 parameters"]
    assert address(app) == {"classes": "2x2-3x2", "cap": "100000"}


def test_weights_recolour_the_circles_without_any_training(home):
    write_catalogue(home)
    app = opened("overview")
    before = traces(app)["models"]["marker"]["color"]
    after = traces(enter(app, weight_9=1.0))["models"]["marker"]["color"]
    assert before != after


def test_the_objective_is_kept_on_every_page_and_on_the_way_back(home):
    write_catalogue(home)
    app = enter(opened("overview"), weight_2=2.0)
    for page in ("queue", "drawer", "overview"):
        app.query_params.clear()
        app.switch_page(f"pages/{page}.py").run()
        assert sidebar(app)[0] == "Objective: 2 x2"
    assert app.number_input(key="weight-2").value == 2.0
    assert address(app)["classes"] == "2x2"


def test_clearing_the_objective_lets_all_count_alike(home):
    write_catalogue(home)
    app = opened("overview", classes="1", cap="1000")
    app.button(key="objective-clear").click().run()
    assert sidebar(app) == ["Objective: All classes weighted equally"]
    assert app.number_input(key="weight-1").value == 0.0
    assert "cap" not in address(app)


def test_an_address_is_followed_and_its_malformed_parts_are_said_and_dropped(home):
    write_catalogue(home)
    app = opened("overview", without="conv2d", cap="<b>", x="latency-1")
    assert "is ignored: it must be a plain number." in said(app)
    assert "2 of 6 models" in said(app)
    assert traces(app)["models"]["customdata"] == [2, 5]
    assert app.selectbox(key="axis-x").value == "latency-1"
    assert "cap" not in address(app)


def test_a_filter_that_leaves_nothing_teaches_and_can_be_cleared(home):
    write_catalogue(home)
    app = opened("overview", parameters="-1")
    assert "No models match the filter." in said(app)
    assert not app.get("plotly_chart")
    app.button(key="filter-clear-empty").click().run()
    assert traces(app)["models"]["customdata"] == [1, 2, 3, 4, 5, 6]
    assert "parameters" not in address(app)


def test_ranges_kinds_and_origins_are_typed_and_counted(home):
    write_catalogue(home)
    app = enter(opened("overview"), **{"filter-accuracy-low": 60.0})
    assert "5 of 6 models" in said(app)
    app.button_group(key="filter-present").set_value(["dense"]).run()
    assert traces(app)["models"]["customdata"] == [2, 5, 6]
    app.button_group(key="filter-origins").set_value([Origin.ABLATION]).run()
    assert traces(app)["models"]["customdata"] == [6]
    assert address(app) == {"accuracy": "0.6-", "with": "dense", "made": "ablation"}


def test_a_range_that_cannot_be_is_said_and_the_present_one_stays(home):
    write_catalogue(home)
    app = enter(opened("overview", parameters="-5000"), **{"filter-parameters-low": 9_000.0})
    assert "A range must start at or below its end, but got 9000 to 5000." in said(app)
    assert app.number_input(key="filter-parameters-low").value is None
    assert address(app)["parameters"] == "-5000"


def test_axes_are_chosen_and_stand_in_the_address(home):
    write_catalogue(home)
    app = opened("overview")
    app.selectbox(key="axis-y").set_value("class-3").run()
    assert address(app)["y"] == "class-3"
    app.selectbox(key="axis-y").set_value("objective").run()
    assert "y" not in address(app)


def test_the_front_has_buttons_that_select_and_keep(home):
    write_catalogue(home)
    app = opened("overview")
    buttons = [button for button in app.button if button.key.startswith("front-")]
    assert "·" in buttons[0].label
    buttons[0].click().run()
    model = int(buttons[0].key.removeprefix("front-"))
    assert app.session_state[SESSION].selected == model
    assert app.session_state[SESSION].drawer == [model]
    assert f"**#{model}** is selected" in said(app)


def test_selecting_changes_nothing_of_the_figure(home):
    write_catalogue(home)
    app = opened("overview")
    (before,) = app.get("plotly_chart")
    next(button for button in app.button if button.key.startswith("front-")).click().run()
    (after,) = app.get("plotly_chart")
    assert before.proto.spec == after.proto.spec


def test_class_names_are_shown_as_typed(home):
    names = ("<b>cat</b>", "*dog*", "![x](http://y)", *"3456789")
    renamed(home, names)
    app = opened("overview", classes="0x2-1")
    assert sidebar(app) == ["Objective: <b>cat</b> x2, *dog*"]
    assert [text.value for text in app.main.text][:3] == list(names[:3])


def test_of_a_hundred_classes_only_those_that_count_have_a_chip(home):
    renamed(home, tuple(f"class {number}" for number in range(100)))
    app = opened("overview")
    assert not [field for field in app.number_input if field.key.startswith("weight-")]
    app.multiselect(key="objective-classes").set_value([7, 99]).run()
    enter(app, weight_99=3.0)
    assert [field.key for field in app.number_input if field.key.startswith("weight-")] == ["weight-7", "weight-99"]
    assert sidebar(app) == ["Objective: class 7, class 99 x3"]


def test_a_view_of_a_class_that_the_data_set_no_longer_has_gives_way(home):
    write_catalogue(home)
    app = opened("overview", classes="9", y="class-9")
    folder = DataFolder(home)
    store = CatalogueStore.open(folder)
    store.register_dataset(replace(CARD, class_names=tuple("01234567"), examples=CARD.examples[:8]))
    Publisher(store, folder).publish()
    store.close()
    app.run()
    assert "classes are numbered from 0 to 7" in said(app)
    assert sidebar(app) == ["Objective: All classes weighted equally"]


@pytest.mark.parametrize("query", [{"classes": "1x0"}, {"x": "parameters", "y": "objective"}])
def test_an_address_that_says_how_one_starts_is_shortened(home, query):
    write_catalogue(home)
    app = opened("overview", **query)
    assert not address(app)


def test_a_link_that_names_a_model_selects_it_and_one_that_names_nonsense_selects_nothing(home):
    write_catalogue(home)
    assert "**#3** is selected" in said(opened("overview", model="3"))
    assert "is selected" not in said(opened("overview", model="no number"))
    assert "is selected" not in said(opened("overview", model="9999"))
