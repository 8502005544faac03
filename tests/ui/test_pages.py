"""Every page, run by Streamlit's own test runner on a small catalogue."""

import errno
import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from apps import ROOT, opened, said
from catalogues import changed, write_catalogue, write_halved
from streamlit.testing.v1 import AppTest
from trainings import epoch

from remap_core.catalogue.snapshot import Publisher, current_number
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import TrainerStatus, write_trainer
from remap_core.data_folder.inbox import Inbox
from remap_core.services.trainer_process import StartedTrainer
from remap_core.trials.commands import Cancel, Enqueue, Pause, Resume, Retry
from remap_core.trials.trial import Origin
from remap_core.ui import app_data
from remap_core.ui.session import SESSION
from remap_core.ui.sidebar import trainer_progress
from remap_core.version import __version__

PAGES = ("overview", "drawer", "inspect", "generate", "queue")
"""Pages about models."""


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_before_there_is_anything(home, page):
    words = said(opened(page))
    assert "Nothing has been trained in this data folder yet." in words
    assert "No trainer running. Requests wait until one starts." in words


@pytest.mark.parametrize("page", [*PAGES, "data"])
def test_every_page_opens_on_a_catalogue(home, page):
    write_catalogue(home, waiting=25, failed=1)
    app = opened(page, drawer=[1, 2], selected=1)
    assert not app.error


def test_the_entry_point_sends_the_visitor_to_the_overview(home):
    write_catalogue(home)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not app.exception
    assert "Start here" in said(app)


def test_the_overview_counts_the_models(home):
    write_catalogue(home)
    assert "6 models, best 80.0 %" in said(opened("overview"))


@pytest.mark.parametrize("page", ["inspect", "generate"])
def test_without_a_selected_model_inspect_and_generate_show_where_to_start(home, page):
    write_catalogue(home)
    assert "Start here" in said(opened(page))


def test_chosen_layers_are_ablated_through_the_inbox(home):
    folder = write_catalogue(home)
    app = opened("generate", model="1")
    app.button_group(key="generate-layers-1-list").set_value([0, 3]).run()
    app.button(key="generate-train").click().run()
    ((_, command, _),) = Inbox(folder).pending()
    assert isinstance(command, Enqueue)
    assert [proposal.edits[0].index for proposal in command.proposals] == [0, 3]
    assert {(p.parent, p.origin, p.config.epochs) for p in command.proposals} == {(1, Origin.ABLATION, 2)}
    assert "Sent. Waiting for a trainer." in said(app)


def test_the_queue_sends_what_its_buttons_say(home):
    folder = write_catalogue(home, waiting=2)
    app = opened("queue")
    app.button(key="cancel-7").click().run()
    app.button(key="trainer-pause").click().run()
    assert [command for _, command, _ in Inbox(folder).pending()] == [Cancel(7), Pause()]


def test_the_queue_says_what_was_pruned_and_why_and_trains_it_in_full_if_asked(home):
    folder = write_halved(home)
    app = opened("queue")
    words = said(app)
    assert "Pruned by halving: 1" in words
    assert "#1 at 51.0 %. Pruned after epoch 1: 2nd of 3." in words
    assert "#3 · 1,610 parameters · 1 of 3 epochs done" in words
    app.button(key="train-in-full-1").click().run()
    assert [command for _, command, _ in Inbox(folder).pending()] == [Retry(1)]


def test_a_pruned_model_is_shown_with_its_curve_and_the_reason(home):
    write_halved(home)
    app = opened("inspect", model="1")
    assert "Initial population; pruned, 1 of 3 epochs." in said(app)
    assert next(found.value for found in app.info) == "Pruned after epoch 1: 2nd of 3."
    assert not app.error


def test_a_catalogue_of_a_newer_version_is_said_in_a_sentence(home):
    write_catalogue(home)
    (snapshot,) = (home / "snapshots").glob("*.duckdb")
    with duckdb.connect(snapshot) as connection:
        connection.execute(
            "INSERT INTO migrations SELECT * REPLACE ('m9999_from_the_future' AS name) FROM migrations LIMIT 1"
        )
    assert "newer" in opened("overview").error[0].value


@pytest.mark.parametrize("page", [*PAGES, "data"])
@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("REMAP_EPOCHS", "many", "epochs = 'many' (from REMAP\\_EPOCHS) is not valid"),
        ("REMAP_HOME", "/dev/null/home", "The data folder /dev/null/home cannot be created: Not a directory"),
    ],
)
def test_a_setting_or_folder_that_cannot_be_used_is_a_sentence_on_every_page(
    home, monkeypatch, page, variable, value, sentence
):
    monkeypatch.setenv(variable, value)
    app = opened(page)
    assert sentence in app.error[0].value


def test_charts_in_frames_need_an_extra_which_is_said_when_the_app_starts(home, monkeypatch):
    monkeypatch.setenv("REMAP_EVENTS", "package")
    monkeypatch.setitem(sys.modules, "streamlit_plotly_events", None)
    (error,) = opened("overview").error
    assert error.value == "events = 'package' needs the extra \\`events\\`: pip install 'remap-nas\\[events\\]'."


def trainer_says(home, **more):
    said = {"version": __version__, "device": "CPU, a toy", "heartbeat": time.time()} | more
    write_trainer(DataFolder(home), TrainerStatus(pid=os.getpid(), started=0.0, workers=2, **said))


def test_a_trainer_of_another_version_is_said_in_the_sidebar(home):
    write_catalogue(home)
    trainer_says(home)
    assert not any("version" in warning.value for warning in opened("overview").sidebar.warning)
    trainer_says(home, version="9.9<b>")
    (warning,) = opened("overview").sidebar.warning
    assert warning.value.startswith(f"The trainer runs version 9\\.9\\<b\\>, this app version {__version__}")


def test_a_command_that_the_trainer_did_not_understand_is_said_with_the_reason(home):
    folder = write_catalogue(home, waiting=1)
    app = opened("queue")
    app.button(key="trainer-pause").click().run()
    ((ident, _, _),) = Inbox(folder).pending()
    Inbox(folder).reject(ident, "Commands of version 0 are understood, but got 1.")
    said_now = said(app.run())
    assert "The trainer could not read this command: Commands of version 0 are understood, but got 1." in said_now
    assert "Sent" not in said_now


def refusing(*_, **__):
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def test_a_command_that_cannot_be_written_is_said_and_the_page_goes_on(home, monkeypatch):
    write_catalogue(home, waiting=1)
    app = opened("queue")
    monkeypatch.setattr(Path, "write_bytes", refusing)
    app.button(key="trainer-pause").click().run()
    assert not app.exception
    assert app.sidebar.error[0].value.startswith("Not sent: The data folder ")
    assert "is on a read-only file system: its models can be viewed" in app.sidebar.error[0].value
    monkeypatch.undo()
    monkeypatch.setenv("REMAP_HOME", str(home))
    app.button(key="trainer-pause").click().run()
    assert not app.sidebar.error


def test_a_trainer_that_cannot_start_is_said_and_the_pages_go_on(home, monkeypatch):
    folder = write_catalogue(home)
    folder.trainer_output.mkdir()
    monkeypatch.setenv("REMAP_AUTOSTART", "true")
    app = opened("overview")
    assert "The trainer cannot start: The data folder" in app.sidebar.error[0].value
    assert "6 models" in said(app)


def test_a_trainer_that_ended_with_an_error_is_quoted(home, monkeypatch):
    write_catalogue(home)
    monkeypatch.setenv("REMAP_AUTOSTART", "true")
    monkeypatch.setattr(trainer_progress, "start_trainer", lambda _, folder: ended(folder))
    assert "The last trainer stopped: nowhere.npz cannot be read." in opened("overview").sidebar.error[0].value


def ended(folder):
    folder.trainer_output.write_text("A trace\nError: nowhere.npz cannot be read.\n")
    return ended_process("raise SystemExit(1)")


def ended_process(code):
    started = time.time()
    process = subprocess.Popen([sys.executable, "-c", code])
    process.wait()
    return StartedTrainer(process, started)


def test_a_trainer_that_was_killed_is_not_explained_by_what_it_printed_when_it_started(home, monkeypatch):
    folder = write_catalogue(home)
    folder.trainer_output.write_text("/torch/cuda.py:12: UserWarning: no GPU\n")
    monkeypatch.setenv("REMAP_AUTOSTART", "true")
    monkeypatch.setattr(
        trainer_progress, "start_trainer", lambda *_: ended_process("import os; os.kill(os.getpid(), 9)")
    )
    (error,) = opened("queue").sidebar.error
    assert error.value == "The last trainer stopped: killed by SIGKILL."


def test_two_presses_start_one_trainer(home, monkeypatch):
    write_catalogue(home)
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = []
    monkeypatch.setattr(
        trainer_progress, "start_trainer", lambda *_: started.append(1) or StartedTrainer(process, time.time())
    )
    windows = opened("queue"), opened("queue")
    windows[0].button(key="queue-start-trainer").click().run()
    windows[1].button(key="start-trainer").click().run()
    process.communicate(b"\n")
    assert len(started) == 1


def test_without_a_trainer_the_queue_says_so_and_that_nothing_runs(home):
    folder = write_catalogue(home, waiting=2)
    with closing(CatalogueStore.open(folder)) as store:
        store.claim(200.0)
        store.record_epoch(7, epoch(1))
        Publisher(store, folder).publish()
    app = opened("queue")
    assert "0 running, 2 waiting" in said(app)
    assert "Interrupted: 1" in said(app)
    assert "#7 · continues after epoch 1 of 2" in said(app)
    assert "left" not in said(app)
    trainer_says(home)
    words = said(opened("queue"))
    assert "1 running, 1 waiting" in words
    assert "#7 · epoch 1 of 2" in words


def test_a_paused_queue_says_so_and_can_be_resumed_there(home):
    folder = write_catalogue(home)
    changed(home, lambda store: store.set_paused(True))
    app = opened("queue")
    assert "The queue is paused" in said(app)
    app.button(key="queue-resume").click().run()
    assert [command for _, command, _ in Inbox(folder).pending()] == [Resume()]


def test_an_answer_is_said_once_on_any_page_and_stays_in_the_log(home):
    folder = write_catalogue(home, waiting=1)
    app = opened("queue")
    app.button(key="cancel-7").click().run()
    assert "Sent. Waiting for a trainer." in said(app)
    ((ident, _, _),) = Inbox(folder).pending()
    changed(home, lambda store: store.apply_once(ident, "cancel", 200.0, lambda: "Model 7 cancelled."))
    app.switch_page("pages/overview.py").run()
    assert [toast.value for toast in app.toast] == ["Model 7 cancelled."]
    app.switch_page("pages/queue.py").run()
    assert not app.toast
    assert "Sent" not in said(app)
    (log,) = (found.value for found in app.dataframe if "Answer" in found.value)
    assert log.to_dict("records") == [
        {"Time": "1970-01-01 00:03:20", "Request": "Cancel", "Outcome": "applied", "Answer": "Model 7 cancelled."}
    ]


def test_selected_rows_of_the_queue_are_inspected_and_put_into_the_drawer(home):
    write_catalogue(home)
    app = opened("queue")
    assert app.button(key="queue-add-to-drawer").disabled
    app.session_state[app.dataframe[0].key] = {"selection": {"rows": [0, 2]}}
    app.run()
    models = app.dataframe[0].value["Model"].tolist()
    assert app.button(key="queue-inspect").disabled, "two of them"
    app.button(key="queue-add-to-drawer").click().run()
    assert app.session_state[SESSION].drawer == [models[0], models[2]]
    app.session_state[app.dataframe[0].key] = {"selection": {"rows": [1]}}
    app.run()
    app.button(key="queue-generate").click().run()
    assert app.session_state[SESSION].selected == models[1]
    assert not app.exception


def test_the_app_imports_no_torch():
    code = (
        "import sys; import remap_core.ui.frame, remap_core.ui.tables, remap_core.ui.events.chart_events; "
        "import remap_core.ui.data.source_panel, remap_core.ui.data.add_panel, remap_core.ui.data.choices_panel; "
        "import remap_core.services.proposals, remap_core.services.reports, remap_core.services.model_files; "
        "import remap_core.drawing.charts.overview_figure, remap_core.drawing.charts.confusion; "
        "assert not {'torch', 'torchvision', 'sklearn', 'streamlit_plotly_events'} & set(sys.modules), 'too heavy'"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize("page", [*PAGES, "data"])
def test_a_run_of_a_page_makes_no_folder_and_asks_few_times_which_snapshot_is_the_newest(home, page, monkeypatch):
    """Each look at the disk gives the interpreter to another visitor's run: they once were sixty."""
    write_catalogue(home)
    app = opened(page, drawer=[1, 2], selected=1)
    asked = []
    monkeypatch.setattr(app_data, "current_number", lambda folder: asked.append(folder) or current_number(folder))
    app.run()
    assert not app.exception
    assert 1 <= len(asked) <= 8
    assert len({id(folder) for folder in asked}) == 1
