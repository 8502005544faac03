"""The gallery of SNACs against the code: its pictures are what its commands draw."""

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from remap_core.cli.typer_app import app
from remap_core.space.architecture import Architecture
from remap_core.space.layers import KINDS
from remap_core.space.text import parse_layers

DOCS = Path(__file__).parents[1] / "docs"
GALLERY = (DOCS / "snac.md").read_text(encoding="utf-8")
COMMANDS = [shlex.split(line) for line in re.findall(r"^remap (snac .*)$", GALLERY, re.MULTILINE)]
KINDS_SHOWN = Architecture.from_json(json.loads((DOCS / "snac" / "kinds.json").read_text()))


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: Path(words[3]).stem)
def test_every_picture_is_what_its_command_draws(words, tmp_path, monkeypatch):
    monkeypatch.chdir(DOCS.parent)
    drawn = tmp_path / "drawn.svg"
    result = CliRunner().invoke(app, [*words[:3], str(drawn), *words[4:]])
    assert result.exit_code == 0
    assert drawn.read_text() == Path(words[3]).read_text(), "docs/snac.md says how to redraw all pictures"


def test_every_picture_is_shown_once():
    shown = [f"docs/{name}" for name in re.findall(r"!\[.+\]\((.*)\)", GALLERY)]
    assert shown == [words[3] for words in COMMANDS]
    assert {Path(name).name for name in shown} == {path.name for path in DOCS.glob("snac/*.svg")}


def test_every_kind_of_layer_is_shown():
    assert {layer.kind for layer in KINDS_SHOWN.layers} == set(KINDS)


def test_the_words_are_those_of_the_picture():
    words = re.search(r"```\n(.*)\n```\n$", GALLERY)[1]
    assert parse_layers(words) == KINDS_SHOWN.layers


def test_the_pictures_are_small():
    assert sum(path.stat().st_size for path in DOCS.glob("snac/*")) < 200_000
