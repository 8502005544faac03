import subprocess
import sys

from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import TrainerStatus, write_trainer
from remap_core.services import trainer_process
from remap_core.services.trainer_process import StartedTrainer, last_words, start_trainer, why_ended
from remap_core.settings import Settings


def test_the_last_words_of_a_trainer_are_the_sentence_that_it_ended_with(tmp_path):
    folder = DataFolder(tmp_path)
    assert last_words(folder) == ""
    folder.trainer_output.write_text("")
    assert last_words(folder) == ""
    folder.trainer_output.write_bytes(b"\xff" * 5000 + b"\nTraceback\nError: The disk is gone.\n")
    assert last_words(folder) == "The disk is gone."


def ended(code: str) -> StartedTrainer:
    process = subprocess.Popen([sys.executable, "-c", code])
    process.wait()
    return StartedTrainer(process, started=100.0)


def test_why_a_trainer_ended_is_its_signal_its_last_words_or_its_exit_code(tmp_path):
    folder = DataFolder(tmp_path)
    assert why_ended(ended("raise SystemExit(3)"), folder) == "exit code 3."
    folder.trainer_output.write_text("Error: The disk is gone.\n")
    assert why_ended(ended("raise SystemExit(3)"), folder) == "The disk is gone."
    assert why_ended(ended("import os; os.kill(os.getpid(), 9)"), folder) == "killed by SIGKILL."
    assert why_ended(ended(""), folder) == "", "as it was asked to"


def test_a_trainer_that_was_not_let_in_does_not_explain_why_another_ended(tmp_path):
    folder = DataFolder(tmp_path)
    folder.trainer_output.write_text("Error: Another trainer works in this folder.\n")
    refused = ended("raise SystemExit(1)")
    write_trainer(folder, TrainerStatus(refused.process.pid + 1, 50.0, 99.0, "1", "cpu", 1))
    assert why_ended(refused, folder), "the other one ended before"
    write_trainer(folder, TrainerStatus(refused.process.pid + 1, 50.0, 101.0, "1", "cpu", 1))
    assert why_ended(refused, folder) == ""


def test_what_trainers_print_does_not_grow_without_end(tmp_path, monkeypatch):
    folder = DataFolder(tmp_path)
    monkeypatch.setattr(trainer_process, "MAX_OUTPUT_BYTES", 10)
    monkeypatch.setattr(trainer_process.subprocess, "Popen", lambda *_, stdout, **__: stdout.write(b"eight...\n"))
    for _ in range(5):
        start_trainer(Settings(home=tmp_path), folder)
    sizes = {path.name: path.stat().st_size for path in tmp_path.glob("trainer.out*")}
    assert sizes == {"trainer.out": 9, "trainer.out.1": 18}
