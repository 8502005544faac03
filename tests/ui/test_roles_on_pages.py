"""What a page offers to whom: viewers, builders and admins, where people sign in."""

import pytest
from apps import go, opened, said, sign_in
from catalogues import architecture, changed, write_catalogue
from photos import write_photos

from remap_core.access.person import Person
from remap_core.access.roles import Role
from remap_core.data_folder.inbox import Inbox
from remap_core.data_folder.search_file import read_search
from remap_core.datasets.preparation.intake import add
from remap_core.datasets.recipe import Choices
from remap_core.services.suggestions.autopilot import start_search
from remap_core.services.suggestions.search_plan import SearchPlan
from remap_core.trials.commands import Cancel, Pause
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Proposal
from remap_core.ui.session import SESSION

VIEWERS = "Viewers cannot train: ask for the role of a builder."
ADMINS = "Only admins add, correct and remove data sets."
ADA, BOB, EVE = "ada@example.org", "bob@example.org", "eve@example.org"
LONG = f"{'x' * 30}.with_a_name@laboratory.example.org"


def proposal(units, batch=""):
    return Proposal(architecture(f"Dense {units}"), "digits", TrainingConfig(epochs=2), batch=batch)


@pytest.fixture
def folder(home):
    """Six models, and two waiting trainings each of Bob (7, 8) and of Eve (9, 10)."""
    folder = write_catalogue(home)

    def enqueue(store):
        for owner in (BOB, EVE):
            proposals = [proposal(units, batch=f"batch of {owner[:3]}") for units in (20, 21)]
            store.enqueue(proposals, 200.0, owner)

    changed(home, enqueue)
    return folder


def keys(app):
    return {button.key for button in app.button if button.key}


def keys_of(app, *starts):
    return sorted(key for key in keys(app) if key.startswith(starts))


@pytest.mark.parametrize("page", ["overview", "generate", "inspect", "queue"])
def test_a_viewer_sees_every_page_without_what_trains_and_reads_why_once(folder, monkeypatch, page):
    sign_in(monkeypatch, EVE, Role.VIEWER)
    app = opened(page, selected=1)
    assert said(app).count(VIEWERS) == 1
    assert keys_of(app, "next-train", "generate-train", "cancel", "up-", "retry", "trainer-pause", "sealed") == []


@pytest.mark.parametrize("tab", ["lineage", "export"])
def test_a_viewer_is_offered_no_further_training_of_a_model(folder, monkeypatch, tab):
    sign_in(monkeypatch, EVE, Role.VIEWER)
    app = opened("inspect", model="1", tab=tab)
    assert keys_of(app, "repeat", "more-images", "finish") == []
    assert "Finish this model" not in [expander.label for expander in app.expander]


@pytest.mark.parametrize("way", ["Suggest", "Baselines", "Edit"])
def test_a_viewer_may_look_at_what_could_be_trained(folder, monkeypatch, way):
    sign_in(monkeypatch, EVE, Role.VIEWER)
    app = opened("generate", selected=1)
    control = app.segmented_control(key="generate-way")
    control.set_value(next(option for option in control.options if way in option)).run()
    assert not app.exception
    assert said(app).count(VIEWERS) == 1
    assert keys_of(app, "generate-train", "baseline-train", "autopilot", "import") == []
    assert not app.get("file_uploader")


def test_a_builder_changes_only_their_own_trainings(folder, monkeypatch):
    sign_in(monkeypatch, BOB, Role.BUILDER)
    app = opened("queue")
    assert VIEWERS not in said(app)
    assert keys_of(app, "cancel", "up-", "trainer-pause") == [
        "cancel-7",
        "cancel-8",
        "cancel-batch-batch of bob",
        "up-7",
        "up-8",
    ]
    app.button(key="cancel-7").click().run()
    ((_, command, sender),) = Inbox(folder).pending()
    assert (command, sender.name) == (Cancel(7), BOB)


def test_a_batch_with_a_training_of_another_is_cancelled_by_an_admin_only(folder, home, monkeypatch):
    changed(home, lambda store: store.enqueue([proposal(30, batch="batch of bob")], 201.0, EVE))
    sign_in(monkeypatch, BOB, Role.BUILDER)
    app = opened("queue")
    assert keys_of(app, "cancel-batch") == []
    sign_in(monkeypatch, ADA, Role.ADMIN)
    assert keys_of(app.run(), "cancel-batch", "trainer") == [
        "cancel-batch-batch of bob",
        "cancel-batch-batch of eve",
        "trainer-pause",
    ]


def test_a_builder_trains_and_scores_but_leaves_data_sets_alone(folder, monkeypatch):
    sign_in(monkeypatch, BOB, Role.BUILDER)
    app = opened("inspect", selected=1)
    assert "sealed-1" in keys(app)
    assert "generate-train" in keys(go(app, "generate"))
    assert said(go(app, "data")).count(ADMINS) == 1
    assert "Add your images" not in said(app)
    assert keys_of(app, "data-remove", "data-start") == []
    assert not app.get("file_uploader")


def test_an_admin_adds_and_removes_data_sets(folder, monkeypatch):
    sign_in(monkeypatch, ADA, Role.ADMIN)
    app = opened("data")
    assert ADMINS not in said(app)
    assert "Add your images" in said(app)
    assert keys_of(app, "data-remove") == ["data-remove-0"]


def test_only_an_admin_trains_the_first_models_of_a_data_set(folder, home, tmp_path, monkeypatch):
    trees = add(write_photos(tmp_path / "trees.zip", per_class=10), "trees", Choices(side=16), home)
    sign_in(monkeypatch, BOB, Role.BUILDER)
    app = opened("overview", dataset=trees.name)
    assert "trees has no models yet." in said(app)
    assert keys_of(app, "train-first") == []
    assert keys_of(go(app, "data"), "data-start") == []
    sign_in(monkeypatch, ADA, Role.ADMIN)
    assert keys_of(opened("overview", dataset=trees.name), "train-first") == ["train-first"]


def test_a_search_is_stopped_by_who_started_it_or_an_admin(folder, monkeypatch):
    start_search(folder, SearchPlan("digits", "search, 1", trainings=20), Person(EVE))
    sign_in(monkeypatch, ADA, Role.ADMIN)
    app = opened("generate")
    app.segmented_control(key="generate-way").set_value("Suggest").run()
    assert keys_of(app, "autopilot") == ["autopilot-start", "autopilot-stop"]
    sign_in(monkeypatch, ADA, Role.BUILDER)  # who has lost a role since the page was drawn
    app.button(key="autopilot-stop").click().run()
    assert f"Not stopped: It belongs to {EVE}: only they or an admin may stop it." in said(app).replace("\\", "")
    assert keys_of(app, "autopilot") == ["autopilot-start"]
    assert read_search(folder)


def test_whose_a_training_is_is_said_where_people_sign_in(folder, home, monkeypatch):
    changed(home, lambda store: store.enqueue([proposal(40)], 202.0, LONG))
    assert "bob@example.org" not in said(opened("queue"))
    sign_in(monkeypatch, EVE, Role.VIEWER)
    app = opened("queue")
    assert " · bob:gray[@example.org] · " in said(app)
    (row,) = (element for element in app.markdown if "xxxxxxxxxxxxxxxxxxxxxxx…" in element.value)
    assert row.help == f"{'x' * 30}.with\\_a\\_name:gray[@laboratory.example.org]"
    assert "Queued by bob:gray[@example.org]." in said(opened("inspect", selected=7))


def test_a_button_that_was_drawn_before_a_role_was_lost_starts_nothing(folder, monkeypatch):
    sign_in(monkeypatch, ADA, Role.ADMIN)
    app = opened("data")
    app.button(key="data-remove-0").click().run()
    sign_in(monkeypatch, ADA, Role.BUILDER)
    app.button(key="data-remove-confirmed").click().run()
    assert app.session_state[SESSION].send_error == "Not removed: To remove a data set one must be an admin."
    assert Inbox(folder).pending() == []


def test_a_minute_has_so_many_commands_of_one_person_in_all_their_sessions(folder, monkeypatch):
    monkeypatch.setenv("REMAP_MAX_COMMANDS", "2")
    sign_in(monkeypatch, ADA, Role.ADMIN)
    app, other = opened("queue"), opened("queue")
    app.button(key="trainer-pause").click().run()
    app.button(key="trainer-pause").click().run()
    other.button(key="trainer-pause").click().run()
    assert "Not sent: At most 2 commands a minute: wait a moment." in said(other)
    assert [command for _, command, _ in Inbox(folder).pending()] == [Pause(), Pause()]
    sign_in(monkeypatch, BOB, Role.ADMIN)
    app.button(key="trainer-pause").click().run()
    assert len(Inbox(folder).pending()) == 3


@pytest.fixture
def recorded(folder, home):
    """Requests of Ada, Bob, and somebody who forged one."""

    def record(store):
        store.apply_once("1", "pause", 200.0, lambda: "Paused.", ADA)
        store.apply_once("2", "cancel", 201.0, lambda: "Cancelled.", BOB)
        store.apply_once("3", "forged", 202.0, lambda: "Its signature is not valid.")

    changed(home, record)


def log(app):
    return next(frame.value for frame in app.dataframe if "Outcome" in frame.value)


def test_an_admin_finds_who_asked_for_what(recorded, monkeypatch):
    sign_in(monkeypatch, ADA, Role.ADMIN)
    app = opened("queue")
    assert list(log(app)["Request"]) == ["Forged", "Cancel", "Pause"]
    assert list(log(app)["Person"]) == ["", BOB, ADA]
    app.selectbox(key="queue-log-person").select(BOB).run()
    assert list(log(app)["Answer"]) == ["Cancelled."]
    app.selectbox(key="queue-log-person").set_value(None).run()
    app.selectbox(key="queue-log-request").select("pause").run()
    assert list(log(app)["Answer"]) == ["Paused."]
    assert [button.label for button in app.get("download_button")] == ["Download all as CSV"]


def test_of_many_requests_an_admin_reads_how_many_there_are(recorded, monkeypatch):
    monkeypatch.setattr("remap_core.ui.queue.request_log.MAX_AUDITED", 2)
    sign_in(monkeypatch, ADA, Role.ADMIN)
    app = opened("queue")
    assert "The last 2 of 3." in said(app)
    assert len(log(app)) == 2


def test_others_see_the_last_requests_with_their_names(recorded, monkeypatch):
    sign_in(monkeypatch, EVE, Role.VIEWER)
    app = opened("queue")
    assert list(log(app)["Person"]) == ["", BOB, ADA]
    assert not app.get("download_button")


def test_in_an_open_app_the_request_log_has_no_names(recorded):
    app = opened("queue")
    assert list(log(app).columns) == ["Time", "Request", "Outcome", "Answer"]
    assert not app.get("download_button")
