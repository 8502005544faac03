"""`remap audit`."""

import csv

import pytest
from catalogues import changed, write_catalogue
from typer.testing import CliRunner

from remap_core.cli.typer_app import app

ADA, BOB = "ada@example.org", "bob@example.org"


@pytest.fixture
def audit(tmp_path, monkeypatch):
    home = tmp_path / "home"
    write_catalogue(home)

    def record(store):
        store.apply_once("1", "pause", 200.0, lambda: "=1+1", ADA)
        store.apply_once("2", "resume", 201.0, lambda: "Resumed.\x1b[31m", BOB)

    changed(home, record)
    monkeypatch.setenv("REMAP_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *words: CliRunner().invoke(app, ["audit", *words])


def test_who_asked_for_what_is_shown_newest_first_without_what_a_terminal_obeys(audit):
    output = audit().output
    assert output.index("1970-01-01 00:03:21") < output.index("1970-01-01 00:03:20")
    assert output.index(BOB) < output.index("resume") < output.index("applied") < output.index("Resumed. [31m")
    assert "\x1b" not in output


def test_one_persons_requests_are_written_to_a_file(audit, tmp_path):
    out = tmp_path / "audit.csv"
    assert audit("--csv", str(out), "--person", ADA).output == f"Wrote 1 request to {out}.\n"
    _, row = csv.reader(out.read_text().splitlines())
    assert row == ["1", "1970-01-01T00:03:20.000+00:00", ADA, "pause", "applied", "'=1+1"]


def test_of_many_requests_the_last_fifty_are_shown_and_the_others_counted(audit, tmp_path):
    def record(store):
        for number in range(60):
            store.apply_once(f"m{number}", "pause", 300.0 + number, lambda: "Paused.", ADA)

    changed(tmp_path / "home", record)
    output = audit("--person", ADA).output
    assert output.count("Paused.") == 50
    assert "The last 50 of 61; --csv FILE writes all." in output
