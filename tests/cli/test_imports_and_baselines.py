"""`remap import` and `remap baselines`: what they print, send and refuse."""

import json

import pytest
from catalogues import CARD, write_catalogue
from typer.testing import CliRunner

from remap_core.cli.typer_app import app
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.errors import InvalidArchitecture, NotFound
from remap_core.space.architecture import Architecture
from remap_core.space.text import layers_text, parse_layers


@pytest.fixture
def folder(tmp_path, monkeypatch) -> DataFolder:
    monkeypatch.setenv("REMAP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("REMAP_DATASET", "digits")
    return write_catalogue(tmp_path / "home")


def run(*arguments: object):
    result = CliRunner().invoke(app, [*map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def proposals(folder: DataFolder):
    return [proposal for _, command, _ in Inbox(folder).pending() for proposal in command.proposals]


def test_a_file_is_shown_without_a_data_folder(tmp_path):
    file = tmp_path / "net.json"
    file.write_text(json.dumps(Architecture((1, 8, 8), 10, parse_layers("Dense 16, ReLU")).to_json()))
    assert "Dense 16" in run("import", file).stdout
    assert json.loads(run("import", file, "--json").stdout)["layers"][0] == {"kind": "dense", "units": 16}


def test_words_are_queued_for_the_data_set(folder, tmp_path):
    file = tmp_path / "net.txt"
    file.write_text("Conv 4x3\nReLU\n")
    assert "Sent net.txt for digits" in run("import", file, "--train").stdout
    (proposal,) = proposals(folder)
    assert layers_text(proposal.architecture.layers) == "Conv 4x3, ReLU"
    assert proposal.batch.startswith("import net.txt, ")


def test_a_file_for_other_images_is_refused_before_anything_is_sent(folder, tmp_path):
    file = tmp_path / "net.json"
    file.write_text(json.dumps(Architecture((3, 32, 32), 10, ()).to_json()))
    with pytest.raises(InvalidArchitecture, match=r"takes images of 3 x 32 x 32, but digits has 1 x 8 x 8"):
        run("import", file, "--train")
    assert proposals(folder) == []


def test_baselines_are_listed_with_the_reasons_of_those_that_do_not_fit(folder):
    printed = run("baselines").stdout
    assert "ResNet-20: 272,202 parameters" in printed
    assert "LeNet-5 does not fit images of 1 x 8 x 8" in printed
    forms = json.loads(run("baselines", "--json").stdout)
    assert [form["name"] for form in forms if not form["problem"]] == ["ResNet-20"]


def test_a_baseline_is_queued_by_its_name(folder):
    run("baselines", "--train", "resnet-20")
    (proposal,) = proposals(folder)
    assert (proposal.dataset, proposal.architecture.input_shape) == ("digits", CARD.input_shape)
    assert proposal.batch.startswith("baseline ResNet-20, ")


@pytest.mark.parametrize(
    ("name", "error", "sentence"),
    [("VGG", NotFound, "There is no baseline 'VGG'"), ("LeNet-5", InvalidArchitecture, "LeNet-5 does not fit")],
)
def test_a_baseline_that_is_none_or_does_not_fit_is_said(folder, name, error, sentence):
    with pytest.raises(error, match=sentence):
        run("baselines", "--train", name)
    assert proposals(folder) == []
