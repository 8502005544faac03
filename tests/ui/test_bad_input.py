"""What goes wrong on the generate and queue pages is one sentence; nothing is lost, and nothing is done twice."""

import json
from contextlib import closing

import pytest
from apps import opened, said
from catalogues import CARD, write_catalogue
from trainings import train_well

from remap_core.access.person import NOBODY
from remap_core.catalogue.snapshot import Publisher, open_snapshot
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.services.sampling import set_caps
from remap_core.settings import Settings
from remap_core.trainer.executors.inline import InlineExecutor
from remap_core.trainer.worker import Worker
from remap_core.trials.commands import Pause
from remap_core.trials.trial import TrialState
from remap_core.ui.generate.ways import HANDCRAFTED
from remap_core.ui.session import SESSION


def crafted(home, **more):
    write_catalogue(home, **more)
    app = opened("generate", model="1")
    app.button_group(key="generate-way").set_value(HANDCRAFTED).run()
    return app


def paste(app, text):
    app.text_area(key="handcraft-paste").set_value(text).run()
    app.button(key="handcraft-apply").click().run()
    assert not app.exception


def answered(home):
    """What a trainer does: it answers all commands, publishes and leaves."""
    folder = DataFolder(home)
    with closing(CatalogueStore.open(folder)) as store:
        worker = Worker(store, Inbox(folder), InlineExecutor(train_well), lambda name: CARD, caps=set_caps(Settings()))
        worker._start_trainings = lambda now: None  # they would end at once
        worker.tick(200.0)
        Publisher(store, folder).publish()
    return open_snapshot(folder)


def emptied(home):
    """Another catalogue in the same folder, as after a restore: it knows the data set and no model."""
    (home / "live.duckdb").unlink()
    store = CatalogueStore.open(DataFolder(home))
    store.register_dataset(CARD)
    return store


@pytest.mark.parametrize(
    "pasted",
    [
        "🦆" * 10_000,
        "[" * 100_000,
        '[{"kind": "dense", "units": NaN}]',
        '[{"kind": "dense", "units": 1e400}]',
        f"Dense {'9' * 5_000}",
        '{"layers": [], "classes": 3, "input_shape": [1, 8, 8]}',
        "Conv 32x3, <script>alert(1)</script>",
        "null",
    ],
)
def test_pasted_nonsense_is_one_sentence_and_the_draft_stays(home, pasted):
    app = crafted(home)
    paste(app, "Conv 16x3, Tanh")
    before = app.session_state[SESSION].drafts[1]
    paste(app, pasted)
    assert len(app.error) == 1
    assert len(app.error[0].value) < 500
    assert app.session_state[SESSION].drafts[1] is before


def test_twenty_layers_of_a_thousand_million_units_are_over_the_cap(home):
    app = crafted(home)
    paste(app, ", ".join(["Dense 999999999"] * 20))
    (why,) = [frame.value["Reason"][0] for frame in app.dataframe if "Reason" in frame.value]
    assert why.startswith("Over the cap: 19,000,000,")
    assert app.button(key="generate-train").disabled


def test_edits_of_a_model_that_was_deleted_meanwhile_are_refused_in_a_sentence(home):
    app = crafted(home)
    paste(app, "Conv 16x3, Tanh")
    with closing(emptied(home)) as store:
        Publisher(store, DataFolder(home)).publish()
    app.button(key="generate-train").click().run()  # what the page still shows
    assert not app.exception
    assert answered(home).receipts(1)[0].message == "Model 1 does not exist."
    app.run()
    assert not app.exception
    assert "Model 1 does not exist." in said(app)


def test_what_two_windows_do_to_one_training_happens_once_and_the_second_learns_why_not(home):
    folder = write_catalogue(home, waiting=3)
    here, there = opened("queue"), opened("queue")
    here.button(key="cancel-8").click().run()
    there.button(key="cancel-8").click().run()
    there.button(key="top-8").click().run()
    there.button(key="top-9").click().run()
    catalogue = answered(home)
    assert [trial.id for trial in catalogue.queue(0)] == [9, 7]
    assert catalogue.trial(8).state is TrialState.CANCELLED
    assert "Model 8 cancelled." in said(here.run())
    words = said(there.run())
    assert "Couldn't cancel #8: it was already cancelled." in words
    assert "Couldn't move #8: it was already cancelled." in words
    assert "Moved Model 9 to the top." in words
    assert not list(Inbox(folder).pending())


def test_the_same_child_asked_for_in_two_windows_is_trained_once(home):
    write_catalogue(home)
    windows = [opened("generate", model="1") for _ in "ab"]
    for window in windows:
        window.button(key="generate-train").click().run()
    catalogue = answered(home)
    assert catalogue.counts()[TrialState.WAITING] == 3
    assert "3 models already trained or queued: 7, 8, 9." in said(windows[1].run())


def test_a_trainer_that_dies_between_a_command_and_its_receipt_does_it_once(home, monkeypatch):
    folder = write_catalogue(home)
    app = opened("generate", model="1")
    app.button(key="generate-train").click().run()
    monkeypatch.setattr(Inbox, "discard", lambda *_: pytest.fail("killed"))  # applied, and the file is still there
    with pytest.raises(pytest.fail.Exception):
        answered(home)
    monkeypatch.undo()
    assert len(Inbox(folder).pending()) == 1
    catalogue = answered(home)
    assert catalogue.counts()[TrialState.WAITING] == 3
    assert len(catalogue.receipts(10)) == 1
    assert "3 models queued: 7 to 9." in said(app.run())


def test_a_trainer_that_dies_before_it_applies_a_command_leaves_it_to_the_next_one(home, monkeypatch):
    folder = write_catalogue(home)
    app = opened("generate", model="1")
    app.button(key="generate-train").click().run()
    monkeypatch.setattr(CatalogueStore, "_record_receipt", lambda *_: pytest.fail("killed"))
    with pytest.raises(pytest.fail.Exception):
        answered(home)
    monkeypatch.undo()
    assert open_snapshot(folder).counts()[TrialState.WAITING] == 0
    assert answered(home).counts()[TrialState.WAITING] == 3
    assert "3 models queued: 7 to 9." in said(app.run())


def test_an_architecture_over_the_trainers_cap_is_refused_in_the_window_that_asked(home, monkeypatch):
    monkeypatch.setenv("REMAP_MAX_PARAMETERS", "100000000")
    app = crafted(home)
    paste(app, "Dense 1000000")
    app.button(key="generate-train").click().run()
    answered(home)
    words = said(app.run())
    assert "A model must have at most 1,000,000 parameters" in words
    assert "but one has 75,000,010." in words


def test_a_command_that_nobody_understands_is_put_aside_and_the_next_one_is_applied(home):
    folder = write_catalogue(home, waiting=1)
    (folder.inbox / "0-nonsense.json").write_text(json.dumps({"version": 1, "kind": "move", "trial": "x"}))
    Inbox(folder).send(Pause(), 1.0, NOBODY)
    assert answered(home).paused()
    assert list(folder.rejected_commands.glob("*.reason.txt"))
