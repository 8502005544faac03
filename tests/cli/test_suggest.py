"""`remap suggest`, as it is typed."""

import json

import pytest
from catalogues import write_catalogue, write_learnt

from remap_core.cli import main
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.space.text import parse_layers


@pytest.fixture
def remap(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMAP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("REMAP_EPOCHS", "2")

    def run(*words):
        monkeypatch.setattr("sys.argv", ["remap", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        written = capsys.readouterr()
        return ended.value.code or 0, written.out, written.err

    return run


def sent(tmp_path):
    """The commands in the inbox."""
    return [command for _, command, _ in Inbox(DataFolder(tmp_path / "home")).pending()]


def test_the_json_is_a_list_of_objects(remap, tmp_path):
    write_learnt(tmp_path / "home")
    code, out, err = remap("suggest", "-n", 4, "--json")
    found = json.loads(out)
    assert (code, err, len(found)) == (0, "", 4)
    for one in found:
        assert set(one) == {
            *("layers", "parent", "edit", "accuracy", "low", "high", "parameters", "seconds", "chance", "reason")
        }
        assert parse_layers(one["layers"])
        assert (one["parent"] is None) == (one["edit"] is None)
        assert 0 <= one["low"] <= one["accuracy"] <= one["high"] <= 1
        assert 0 <= one["chance"] <= 1


def test_the_text_says_what_is_expected_and_why(remap, tmp_path):
    write_learnt(tmp_path / "home")
    code, out, _ = remap("suggest", "-n", 2)
    assert code == 0
    assert [line[:2] for line in out.splitlines() if line[0] != " "] == ["1.", "2."]
    assert "chance to move the front" in out
    assert out.count("A new sample of") + out.count("parameters fewer") + out.count("parameters more") >= 2


def test_train_queues_what_is_suggested_as_the_machines(remap, tmp_path):
    write_learnt(tmp_path / "home")
    code, out, err = remap("suggest", "-n", 3, "--max-parameters", 4_000, "--train", "--json")
    assert code == 0
    assert "Sent 3 suggestions for digits as command" in err
    (command,) = sent(tmp_path)
    assert [proposal.suggested for proposal in command.proposals] == [True] * 3
    assert max(proposal.architecture.parameters for proposal in command.proposals) <= 4_000
    assert (4_000, "the objective's cap") in [(cap.limit, cap.source) for cap in command.caps]
    assert [one["parameters"] for one in json.loads(out)] == [
        proposal.architecture.parameters for proposal in command.proposals
    ]


def test_without_models_variety_is_suggested_and_said(remap):
    code, out, _ = remap("suggest", "-n", 1)
    assert code == 0
    assert "Suggested for variety: 0 of the 5 models that a prediction needs are finished." in out


def test_a_cap_below_the_smallest_network_is_one_sentence(remap, tmp_path):
    write_catalogue(tmp_path / "home")
    code, out, err = remap("suggest", "--max-parameters", 12)
    assert (code, out) == (1, "")
    assert err.startswith("Error: There is no new model to suggest")
    assert "12 parameters (the objective's cap)" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("words", [("-n", 0), ("--max-parameters", 0), ("--explore", 2), ("--step", 6)])
def test_options_out_of_range_are_wrong_usage(remap, words):
    assert remap("suggest", *words)[0] == 2


def test_a_target_is_kept_to_or_refused_with_the_known_ones(remap, tmp_path):
    write_learnt(tmp_path / "home")
    assert remap("suggest", "-n", 1, "--target", "esp32-s3")[0] == 0
    code, _, err = remap("suggest", "--target", "toaster")
    assert code == 1
    assert "one of arduino-nano-33-ble, esp32-s3, raspberry-pi-pico, browser, or RAM/flash in KB" in err
    assert err.endswith("but got 'toaster'.\n")
    assert remap("suggest", "-n", 1, "--target", "128/512")[0] == 0
