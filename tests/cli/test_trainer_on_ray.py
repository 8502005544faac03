"""`remap trainer --executor ray`: what keeps it from beginning, each in one sentence."""

import sys

import pytest
from typer.testing import CliRunner

from remap_core.cli.typer_app import app
from remap_core.errors import SettingsError


@pytest.fixture
def refusal(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMAP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("REMAP_POPULATION", "0")

    def begin(*options, **variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        ended = CliRunner().invoke(app, ["trainer", "--with-parent", "1", *options])
        assert isinstance(ended.exception, SettingsError)
        return str(ended.exception)

    return begin


def test_an_unknown_executor(refusal):
    assert refusal("--executor", "abacus") == (
        "executor = 'abacus' (from an option) is not valid: it must be 'local' or 'ray'."
    )


def test_a_malformed_address(refusal):
    assert refusal("--executor", "ray", "--address", "head:port") == (
        "ray_address = 'head:port' (from an option) is not valid: it must be auto or HOST:PORT."
    )


def test_ray_that_is_not_installed(refusal, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    said = "executor = 'ray' needs the extra `ray`: pip install 'remap-nas[ray]'."
    assert refusal("--executor", "ray") == said
    assert refusal(REMAP_EXECUTOR="ray") == said


def test_an_option_outweighs_the_variable(refusal):
    pytest.importorskip("ray", reason="needs Ray: pip install -e '.[ray]'")
    assert "ray_address = '127.0.0.1:1': Connection refused." in refusal(
        "--address", "127.0.0.1:1", REMAP_EXECUTOR="ray", REMAP_RAY_ADDRESS="auto"
    )


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"REMAP_DEVICE": "cuda"}, "device = 'cuda' needs ray_gpus, the part of a GPU that a training on Ray takes"),
        ({"REMAP_DEVICE": "cpu", "REMAP_RAY_GPUS": "0.5"}, "ray_gpus must be 0 with device = 'cpu', but got 0.5."),
    ],
)
def test_a_device_that_trainings_do_not_request(refusal, variables, sentence):
    assert sentence in refusal("--executor", "ray", **variables)
