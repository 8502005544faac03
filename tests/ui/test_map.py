"""The map beside every page, run by Streamlit's own test runner: what stays, and what is added to it."""

import json
from dataclasses import replace

import numpy as np
import pytest
from apps import address, go, map_additions, map_spec, map_traces, opened, said
from catalogues import CARD, architecture, changed, evaluation, write_catalogue, write_learnt
from trainings import epoch

from remap_core.space.edits import Remove
from remap_core.trials.model_maps import ModelMap, Relation
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Origin, Proposal
from remap_core.ui.events.chart_events import Point
from remap_core.ui.model_map import drawn_overview, map_events
from remap_core.ui.session import SESSION, Dock

PAGES = ("overview", "drawer", "inspect", "generate", "queue", "data")
MARKS = ("selected", "parent", "children", "waiting")


def enqueued(store, text: str, **more) -> int:
    (model,) = store.enqueue([Proposal(architecture(text), "digits", TrainingConfig(epochs=2), **more)], 200.0)
    return model


def finish(store, text: str, right: int = 18) -> int:
    """A model that waits, runs and finishes, 90 % accurate by default."""
    model = enqueued(store, text)
    assert store.claim(201.0).id == model
    store.record_epoch(model, epoch(1))
    store.complete(model, evaluation(right), 202.0)
    return model


def rerun(app):
    app.run()
    assert not app.exception
    return app


def marked(app) -> dict[str, tuple[list, list]]:
    return {mark["trace"]: (mark["x"], mark["y"]) for mark in map_additions(app)["marks"]}


def session(app):
    return app.session_state[SESSION]


@pytest.mark.parametrize("page", PAGES)
def test_the_map_is_on_every_page_with_its_controls_and_its_caption(home, page):
    write_catalogue(home)
    app = opened(page)
    assert map_traces(app)["models"]["customdata"] == [1, 2, 3, 4, 5, 6]
    assert app.selectbox(key="axis-x").value == "parameters"
    assert "6 models, best 80.0 % with 10,090 parameters; 4 on the Pareto front" in said(app)


def test_the_figure_is_the_same_on_all_pages_and_after_a_selection(home):
    write_catalogue(home, waiting=1)
    app = opened("overview")
    figures = {map_spec(app)}
    session(app).selected = 3
    figures.update(map_spec(go(app, page)) for page in PAGES)
    app.button(key="dock-open").click().run()
    figures.add(map_spec(app))
    assert len(figures) == 1


def test_the_selected_model_is_marked_by_what_the_browser_adds(home):
    write_catalogue(home)
    app = opened("queue")
    assert marked(app)["selected"] == ([], [])
    session(app).selected = 1
    marks = marked(rerun(app))
    places = map_traces(app)["models"]
    assert places["customdata"][0] == 1
    assert [len(part) for part in (*marks["selected"], *marks["children"], *marks["parent"])] == [1, 1, 3, 3, 0, 0]
    assert marks["selected"][1] == [0.55]


def test_a_model_that_finishes_is_added_and_the_figure_stays(home):
    write_catalogue(home)
    app = opened("inspect", selected=1)
    before = map_spec(app)
    assert map_additions(app)["traces"]["arrived"]["x"] == []
    model = changed(home, lambda store: finish(store, "Dense 8, Tanh")).population("digits").id[-1]
    added = map_additions(rerun(app))
    assert added["traces"]["arrived"]["customdata"] == [model]
    assert added["traces"]["arrived"]["y"] == [0.9]
    assert "validation 90.0 %" in added["traces"]["arrived"]["hovertext"][0]
    assert added["traces"]["Pareto<br>front"]["y"][-1] == 0.9
    assert added["axes"]["yaxis"]["wanted"][1] > 0.9 > added["axes"]["yaxis"]["drawn"][1]
    assert map_spec(app) == before
    assert "7 models, best 90.0 %" in said(app)


def test_what_was_added_is_added_again_on_the_next_page(home):
    write_catalogue(home)
    app = opened("overview")
    changed(home, lambda store: finish(store, "Dense 8, Tanh"))
    for page in ("drawer", "generate"):
        assert map_additions(go(app, page))["traces"]["arrived"]["customdata"] == [7]


def test_after_many_new_models_the_figure_is_redrawn_with_all_of_them(home, monkeypatch):
    write_catalogue(home)
    app = opened("overview")
    monkeypatch.setattr(drawn_overview, "MAX_ADDED", 1)
    changed(home, lambda store: [finish(store, f"Dense {units}, Tanh") for units in (8, 9)])
    rerun(app)
    assert map_traces(app)["models"]["customdata"] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert map_additions(app)["traces"]["arrived"]["x"] == []


def test_a_visitor_who_comes_later_gets_a_figure_with_everything(home):
    write_catalogue(home)
    opened("overview")
    changed(home, lambda store: finish(store, "Dense 8, Tanh"))
    assert map_traces(opened("overview"))["models"]["customdata"] == [1, 2, 3, 4, 5, 6, 7]


def test_waiting_trainings_are_rings_at_their_parameters_and_an_expected_accuracy(home):
    write_catalogue(home, waiting=2)
    app = opened("generate", selected=1)
    waiting = map_additions(app)["traces"]["waiting"]
    assert waiting["customdata"] == [7, 8]
    assert waiting["x"] == [architecture(f"Dense {units}, ReLU").parameters for units in (200, 201)]
    assert waiting["y"] == [0.675, 0.675]  # the median of the six that are finished
    assert "waiting<br>about 68 % expected, 15,010 parameters" in waiting["hovertext"][0]
    assert marked(app)["waiting"] == (waiting["x"], waiting["y"])


def test_a_running_training_is_at_the_accuracy_of_its_last_epoch_and_names_its_edit(home):
    def start(store):
        chain = Remove(2).apply(architecture("Conv 16x3, ReLU, MaxPool 2, Dense 64"))
        proposal = Proposal(chain, "digits", TrainingConfig(epochs=3), Origin.ABLATION, 1, (Remove(2),), "ablations")
        store.enqueue([proposal], 200.0)
        store.claim(201.0)
        store.record_epoch(7, epoch(1))

    write_catalogue(home)
    app = opened("queue")
    before = map_spec(app)
    changed(home, start)
    running = map_additions(rerun(app))["traces"]["running"]
    assert (running["customdata"], running["y"]) == ([7], [0.51])
    assert "epoch 1 of 3<br>validation 51.0 % so far" in running["hovertext"][0]
    assert "#1" in running["hovertext"][0].split("<br>")[-1]
    changed(home, lambda store: store.record_epoch(7, epoch(2)))
    assert map_additions(rerun(app))["traces"]["running"]["y"] == [0.52]
    changed(home, lambda store: store.complete(7, evaluation(19), 203.0))
    traces = map_additions(rerun(app))["traces"]
    assert (traces["running"]["x"], traces["arrived"]["customdata"]) == ([], [7])
    assert map_spec(app) == before


def test_a_child_before_its_first_epoch_is_expected_where_its_parent_is_until_models_tell_more(home):
    write_catalogue(home)
    catalogue = changed(home, lambda store: enqueued(store, "Dense 300, ReLU", origin=Origin.HANDCRAFTED, parent=6))
    assert map_additions(opened("overview"))["traces"]["waiting"]["y"] == [catalogue.trial(6).accuracy]


def test_with_many_finished_models_a_waiting_one_is_at_its_predicted_accuracy(home):
    write_learnt(home)
    changed(home, lambda store: [enqueued(store, f"Dense {units}, ReLU") for units in (6, 90)])
    small, large = map_additions(opened("overview"))["traces"]["waiting"]["y"]
    assert small < 0.55 < 0.8 < large


def test_repeats_with_other_seeds_are_no_circles(home):
    def repeat(store):
        proposal = Proposal(architecture("Dense 16, Tanh"), "digits", TrainingConfig(epochs=2, seed=1))
        store.enqueue([replace(proposal, origin=Origin.REPEAT, parent=2)], 200.0)

    write_catalogue(home)
    changed(home, repeat)
    assert map_additions(opened("overview"))["traces"]["waiting"]["x"] == []


def test_before_the_first_finished_model_the_map_shows_what_waits(home):
    write_catalogue(home)
    fresh = replace(CARD, name="fresh")
    changed(home, lambda store: store.register_dataset(fresh))
    changed(
        home,
        lambda store: store.enqueue([Proposal(architecture("Dense 4"), "fresh", TrainingConfig(epochs=1))], 200.0),
    )
    app = opened("overview", dataset="fresh")
    assert "The first models are being trained" in said(app)
    assert map_traces(app)["models"]["x"] == []
    assert "#7 310 parameters" in said(app)


def test_without_any_data_set_there_is_no_map(home):
    app = opened("overview")
    assert not app.get("plotly_chart")
    assert not app.selectbox


def test_the_map_is_folded_where_tables_are_wide_until_the_visitor_says_otherwise(home):
    write_catalogue(home)
    app = opened("queue")
    assert is_folded(app)
    app.button(key="dock-open").click().run()
    assert not is_folded(app)
    assert address(app)["dock"] == Dock.OPEN
    assert not is_folded(go(app, "drawer"))
    app.button(key="dock-folded").click().run()
    assert is_folded(go(app, "overview"))
    assert address(app)["dock"] == Dock.FOLDED


@pytest.mark.parametrize("page", PAGES)
def test_a_page_for_models_has_the_map_open_and_a_page_of_tables_has_it_folded(home, page):
    write_catalogue(home)
    assert is_folded(opened(page)) == (page in ("drawer", "queue", "data"))


def is_folded(app) -> bool:
    return any("A folded map is out of sight" in str(element.proto.body) for element in app.get("html"))


def point(model: int) -> Point:
    return Point(curve=3, index=0, x=0.0, y=0.0, customdata=model)


def test_a_click_selects_and_adds_to_the_drawer_a_box_only_adds_and_what_was_hovered_is_over(home, monkeypatch):
    monkeypatch.setattr("streamlit.session_state", {})
    state = map_events.current_session()
    map_events.on_hover(point(5))
    assert state.hovered == 5
    map_events.on_click(point(3))
    assert (state.selected, state.drawer, state.hovered) == (3, [3], None)
    map_events.on_brush([point(4), point(3), point(6)])
    assert (state.selected, state.drawer) == (3, [3, 4, 6])
    map_events.on_click(Point(curve=0, index=0, x=0.0, y=0.0, customdata=None))  # the front has no models
    assert state.selected == 3


def test_on_a_map_of_distances_models_arrive_at_their_places_and_nothing_waits(home):
    def lay(models, edition):
        points = edition * np.arange(2.0 * models).reshape(-1, 2)
        return ModelMap("digits", Relation.STRUCTURE, np.arange(1, models + 1), points, 0.1, models, edition)

    write_catalogue(home, waiting=1)
    changed(home, lambda store: store.write_map(lay(6, 1)))
    app = opened("overview", map="structure")
    assert "6 models; distances on the map are off by about 10 %" in said(app)
    assert map_additions(app)["traces"].keys() == {"arrived", "edits", "suggested"}
    before = map_spec(app)
    changed(home, lambda store: store.write_map(lay(6, 2)))  # another layout is another figure
    assert map_spec(rerun(app)) != before
    assert map_traces(app)["models"]["customdata"] == [1, 2, 3, 4, 5, 6]


def test_in_frames_the_figure_itself_holds_what_finished_what_waits_and_the_selection(home, monkeypatch):
    monkeypatch.setenv("REMAP_EVENTS", "package")
    pytest.importorskip("streamlit_plotly_events")
    write_catalogue(home, waiting=1)
    app = opened("inspect", selected=1)
    assert framed(app)["selected"]["y"] == [0.55]
    assert framed(app)["waiting"]["customdata"] == [7]
    assert framed(app)["arrived"]["x"] == []
    changed(home, lambda store: (store.cancel(7, 300.0), finish(store, "Dense 8, Tanh")))
    traces = framed(rerun(app))
    assert (traces["arrived"]["customdata"], traces["arrived"]["y"]) == ([8], [0.9])
    assert traces["waiting"]["x"] == []
    assert "7 models, best 90.0 %" in said(app)


def framed(app) -> dict[str, dict]:
    """The traces of the map in its frame."""
    (frame,) = (part for part in app.get("component_instance") if part.key == "overview-chart-embedded")
    drawn = json.loads(json.loads(frame.proto.json_args)["plot_obj"])
    assert drawn["layout"]["height"] == 480
    return {trace["name"]: trace for trace in drawn["data"] if "name" in trace}


def test_the_line_to_a_child_says_which_edit_made_it_and_what_that_changed(home):
    write_catalogue(home)
    labels = map_additions(opened("overview", selected=1))["traces"]["edits"]
    assert labels["hovertext"] == ["#1 to #6: Removed layer 2 (ReLU)<br>0.0 points"]
    assert map_additions(opened("overview", selected=6))["traces"]["edits"] == labels
    assert map_additions(opened("overview", selected=2))["traces"]["edits"]["hovertext"] == []
