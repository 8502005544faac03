"""docs/deploy.md does what it says: its commands from photos to a file, and its ten lines of Python."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from photo_models import PhotoModel
from photographs import HUES, in_colour

from remap_core.catalogue.snapshot import current_number, open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.trials.trial import TrialState

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
(PYTHON,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return PhotoModel(tmp_path_factory.mktemp("home"))


def test_the_ten_lines_are_ten_and_answer_as_the_app_did(trained, tmp_path, monkeypatch, capsys):
    assert len([line for line in PYTHON.splitlines() if line]) == 10
    trained.model.export(tmp_path / "trees.onnx.zip")
    shutil.unpack_archive(tmp_path / "trees.onnx.zip", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert {name for _, name in trained.validated} == set(HUES)
    for file, predicted in trained.validated:
        shutil.copy(file, "photo.jpg")
        exec(PYTHON, {})  # noqa: S102 (our own page)
        shares = dict(line.rsplit(" ", 1) for line in capsys.readouterr().out.splitlines())
        assert next(iter(shares)) == predicted
        expected = dict(zip(HUES, trained.model.predict("photo.jpg").probabilities[0], strict=True))
        assert {name: float(share[:-1]) / 100 for name, share in shares.items()} == pytest.approx(expected, abs=6e-4)
    del sys.modules["classify"]


def test_the_commands_lead_from_a_folder_of_photos_to_a_file(tmp_path):
    in_colour(tmp_path / "photos")
    shutil.copy(tmp_path / "photos" / "grass" / "2.jpg", tmp_path / "photo.jpg")
    prepare, export, *_ = COMMANDS
    *before, trainer = prepare.splitlines()
    terminal = Terminal(tmp_path)
    for line in before:
        terminal.run(line)
    terminal.train_until_complete(trainer)
    assert "Best:    Model 1 on trees" in terminal.run("remap status || true")  # 3: no trainer is running
    said = terminal.run(export)
    assert re.search(r"^photo\.jpg: .+ \(\d+\.\d%\)$", said, re.MULTILINE)
    listed = re.findall(r"^\| `([\w.]+)` \|", PAGE, re.MULTILINE)
    assert all((tmp_path / "trees" / name).is_file() for name in listed)


class Terminal:
    """A shell in a folder with photos; one small model is trained."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        few = {"REMAP_POPULATION": "1", "REMAP_EPOCHS": "1", "REMAP_DEVICE": "cpu"}
        self.environment = os.environ | few | {"PATH": path, "REMAP_HOME": str(folder / "home")}

    def run(self, commands: str) -> str:
        command = ["bash", "-ec", commands]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def train_until_complete(self, command: str) -> None:
        """Run the trainer, and press Ctrl-C when the model is complete."""
        words = ["bash", "-c", command.partition("#")[0]]
        trainer = subprocess.Popen(words, cwd=self.folder, env=self.environment, start_new_session=True)
        try:
            while not self._is_complete():
                assert trainer.poll() is None, "the trainer ended"
                time.sleep(0.2)
        finally:
            os.killpg(trainer.pid, signal.SIGINT)
            trainer.wait(60)

    def _is_complete(self) -> bool:
        folder = DataFolder(self.folder / "home")
        return current_number(folder) is not None and open_snapshot(folder).counts()[TrialState.COMPLETE] > 0
