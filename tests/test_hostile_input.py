"""What nobody should be able to do, from whichever side; SECURITY.md has all of it."""

import ast
import json
import os
import re
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from catalogues import CARD, write_catalogue
from trainings import train_well

from remap_core.catalogue.snapshot import Publisher, open_snapshot
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.inbox import Inbox
from remap_core.trainer.executors.inline import InlineExecutor
from remap_core.trainer.worker import Worker
from remap_core.trials.commands import COMMANDS, command_to_json

ROOT = Path(__file__).parents[1]
SOURCES = [ROOT / "app.py", *(ROOT / "pages").glob("*.py"), *(ROOT / "remap_core").rglob("*.py")]
SQL = "'; DROP TABLE trials; --"


def answered(folder, forms):
    """The answers of a trainer to commands as somebody wrote them into the inbox, and what was put aside."""
    for number, form in enumerate(forms):
        (folder.inbox / f"{number:04}.json").write_text(json.dumps(form))
    with closing(CatalogueStore.open(folder)) as store:
        worker = Worker(store, Inbox(folder), InlineExecutor(train_well), lambda name: CARD)
        worker._start_trainings = lambda now: None
        worker.tick(200.0)
        Publisher(store, folder).publish()
    return open_snapshot(folder).receipts(100)


def with_text(form, text):
    """The form once for each of its texts, with that one replaced."""
    for key, value in form.items():
        if isinstance(value, str) and key != "kind":
            yield {**form, key: text}
        elif isinstance(value, dict):
            yield from ({**form, key: changed} for changed in with_text(value, text))
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield from ({**form, key: [changed, *value[1:]]} for changed in with_text(value[0], text))
        elif isinstance(value, list) and value and isinstance(value[0], str):
            yield {**form, key: [text]}


def every_command(folder):
    """One of each kind, as JSON."""
    proposal = open_snapshot(folder).trial(6).proposal
    arguments = {
        "enqueue": {"proposals": [_form(proposal)], "caps": [{"cost": "parameters", "limit": 1e6, "source": "x"}]},
        "cancel_batch": {"batch": "ablations of 1"},
        "annotate": {"trial": 1, "note": "a note", "tags": ["a tag"]},
        "move": {"trial": 7, "place": "top"},
        "relay_map": {"dataset": "digits", "relation": "structure"},
        "remove_dataset": {"dataset": "leaves"},
    }
    for kind in COMMANDS:
        yield {"version": 1, "kind": kind, **arguments.get(kind, {"trial": 1})}


def _form(proposal):
    return command_to_json(COMMANDS["enqueue"]((proposal,)))["proposals"][0]


def test_sql_in_any_text_of_a_command_is_a_text(tmp_path):
    folder = write_catalogue(tmp_path / "home", waiting=1)
    forms = [changed for form in every_command(folder) for changed in with_text(form, SQL)]
    assert len(forms) >= 12
    receipts = answered(folder, forms)
    assert len(receipts) + len(list(folder.rejected_commands.glob("*.json"))) == len(forms)
    catalogue = open_snapshot(folder)
    assert len(catalogue.trials(list(range(1, 8)))) == 7
    assert catalogue.annotations([1])[1].tags == (SQL,)


@pytest.mark.parametrize("number", [-1, 0, 2**63, 10**30, 1.5, "7; DROP TABLE trials", None, True])
def test_any_number_in_a_command_is_answered_or_put_aside(tmp_path, number):
    folder = write_catalogue(tmp_path / "home", waiting=1)
    forms = [{**form, "trial": number} for form in every_command(folder) if "trial" in form]
    (enqueue,) = (form for form in every_command(folder) if form["kind"] == "enqueue")
    enqueue["proposals"][0]["parent"] = number
    receipts = answered(folder, [*forms, enqueue])
    assert len(receipts) + len(list(folder.rejected_commands.glob("*.json"))) == len(forms) + 1


UNPICKLERS = {
    "pickle.load", "pickle.loads", "pickle.Unpickler", "torch.load", "joblib.load", "pd.read_pickle", "shelve.open",
    "marshal.loads", "dill.load", "dill.loads", "cloudpickle.load", "cloudpickle.loads", "yaml.load", "eval", "exec",
}  # fmt: skip


def called(path):
    """Every call in a file: its name as written, and its keywords."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), {word.arg: ast.unparse(word.value) for word in node.keywords}


def test_no_line_of_the_source_loads_a_pickle():
    for path in SOURCES:
        for name, words in called(path):
            assert name not in UNPICKLERS, f"{path} calls {name}."
            if name in ("np.load", "np.lib.format.read_array"):
                assert words.get("allow_pickle") == "False", f"{path} calls {name} without allow_pickle=False."


def test_nothing_in_the_app_goes_to_an_address_that_a_visitor_named():
    """A page is left by Streamlit's own navigation, to a page of ours; scripts of ours set no address."""
    for path in SOURCES:
        for name, _ in called(path):
            assert name not in ("st.link_button", "webbrowser.open"), f"{path} calls {name}."
            assert not name.endswith("RedirectResponse"), f"{path} calls {name}."
    for script in (ROOT / "remap_core").rglob("*.js"):
        code = script.read_text(encoding="utf-8")
        assert not re.search(r"location\s*(\.href)?\s*=[^=]|location\.(assign|replace)\(|window\.open\(", code), script


def test_no_value_of_the_environment_gets_into_a_log(tmp_path):
    """Settings that are misspelt or wrong are named; what else is in the environment may be a secret."""
    secret = "hunter2-is-a-secret"  # noqa: S105 (not one)
    environment = os.environ | {
        "REMAP_HOME": str(tmp_path / "home"),
        "REMAP_POPULATION": "0",
        "REMAP_SINGING_KEY": secret,
        "STREAMLIT_SERVER_COOKIE_SECRET": secret,
        "AWS_SECRET_ACCESS_KEY": secret,
    }
    said = b""
    for words in (["config"], ["config", "--json"], ["doctor", "--json"], ["status"], ["trainer"]):
        command = [sys.executable, "-m", "remap_core.cli", *words]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            if words == ["trainer"]:
                _wait_for_heartbeat(tmp_path / "home" / "trainer.json")
                process.terminate()
            said += process.communicate(timeout=120)[0]
    assert b"REMAP_SINGING_KEY" in said
    written = [path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file()]
    for text in (said, *written):
        assert secret.encode() not in text


def _wait_for_heartbeat(path):
    for _ in range(600):
        if path.exists() and json.loads(path.read_bytes())["workers"]:
            return
        time.sleep(0.1)
    pytest.fail("The trainer did not start.")


PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def test_every_claim_of_the_security_page_names_a_test_or_a_file_that_is_there():
    claims = re.findall(r"`((?:tests|docs)/[^`:]+)(?:::(\w+))?`", PAGE)
    assert len(claims) > 20
    for file, test in claims:
        assert (ROOT / file).is_file(), file
        if test:
            assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), test
