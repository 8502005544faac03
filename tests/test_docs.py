"""README and docs against the code."""

import json
import re
from pathlib import Path

import typer.main
from catalogues import write_catalogue
from prometheus_client import CollectorRegistry

from remap_core.cli.typer_app import app
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import TrainerStatus, write_trainer
from remap_core.datasets.readers.published_sets.sources import PUBLISHED_SOURCES
from remap_core.services.monitoring.trainer_figures import Figures
from remap_core.setting_sources import DEMO
from remap_core.settings import Settings
from remap_core.space.architecture import Architecture
from remap_core.space.text import parse_layers
from remap_core.ui.server.app_endpoint import AppFigures

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_reference_pages_are_what_the_code_says(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    import make_reference  # noqa: PLC0415 (a script beside the pages)

    written = {page: write() for page, write in make_reference.PAGES.items()}
    stale = [page for page, text in written.items() if (ROOT / "docs" / page).read_text(encoding="utf-8") != text]
    assert stale == [], "run docs/make_reference.py to write the pages again"


def test_every_command_and_every_setting_has_its_row():
    commands = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    settings = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| \[`remap (\w+)`\]", commands, re.MULTILINE) == list(typer.main.get_command(app).commands)
    table, _, demo = settings.partition("## The demo profile")
    assert re.findall(r"^\| `REMAP_(\w+)`", table, re.MULTILINE) == [name.upper() for name in Settings.model_fields]
    assert len(re.findall(r"^\| `REMAP_(\w+)`", demo, re.MULTILINE)) == len(DEMO)


def test_every_room_stands_in_the_developers_tree():
    page = (ROOT / "docs" / "tutorials" / "developer.md").read_text(encoding="utf-8")
    rooms = {path.name for path in (ROOT / "remap_core").iterdir() if path.is_dir() and path.name[0] != "_"}
    assert rooms <= set(re.findall(r"(\w+)/", page))


def test_the_pages_architecture_is_one_and_its_words_parse_to_it():
    page = (ROOT / "docs" / "architectures.md").read_text(encoding="utf-8")
    form = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    words = re.search(r"parses back: `(.*?)`", page, re.DOTALL)
    assert parse_layers(words[1]) == Architecture.from_json(json.loads(form[1])).layers


def test_every_published_data_set_stands_in_its_pages_table():
    page = (ROOT / "docs" / "published-data-sets.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE) == list(PUBLISHED_SOURCES)
    assert "(docs/published-data-sets.md)" in README


PORTAL = sorted((ROOT / "docs" / "portal").iterdir())


def test_the_portals_page_is_linked_and_links_every_file_beside_it():
    page = (ROOT / "docs" / "portal.md").read_text(encoding="utf-8")
    assert "(docs/portal.md)" in README
    linked = set(re.findall(r"\(portal/([^\s)]+)\)", page))
    assert linked == {path.name for path in PORTAL if path.suffix != ".dockerignore"}


def test_what_the_portal_sets_and_runs_is_there():
    text = "\n".join(path.read_text(encoding="utf-8") for path in (*PORTAL, ROOT / "docs" / "portal.md"))
    assert {name.lower() for name in re.findall(r"REMAP_([A-Z_]+)", text)} <= set(Settings.model_fields)
    assert set(re.findall(r"(?:bin/|`|^|: |LY )remap ([a-z]+)", text, re.MULTILINE)) <= {
        *typer.main.get_command(app).commands
    }


def test_the_portals_metrics_are_those_of_trainer_and_app(tmp_path):
    page = (ROOT / "docs" / "portal.md").read_text(encoding="utf-8")
    write_trainer(write_catalogue(tmp_path), TrainerStatus(1, 0.0, 0.0, "0", "cpu", 1))
    registry = CollectorRegistry()
    registry.register(Figures(DataFolder(tmp_path)))
    given = {sample.name for family in registry.collect() for sample in family.samples} - {"remap_info"}
    app = AppFigures()
    for collector in (app.sessions, app.page_seconds, app.commands):
        given |= {f"{family.name}_total" if family.type == "counter" else family.name for family in collector.collect()}
    assert set(re.findall(r"^\| `(remap_\w+)", page, re.MULTILINE)) == given
