"""Suggestions on the overview, on Generate and on the map, run by Streamlit's own test runner."""

import json

from apps import map_additions, map_traces, opened, said
from catalogues import architecture, changed, evaluation, write_catalogue, write_learnt
from trainings import epoch

from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.data_folder.search_file import read_ended_search, read_search
from remap_core.trials.commands import Enqueue
from remap_core.trials.trial import Proposal
from remap_core.ui.session import SESSION


def sent(home) -> list[tuple[Proposal, ...]]:
    """The batches that were sent to the trainer."""
    commands = [command for _, command, _ in Inbox(DataFolder(home)).pending()]
    return [command.proposals for command in commands if isinstance(command, Enqueue)]


def cards(app) -> list[str]:
    """What the cards train, by their titles."""
    return [
        title for title in (text.value for text in app.markdown) if title.startswith(("**Ch", "**In", "**Re", "**Ne"))
    ]


def test_the_overview_suggests_three_trainings_with_their_promise_and_one_click_trains_one(home):
    write_learnt(home)
    app = opened("overview")
    before = cards(app)
    assert len(before) == 3
    assert said(app).count("chance to move the front") == 3
    app.button(key="next-train-0").click().run()
    ((proposal,),) = sent(home)
    assert proposal.suggested
    assert cards(app)[:2] == before[1:]  # what was sent makes room at once


def test_both_halves_of_a_double_click_train_one_suggestion(home, monkeypatch):
    monkeypatch.setattr("remap_core.ui.sent_commands.DOUBLE_CLICK", 60.0)  # a run of the page may take long here
    write_learnt(home)
    app = opened("overview")
    app.button(key="next-train-0").click().run()
    app.button(key="next-train-0").click().run()
    assert [len(batch) for batch in sent(home)] == [1]


def test_one_click_trains_all_three_which_are_three_different_models(home):
    write_learnt(home)
    opened("overview").button(key="next-train-all").click().run()
    (batch,) = sent(home)
    assert len({proposal.architecture.fingerprint for proposal in batch}) == 3


def test_with_too_few_models_the_cards_say_that_they_are_for_variety_and_promise_nothing(home):
    write_catalogue(home)
    app = opened("overview")
    assert "Suggested for variety: " in said(app)
    assert "chance to move the front" not in said(app)
    assert map_additions(app)["traces"]["suggested"]["x"] == []


def test_a_cap_below_the_smallest_network_is_named(home):
    write_learnt(home)
    app = opened("overview", cap="5")
    assert "at most 5 parameters" in said(app)


def test_generate_lists_all_candidates_without_a_selected_model_and_trains_the_best_five(home):
    write_learnt(home)
    app = opened("generate", way="suggest")
    assert "Predicted from 30 finished models" in said(app)
    button = app.button(key="generate-train")
    assert button.label.startswith("Train 5 suggestions")
    button.click().run()
    (batch,) = sent(home)
    assert len(batch) == 5
    assert all(proposal.suggested for proposal in batch)


def test_moving_the_sliders_suggests_others(home):
    write_learnt(home)
    app = opened("generate", way="suggest")

    def best():
        return [one.architecture.fingerprint for one in app.session_state[SESSION].suggested]

    near = best()
    app.slider(key="suggest-step").set_value(3).run()
    assert best() != near
    assert max(len(one.edits) for one in app.session_state[SESSION].suggested) == 3


def test_suggestions_are_rings_on_the_map_and_leave_it_with_their_page(home):
    write_learnt(home)
    app = opened("overview")
    app.run()  # the map is drawn before the page
    drawn = map_additions(app)
    assert len(drawn["traces"]["suggested"]["x"]) == 3
    assert "chance to move the front" in drawn["traces"]["suggested"]["hovertext"][0]
    assert [mark for mark in drawn["marks"] if mark["trace"] == "suggested"]
    app = opened("generate", selected=1)
    assert map_additions(app)["traces"]["suggested"]["x"] == []


def test_what_the_machine_chose_is_a_diamond_on_the_map_and_is_said_in_words(home):
    write_catalogue(home)

    def train_suggested(store):
        first = store.trial(1).proposal
        (number,) = store.enqueue([Proposal(architecture("Dense 8"), "digits", first.config, suggested=True)], 900.0)
        store.claim(901.0)
        store.record_epoch(number, epoch(first.config.epochs))
        store.complete(number, evaluation(12), 902.0)

    changed(home, train_suggested)
    models = map_traces(opened("overview"))["models"]
    symbols = dict(zip(models["customdata"], models["marker"]["symbol"], strict=True))
    assert {model for model, symbol in symbols.items() if symbol == "diamond"} == {7}
    assert "suggested by the machine" in json.dumps(models["hovertext"])
    assert "Suggested new sample" in said(opened("overview", selected=7))


def test_the_autopilot_is_started_with_its_ends_watched_and_stopped(home):
    write_learnt(home)
    app = opened("generate", way="suggest")
    app.number_input(key="autopilot-trainings").set_value(7).run()
    app.button(key="autopilot-start").click().run()
    plan = read_search(DataFolder(home))
    assert (plan["dataset"], plan["trainings"], plan["until"], plan["patience"]) == ("digits", 7, 0.0, 0)
    assert app.button(key="autopilot-start").disabled
    assert "0 of 7 trainings finished" in said(app)
    app.button(key="autopilot-stop").click().run()
    assert read_search(DataFolder(home)) is None
    assert read_ended_search(DataFolder(home))["ended"] == "Stopped by a person."
    assert "Stopped by a person." in said(app)


def test_the_autopilot_needs_an_end(home):
    write_learnt(home)
    app = opened("generate", way="suggest")
    app.number_input(key="autopilot-trainings").set_value(0).run()
    assert app.button(key="autopilot-start").disabled


def test_of_two_people_who_start_the_autopilot_one_hears_that_it_is_on(home):
    write_learnt(home)
    mine, theirs = opened("generate", way="suggest"), opened("generate", way="suggest")
    mine.button(key="autopilot-start").click().run()
    theirs.button(key="autopilot-start").click().run()
    assert "Not started: A search on digits is going on already" in said(theirs)


def test_the_page_says_whose_models_are_on_the_front(home):
    write_learnt(home)
    assert "On the front: 13 initial, 0 edited by people, 0 suggested." in said(opened("generate", way="suggest"))
