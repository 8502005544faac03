"""Images that a visitor of a demo adds: seen on their own pages alone."""

import shutil
import time

import pytest
from apps import opened, said
from catalogues import changed, evaluation
from photos import write_photos
from trainings import epoch

from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.datasets.dataset import load_dataset
from remap_core.datasets.kept import kept_datasets
from remap_core.datasets.naming import owner_of
from remap_core.services.data.data_jobs import JobState, data_jobs, state_of
from remap_core.services.demo import own_images
from remap_core.trials.commands import AddedDataset, Enqueue, RemoveDataset
from remap_core.ui import frame
from remap_core.ui.session import SESSION

RULES = (
    ":material/timer: Only you see your images, until you reload the page. They are forgotten after an hour, with what "
    "was trained on them. At most 20 MB and 5,000 images, one data set at a time."
)


@pytest.fixture
def demo(home, monkeypatch, tmp_path):
    """The folder of a demo; Streamlit's own limits stay as they are, for the tests that follow."""
    monkeypatch.setenv("REMAP_PROFILE", "demo")
    monkeypatch.setattr(frame, "limit_demo_uploads", lambda: None)
    return home


def drop(app, tmp_path, name="trees.zip"):
    archive = write_photos(tmp_path / name, per_class=8, damaged=0)
    app.file_uploader[0].set_value([(name, archive.read_bytes(), "application/zip")]).run()
    assert not app.exception
    return app


def prepared(home):
    (job,) = data_jobs(DataFolder(home))
    for _ in range(600):
        if state_of(job) is not JobState.RUNNING:
            return job
        time.sleep(0.1)
    raise AssertionError("the job does not end")


@pytest.fixture
def ada(demo, tmp_path):
    """The page of a visitor who has added trees."""
    app = drop(opened("data"), tmp_path)
    prepared(demo)
    app.run()
    app.button(key="data-add").click().run()
    assert not app.exception
    return app


def train(home, name):
    """A finished model of a data set, as the trainer would leave it; returns its id."""
    folder = DataFolder(home)
    (command,) = [one for _, one, _ in Inbox(folder).pending() if isinstance(one, Enqueue)]
    card = load_dataset(name, home).card()

    def act(store):
        store.register_dataset(card)
        (trial,) = store.enqueue(command.proposals[:1], 100.0, owner_of(name))
        store.claim(101.0)
        for number in (1, 2):
            store.record_epoch(trial, epoch(number))
        store.complete(trial, evaluation(15, card), 103.0)

    changed(home, act).close()
    return 81


def test_a_demo_says_what_becomes_of_images_before_they_are_dropped(demo):
    app = opened("data")
    assert RULES in [caption.value for caption in app.caption]
    assert "Up to 20 MB a file." in said(app)
    assert list(app.button_group(key="data-way").options) == ["Files or an archive", "A folder"]
    assert not [button for button in app.button if button.key.startswith("data-remove")]


def test_what_a_visitor_adds_is_a_data_set_that_names_them(ada, demo):
    visitor = ada.session_state[SESSION].visitor
    (kept,) = kept_datasets(demo)
    assert kept.title == f"trees of {visitor}"
    assert kept.title in said(ada)
    ((_, command, sender),) = Inbox(DataFolder(demo)).pending()
    assert (command, sender.name) == (AddedDataset(kept.name), visitor)


@pytest.mark.parametrize("page", ["overview", "drawer", "inspect", "generate", "queue", "data"])
def test_nobody_else_sees_it_on_any_page(ada, demo, page):
    (kept,) = kept_datasets(demo)
    ada.button(key=next(b.key for b in ada.button if b.key.startswith("data-start"))).click().run()
    model = train(demo, kept.name)
    visitor = ada.session_state[SESSION].visitor
    mine = opened_again(ada, page, model)
    assert kept.title in said(mine) + options(mine)
    for query in ({"model": str(model)}, {"data": kept.title}, {"data": kept.name}, {"drawer": str(model)}):
        other = opened(page, **query)
        texts = said(other).replace(query.get("data", "\0"), "")  # what they typed themselves is repeated to them
        assert kept.name not in texts + options(other)
        assert visitor not in texts + options(other)
        assert str(model) not in [str(found) for found in other.session_state[SESSION].drawer]


def opened_again(app, page, model):
    app.switch_page(f"pages/{page}.py")
    app.query_params["model"] = str(model)
    app.run()
    assert not app.exception
    return app


def options(app):
    return " ".join(str(option) for box in app.selectbox for option in box.options)


def test_an_unfinished_upload_is_the_visitors_own_too(demo, tmp_path):
    drop(opened("data"), tmp_path)
    prepared(demo)
    other = opened("data")
    assert "trees" not in said(other)
    assert not [group for group in other.button_group if group.key == "data-job"]


def test_a_second_data_set_is_refused_in_a_sentence(ada, demo, tmp_path):
    drop(ada, tmp_path)
    assert "One data set of your own at a time: remove or discard the other one first." in said(ada)
    assert data_jobs(DataFolder(demo)) == []


def test_what_is_too_large_is_refused_in_a_sentence_however_often(demo, monkeypatch):
    monkeypatch.setattr(own_images, "MAX_MEGABYTES", 0.001)
    app = opened("data")
    for number in range(10):
        app.file_uploader[0].set_value([(f"{number}.zip", bytes(2_000), "application/zip")]).run()
        assert not app.exception
        assert "In a demo, at most 0.001 MB are taken at once, but these are 0.0." in said(app)
    assert not (demo / "data" / "uploads").exists()


def test_a_visitor_removes_their_own_data_set(ada, demo):
    (kept,) = kept_datasets(demo)
    visitor = ada.session_state[SESSION].visitor
    ada.button(key=next(b.key for b in ada.button if b.key.startswith("data-start"))).click().run()
    train(demo, kept.name)
    ada.switch_page("pages/data.py").run()
    ada.button(key=next(b.key for b in ada.button if b.key.startswith("data-remove"))).click().run()
    ada.button(key="data-remove-confirmed").click().run()
    assert not ada.exception
    assert kept_datasets(demo) == []
    commands = [(command, sender.name) for _, command, sender in Inbox(DataFolder(demo)).pending()]
    assert (RemoveDataset(kept.name), visitor) in commands


def test_images_that_were_forgotten_under_an_open_page_are_no_stack_trace(ada, demo):
    (kept,) = kept_datasets(demo)
    shutil.rmtree(kept.folder)
    ada.run()
    assert not ada.exception
    assert kept.title not in said(ada)


def test_a_long_name_is_refused_in_a_sentence(demo, tmp_path):
    app = drop(opened("data"), tmp_path)
    job = prepared(demo)
    app.run()
    app.text_input(key=f"data-name-{job.ident}").set_value("x" * 41).run()
    app.button(key="data-add").click().run()
    assert "In a demo, a name has at most 40 characters, but got 41." in said(app)
