"""The trainer's log."""

import json
import logging

import pytest

from remap_core.data_folder.folder import DataFolder
from remap_core.errors import FolderUnusable
from remap_core.services import trainer_log as log_module
from remap_core.services.trainer_log import log_to_terminal, logged

log = logging.getLogger("a trainer")


@pytest.fixture
def folder(tmp_path):
    return DataFolder(tmp_path / "home")


@pytest.fixture(autouse=True)
def _quiet_after():
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)


def lines(folder):
    return [json.loads(line) for line in folder.trainer_log.read_text().splitlines()]


def test_every_line_is_one_object_with_time_level_and_message(folder):
    with logged(folder):
        log.info("%s complete: %s", "Model 7", "91.5 %", extra={"model": 7})
        log.warning("two\nlines")
    first, second = lines(folder)
    assert first["time"].endswith("+00:00")
    assert {name: first[name] for name in first if name != "time"} == {
        "level": "info",
        "logger": "a trainer",
        "message": "Model 7 complete: 91.5 %",
        "model": 7,
    }
    assert second["message"] == "two\nlines"


@pytest.mark.parametrize(
    ("extra", "fields"),
    [
        ({"model": 7}, {"model": 7}),
        ({"command": "9"}, {"command": "9"}),
        ({"dataset": "digits"}, {"dataset": "digits"}),
        ({"model": 7, "dataset": "digits"}, {"model": 7, "dataset": "digits"}),
        ({"password": "secret"}, {}),
        (None, {}),
    ],
)
def test_what_a_line_is_about_is_a_field(folder, extra, fields):
    with logged(folder):
        log.info("100 %% of %(what)s", {"what": "it"}, extra=extra)
    (line,) = lines(folder)
    assert line["message"] == "100 % of it"
    assert {name: line[name] for name in line if name not in ("time", "level", "logger", "message")} == fields


def test_the_error_that_ends_the_trainer_is_the_last_line(folder):
    with pytest.raises(FolderUnusable), logged(folder):
        raise FolderUnusable("The disk is gone.")
    (line,) = lines(folder)
    assert (line["level"], line["message"]) == ("critical", "trainer stopped: The disk is gone.")
    assert "FolderUnusable" in line["error"]


def test_the_log_is_rotated_by_size_and_old_files_are_deleted(folder, monkeypatch):
    monkeypatch.setattr(log_module, "MAX_BYTES", 1000)
    with logged(folder):
        for number in range(100):
            log.info("Model %d started", number, extra={"model": number})
    names = sorted(path.name for path in folder.home.glob("trainer.log*"))
    assert names == ["trainer.log", "trainer.log.1", "trainer.log.2", "trainer.log.3"]
    assert all(path.stat().st_size <= 1000 for path in folder.home.glob("trainer.log*"))
    assert lines(folder)[-1]["model"] == 99


def test_a_line_that_cannot_be_written_is_lost_silently(folder, monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device")

    with logged(folder):
        monkeypatch.setattr(logging.getLogger().handlers[-1].stream, "write", full, raising=False)
        log.info("lost")
    assert capsys.readouterr().err == ""


def test_a_log_that_cannot_be_opened_is_one_sentence(folder):
    folder.trainer_log.mkdir()
    with pytest.raises(FolderUnusable, match="cannot be used: Is a directory"), logged(folder):
        pass


def test_the_terminal_gets_lines_for_people_and_the_end_only_once(monkeypatch, capsys):
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    log_to_terminal()
    log.info("%s started", "Model 7")
    log.critical("said by the command itself")
    said = capsys.readouterr().err
    assert said.endswith("INFO Model 7 started\n")
    assert said.count("\n") == 1
