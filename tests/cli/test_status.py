"""`remap status`: watched, and with memory."""

import json
import os
import pty
import signal
import subprocess
import sys

import pytest
from catalogues import write_catalogue
from typer.testing import CliRunner

from remap_core.cli.status_command import _watch
from remap_core.cli.typer_app import app
from remap_core.data_folder.folder import DataFolder


def watched_until(folder, looks: int, meanwhile=lambda: None) -> None:
    """Watch, and press Ctrl-C after so many looks."""
    seen = 0

    def wait(_seconds):
        nonlocal seen
        seen += 1
        meanwhile()
        if seen == looks:
            raise KeyboardInterrupt

    _watch(folder, wait)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    return DataFolder(tmp_path / "home")


def test_watching_updates_until_ctrl_c(folder, capsys):
    watched_until(
        folder, 2, meanwhile=lambda: write_catalogue(folder.home, waiting=1) if not folder.live.exists() else 0
    )
    said = capsys.readouterr().out
    assert "6 complete" in said
    assert "Ctrl-C ends" in said


def test_a_read_error_is_shown_and_watching_continues(folder, capsys):
    write_catalogue(folder.home)
    for snapshot in folder.snapshots.glob("*.duckdb"):
        snapshot.write_text("no catalogue")
    watched_until(folder, 2)
    assert "cannot be read" in capsys.readouterr().out


def test_in_a_terminal_ctrl_c_ends_it_cleanly(folder):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "remap_core.cli", "status", "--watch"]
    environment = os.environ | {"REMAP_HOME": str(folder.home)}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env=environment)
    os.close(theirs)
    said = b""
    while b"Ctrl-C ends" not in said:
        said += os.read(ours, 4096)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    os.close(ours)
    assert (process.returncode, err) == (0, b"")


def test_json_is_not_watched():
    ended = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["status", "--json", "--watch"])
    assert (ended.exit_code, "leave out --json or --watch" in ended.output) == (2, True)


def test_the_best_model_is_said_with_how_optimistic_its_accuracy_is(folder):
    write_catalogue(folder.home)
    runner = CliRunner(env={"COLUMNS": "200", "REMAP_HOME": str(folder.home)})
    text = runner.invoke(app, ["status"]).output
    assert "The validation accuracy of the best of 6 models is optimistic by less than 0.1 points" in text
    chosen = json.loads(runner.invoke(app, ["status", "--json"]).output)["best"]["digits"]["chosen"]
    assert (chosen["model"], chosen["models"]) == (6, 6)
    assert chosen["optimism"] == pytest.approx(0, abs=1e-6)  # it is right wherever another one is


def test_memory_is_listed_by_process_with_its_sum(folder):
    write_catalogue(folder.home)
    runner = CliRunner(env={"COLUMNS": "200", "REMAP_HOME": str(folder.home)})
    assert "memory" not in json.loads(runner.invoke(app, ["status", "--json"]).output)
    code = f"import time; file = open({str(folder.pointer)!r}); print('open', flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=-1) as reader:
        reader.stdout.readline()
        memory = json.loads(runner.invoke(app, ["status", "--memory", "--json"]).output)["memory"]
        text = runner.invoke(app, ["status", "--memory"]).output
        reader.kill()
    (process,) = memory["processes"]
    assert (process["process"], process["pid"], memory["message"]) == ("app", reader.pid, "")
    assert memory["megabytes"] == process["megabytes"] > 1
    assert f"MB  (pid {reader.pid})" in text
    assert "Memory:  app" in text
    assert "together" in text


def test_memory_can_be_watched(folder, capsys):
    write_catalogue(folder.home)
    _watch(folder, wait=interrupt, with_memory=True)
    assert "together" in capsys.readouterr().out


def interrupt(_seconds):
    raise KeyboardInterrupt
