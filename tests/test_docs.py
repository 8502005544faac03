"""The README against the code."""

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
from remap_core.settings import Settings
from remap_core.space.architecture import Architecture
from remap_core.space.text import parse_layers
from remap_core.ui.server.app_endpoint import AppFigures

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_stands_in_the_readmes_table():
    assert re.findall(r"^\| `remap (\w+)", README, re.MULTILINE) == list(typer.main.get_command(app).commands)


def test_every_setting_stands_in_the_readmes_table_with_its_default_and_meaning():
    rows = re.findall(r"^\| `REMAP_(\w+)` \| `([^`]*)` \| (.*) \|$", README, re.MULTILINE)
    defaults = Settings()
    assert rows == [
        (name.upper(), str(getattr(defaults, name)), field.description) for name, field in Settings.model_fields.items()
    ]


def test_every_room_stands_in_the_readmes_tree():
    rooms = {path.name for path in (ROOT / "remap_core").iterdir() if path.is_dir() and path.name[0] != "_"}
    assert rooms <= set(re.findall(r"(\w+)/", README))


def test_the_readmes_architecture_is_one_and_its_words_parse_to_it():
    form = re.search(r"```json\n(.*?)```", README, re.DOTALL)
    words = re.search(r"parses back: `(.*?)`", README, re.DOTALL)
    assert parse_layers(words[1]) == Architecture.from_json(json.loads(form[1])).layers


def test_pictures_are_there():
    assert [name for name in re.findall(r"!\[.*?\]\((.*?)\)", README) if not (ROOT / name).is_file()] == []


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
